import type { Part } from '../../message/index.ts'
import type { imap } from '../../wire/index.ts'

/** Octets of a message: start ≤ octet < end. */
export type Cut = { start: number; end: number }

/**
 * The part with this number (RFC 9051 section 6.4.5.1): a message that is no multipart has itself as part 1, and
 * numbers go on inside a message/rfc822. Null when there is no such part.
 */
export function partOf(message: Part, number: number[]): Part | null {
	let part: Part | null = null
	let inside = partsOf(message)
	for (const one of number) {
		part = inside[one - 1] ?? null
		if (!part) return null
		inside = part.message ? partsOf(part.message) : (part.parts ?? [])
	}
	return part
}

function partsOf(message: Part): Part[] {
	return message.type === 'multipart' ? (message.parts ?? []) : [message]
}

/** The octets of a section; of HEADER.FIELDS those of the whole header. Null when there is no such section. */
export function locate(
	structure: Part,
	size: number,
	{ part: number, text }: Pick<imap.Section, 'part' | 'text'>,
): Cut | null {
	if (number.length === 0) {
		switch (text) {
			case null:
				return { start: 0, end: size }
			case 'TEXT':
				return { start: structure.body, end: size }
			case 'MIME':
				return null
			default:
				return { start: 0, end: structure.body }
		}
	}
	const part = partOf(structure, number)
	if (!part) return null
	switch (text) {
		case null:
			return { start: part.body, end: part.end }
		case 'MIME':
			return { start: part.start, end: part.body }
		case 'TEXT':
			return part.message ? { start: part.message.body, end: part.message.end } : null
		default:
			return part.message ? { start: part.message.start, end: part.message.body } : null
	}
}

const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9
const COLON = 58
const END_OF_HEADER = Buffer.from('\r\n')

/** The fields of a header that are named in `fields` (or are not), byte for byte, and a blank line. */
export function filterHeader(header: Buffer, fields: ReadonlySet<string>, not: boolean): Buffer {
	const kept: Buffer[] = []
	for (let start = 0; start < header.length; ) {
		const first = header[start]
		if (first === LF || (first === CR && header[start + 1] === LF)) break
		let end = start
		do {
			const line = header.indexOf(LF, end)
			end = line < 0 ? header.length : line + 1
		} while (header[end] === SPACE || header[end] === TAB)
		const colon = header.indexOf(COLON, start)
		const name =
			colon >= 0 && colon < end ? header.toString('latin1', start, colon).trimEnd().toLowerCase() : ''
		if (fields.has(name) !== not) kept.push(header.subarray(start, end))
		start = end
	}
	kept.push(END_OF_HEADER)
	return Buffer.concat(kept)
}
