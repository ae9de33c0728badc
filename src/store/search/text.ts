import {
	type AddressOrGroup,
	decodeHeader,
	type Envelope,
	headerFields,
	type Part,
	textOf,
} from '../../message/index.ts'
import { casemap } from './casemap.ts'

/** What of a message is searched. `body` is its words without any header, `parts` what `partsText` gives. */
export const FIELDS = ['body', 'header', 'subject', 'from', 'to', 'cc', 'messageId', 'parts'] as const
export type Field = (typeof FIELDS)[number]

/** Messages above this (octets) are streamed, not read at once. */
export const LARGE_MESSAGE = 1024 * 1024

/** Of a large message only this many octets of text are searched; of one part a million characters (textOf). */
const MOST_TEXT = 16 * 1024 * 1024
/** Read at once, so that many small parts are not many reads. */
const AHEAD = 256 * 1024

/** Text to be compared: case does not matter, nor do compatibility forms (full width, ligatures). */
export const fold = casemap

/** The whole header, decoded and folded. @param octets the message up to its body */
export function headerText(octets: Buffer): string {
	return fold(
		headerFields(octets)
			.map(field => `${field.name}: ${decodeHeader(field.value)}`)
			.join('\n'),
	)
}

/** The words of the body of a message that is in memory, decoded and folded. */
export function bodyText(message: Buffer, structure: Part): string {
	return fold(textOf(message, structure))
}

/** The words of the body of a large message; `octets` gives a cut of it. */
export async function largeBodyText(
	structure: Part,
	octets: (start: number, end: number) => Promise<Buffer>,
): Promise<string> {
	const texts: string[] = []
	let room = MOST_TEXT
	let read: Buffer = Buffer.alloc(0)
	let from = 0
	for (const part of textParts(structure)) {
		const end = Math.min(part.end, part.body + room)
		if (end <= part.body) continue
		if (part.body < from || end > from + read.length) {
			from = part.body
			read = await octets(from, Math.max(end, Math.min(structure.end, from + AHEAD)))
		}
		const cut = read.subarray(part.body - from, end - from)
		room -= cut.length
		texts.push(textOf(cut, { ...part, start: 0, body: 0, end: cut.length }))
	}
	return fold(texts.join('\n'))
}

function textParts(part: Part): Part[] {
	if (part.parts) return part.parts.flatMap(textParts)
	if (part.message) return textParts(part.message)
	return part.type === 'text' ? [part] : []
}

/**
 * What a message says of its parts, decoded and folded: their kinds, names and descriptions, and of messages among them
 * subject, people and date. What else stands in their headers (boundaries, encodings, X- fields) nobody looks for, and
 * who looks for other things would find it everywhere.
 */
export function partsText(structure: Part): string {
	const lines = new Set<string>()
	describe(structure, lines)
	return fold([...lines].join('\n'))
}

function describe(part: Part, lines: Set<string>): void {
	const { type, subtype, params, dispositionParams, description, id, location } = part
	if (type !== 'text' && type !== 'multipart') lines.add(`${type}/${subtype}`)
	for (const said of [params.name, dispositionParams.filename, description, id, location])
		if (said) lines.add(said)
	if (part.envelope) {
		const { subject, date, messageId, from, sender, replyTo, to, cc, bcc } = part.envelope
		for (const said of [subject, date, messageId]) if (said) lines.add(said)
		for (const people of [from, sender, replyTo, to, cc, bcc]) if (people) lines.add(addressText(people))
	}
	if (part.message) describe(part.message, lines)
	for (const child of part.parts ?? []) describe(child, lines)
}

/** What the envelope says, folded; '' where the message has no such field, which nothing is found in. */
export function envelopeText(
	envelope: Envelope,
	field: 'subject' | 'from' | 'to' | 'cc' | 'bcc' | 'messageId',
): string {
	if (field === 'subject' || field === 'messageId') return fold(envelope[field] ?? '')
	return fold(addressText(envelope[field] ?? []))
}

/** As it stands in a header: `Alice <alice@example.com>, …`. */
function addressText(list: AddressOrGroup[]): string {
	return list
		.map(entry => {
			if ('group' in entry) return `${entry.group}: ${addressText(entry.members)};`
			return `${entry.name ? `${entry.name} ` : ''}<${entry.mailbox}@${entry.host}>`
		})
		.join(', ')
}
