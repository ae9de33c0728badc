import {
	type AddressOrGroup,
	decodeHeader,
	type Envelope,
	headerFields,
	type Part,
	textOf,
} from '../../message/index.ts'
import { casemap } from './casemap.ts'

/** What of a message is searched. `body` is its words without the header. */
export const FIELDS = ['body', 'header', 'subject', 'from', 'to', 'cc', 'messageId'] as const
export type Field = (typeof FIELDS)[number]

/** Messages above this (octets) are streamed, not read at once. */
export const LARGE_MESSAGE = 1024 * 1024

/** Of a large message only this many text parts are searched. */
const MOST_PARTS = 20

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
	for (const part of textParts(structure).slice(0, MOST_PARTS)) {
		const cut = await octets(part.body, part.end)
		texts.push(textOf(cut, { ...part, start: 0, body: 0, end: cut.length }))
	}
	return fold(texts.join('\n'))
}

function textParts(part: Part): Part[] {
	if (part.parts) return part.parts.flatMap(textParts)
	if (part.message) return textParts(part.message)
	return part.type === 'text' ? [part] : []
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
