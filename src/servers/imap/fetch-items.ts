import { decodeTransfer } from '../../message/index.ts'
import { type BlobHead, type MessageRow, threadId } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import type { Fetched } from './fetched.ts'
import { formatFlags } from './flags.ts'
import type { Output } from './output.ts'
import { type Cut, filterHeader, locate, partOf } from './sections.ts'

/** Writes one item of a FETCH response; a promise where octets are streamed. */
export type WriteItem = (message: Fetched, out: Output) => void | Promise<void>

const WHOLE: imap.Section = { part: [], text: null, fields: [] }
const HEADER: imap.Section = { part: [], text: 'HEADER', fields: [] }
const TEXT: imap.Section = { part: [], text: 'TEXT', fields: [] }

/** What an item reads of a message beside its row. */
export function reads(item: imap.FetchItem): { head: boolean; body: boolean } {
	switch (item.item) {
		case 'UID':
		case 'FLAGS':
		case 'INTERNALDATE':
		case 'SAVEDATE':
		case 'RFC822.SIZE':
		case 'MODSEQ':
		case 'THREADID':
			return { head: false, body: false }
		case 'ENVELOPE':
		case 'BODY':
		case 'BODYSTRUCTURE':
		case 'EMAILID':
		case 'PREVIEW':
			return { head: true, body: false }
		case 'RFC822':
			return { head: false, body: true }
		case 'BODY[]':
			return { head: !isWhole(item.section) && !isFieldsOfMessage(item.section), body: true }
		default:
			return { head: true, body: true }
	}
}

/** Items that set \Seen (RFC 9051 section 6.4.5): bodies that are not peeked at. */
export function marksSeen(item: imap.FetchItem): boolean {
	switch (item.item) {
		case 'BODY[]':
		case 'BINARY[]':
			return !item.peek
		case 'RFC822':
		case 'RFC822.TEXT':
			return true
		default:
			return false
	}
}

function isWhole({ part, text }: imap.Section): boolean {
	return part.length === 0 && text === null
}

function isFieldsOfMessage({ part, text }: imap.Section): boolean {
	return part.length === 0 && (text === 'HEADER.FIELDS' || text === 'HEADER.FIELDS.NOT')
}

/** What the row or the head of a message says: an item as text. */
export type ItemText = (message: { row: MessageRow; head: BlobHead }) => string

/** Null for what is made of octets. @param utf8 the client took UTF8=ACCEPT */
export function itemText(item: imap.FetchItem, utf8: boolean): ItemText | null {
	switch (item.item) {
		case 'UID':
			return ({ row }) => `UID ${row.uid}`
		case 'FLAGS':
			return ({ row }) => `FLAGS (${formatFlags(row.flags, row.keywords)})`
		case 'INTERNALDATE':
			return ({ row }) => `INTERNALDATE ${imap.formatDateTime(row.internalDate)}`
		case 'SAVEDATE':
			return ({ row }) => `SAVEDATE ${imap.formatDateTime(row.saveDate)}`
		case 'RFC822.SIZE':
			return ({ row }) => `RFC822.SIZE ${row.size}`
		case 'MODSEQ':
			return ({ row }) => `MODSEQ (${row.modseq})`
		case 'ENVELOPE':
			return ({ head }) => `ENVELOPE ${imap.formatEnvelope(head.envelope, utf8)}`
		case 'BODY':
			return ({ head }) => `BODY ${imap.formatStructure(head.structure, false, utf8)}`
		case 'BODYSTRUCTURE':
			return ({ head }) => `BODYSTRUCTURE ${imap.formatStructure(head.structure, true, utf8)}`
		case 'EMAILID':
			return ({ head }) => `EMAILID (M${head.hash})`
		case 'THREADID':
			return ({ row }) => `THREADID (${threadId(row.thread)})`
		case 'PREVIEW':
			return ({ head }) => `PREVIEW ${imap.formatString(head.preview, utf8)}`
		default:
			return null
	}
}

/** @param utf8 the client took UTF8=ACCEPT */
export function itemWriter(item: imap.FetchItem, utf8: boolean): WriteItem {
	const text = itemText(item, utf8)
	if (text) return (message, out) => out.text(text(message))
	switch (item.item) {
		case 'RFC822':
			return sectionWriter('RFC822', WHOLE, null)
		case 'RFC822.HEADER':
			return sectionWriter('RFC822.HEADER', HEADER, null)
		case 'RFC822.TEXT':
			return sectionWriter('RFC822.TEXT', TEXT, null)
		case 'BODY[]': {
			const origin = item.partial ? `<${item.partial.offset}>` : ''
			const name = `BODY[${imap.formatSection(item.section)}]${origin}`
			return item.section.text?.startsWith('HEADER.FIELDS')
				? fieldsWriter(name, item.section, item.partial)
				: sectionWriter(name, item.section, item.partial)
		}
		case 'BINARY[]':
		case 'BINARY.SIZE[]':
			return binaryWriter(item)
		default:
			throw new Error(`${item.item} is made of no octets`)
	}
}

function sectionWriter(name: string, section: imap.Section, partial: imap.Partial | null): WriteItem {
	return (message, out) => {
		const { row } = message
		// The whole of a message needs no look at its structure.
		const cut = isWhole(section)
			? { start: 0, end: row.size }
			: locate(message.head.structure, row.size, section)
		if (!cut) return out.text(`${name} NIL`)
		return cutWriter(name, narrowed(cut, partial), message, out)
	}
}

/** `<offset.length>`: what lies beyond the end is just not there. */
function narrowed({ start, end }: Cut, partial: imap.Partial | null): Cut {
	if (!partial) return { start, end }
	const from = Math.min(start + partial.offset, end)
	return { start: from, end: Math.min(from + partial.length, end) }
}

function cutWriter(name: string, cut: Cut, message: Fetched, out: Output): void | Promise<void> {
	out.text(`${name} {${cut.end - cut.start}}\r\n`)
	if (cut.end === cut.start) return
	if (message.large) return streamed(cut, message, out)
	out.octets(message.body.subarray(cut.start, cut.end))
}

async function streamed(cut: Cut, message: Fetched, out: Output): Promise<void> {
	let owed = cut.end - cut.start
	for await (const piece of message.stream(cut)) {
		out.octets(piece)
		owed -= piece.length
		if (out.full) await out.drained()
	}
	if (owed !== 0) throw new Error(`a body lacks ${owed} octets`)
}

function fieldsWriter(name: string, section: imap.Section, partial: imap.Partial | null): WriteItem {
	const fields = new Set(section.fields.map(field => field.toLowerCase()))
	const not = section.text === 'HEADER.FIELDS.NOT'
	const write = (header: Buffer, out: Output) => {
		const kept = filterHeader(header, fields, not)
		const { start, end } = narrowed({ start: 0, end: kept.length }, partial)
		out.text(`${name} {${end - start}}\r\n`)
		out.octets(kept.subarray(start, end))
	}
	const ofMessage = isFieldsOfMessage(section)
	return (message, out) => {
		// The filter stops at the blank line by itself: no look at the structure is needed.
		if (ofMessage && !message.large) return write(message.body, out)
		const cut = locate(message.head.structure, message.row.size, section)
		if (!cut) return out.text(`${name} NIL`)
		if (!message.large) return write(message.body.subarray(cut.start, cut.end), out)
		return message.octets(cut).then(header => write(header, out))
	}
}

/** RFC 3516: a part with its transfer encoding undone, or how many octets that gives. */
function binaryWriter(item: Extract<imap.FetchItem, { item: 'BINARY[]' | 'BINARY.SIZE[]' }>): WriteItem {
	const number = item.part.join('.')
	return async (message, out) => {
		const octets = await decoded(message, item.part)
		if (item.item === 'BINARY.SIZE[]') return out.text(`BINARY.SIZE[${number}] ${octets?.length ?? 0}`)
		const name = `BINARY[${number}]${item.partial ? `<${item.partial.offset}>` : ''}`
		if (!octets) return out.text(`${name} NIL`)
		const { start, end } = narrowed({ start: 0, end: octets.length }, item.partial)
		const cut = octets.subarray(start, end)
		out.text(`${name} ${cut.includes(0) ? '~' : ''}{${cut.length}}\r\n`)
		out.octets(cut)
	}
}

/** Encodings that can be undone, or that are none. */
const ENCODINGS = new Set(['', '7bit', '8bit', 'binary', 'base64', 'quoted-printable'])

/** Does the item ask for a part in an encoding that nobody here knows (RFC 3516 section 4.3)? */
export function isUndecodable(item: imap.FetchItem, message: Fetched): boolean {
	if (item.item !== 'BINARY[]' && item.item !== 'BINARY.SIZE[]') return false
	const part = item.part.length === 0 ? null : partOf(message.head.structure, item.part)
	return part !== null && !part.parts && !part.message && !ENCODINGS.has(part.encoding.toLowerCase())
}

async function decoded(message: Fetched, number: number[]): Promise<Buffer | null> {
	const part = number.length === 0 ? null : partOf(message.head.structure, number)
	if (number.length > 0 && !part) return null
	const octets = await message.octets(
		part ? { start: part.body, end: part.end } : { start: 0, end: message.row.size },
	)
	return part && !part.parts && !part.message ? decodeTransfer(octets, part.encoding) : octets
}
