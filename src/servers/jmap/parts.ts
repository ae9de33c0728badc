import { decodeHeader, type Part } from '../../message/index.ts'

/** A part with its number. */
export type Numbered = { part: Part; number: string; name: string | null; subParts: Numbered[] | null }

/** The whole structure, numbered as IMAP does; what is within a message that is within this one is not looked at. */
export function numbered(structure: Part): Numbered {
	if (structure.parts) return { ...bare(structure, ''), subParts: within(structure.parts, '') }
	return bare(structure, '1')
}

function within(parts: Part[], prefix: string): Numbered[] {
	return parts.map((part, index) => {
		const number = `${prefix}${index + 1}`
		return part.parts
			? { ...bare(part, number), subParts: within(part.parts, `${number}.`) }
			: bare(part, number)
	})
}

function bare(part: Part, number: string): Numbered {
	const name = part.dispositionParams.filename ?? part.params.name
	// QUIRK: file names as encoded words, which RFC 2047 section 5 forbids, are everywhere.
	return { part, number, name: name ? decodeHeader(name) : null, subParts: null }
}

/** All parts that have octets of their own. */
export function leavesOf(one: Numbered): Numbered[] {
	return one.subParts ? one.subParts.flatMap(leavesOf) : [one]
}

/** The part of that number; the structure itself only when it is no multipart. */
export function partNumbered(structure: Part, number: string): Part | null {
	return leavesOf(numbered(structure)).find(one => one.number === number)?.part ?? null
}

export type Bodies = { text: Numbered[]; html: Numbered[]; attachments: Numbered[] }

/** What is to be shown as the message, and what is attached to it (RFC 8621 section 4.1.4). */
export function bodiesOf(structure: Part): Bodies {
	const bodies: Bodies = { text: [], html: [], attachments: [] }
	sort([numbered(structure)], 'mixed', false, bodies.text, bodies.html, bodies.attachments)
	return bodies
}

function isMedia(type: string): boolean {
	return type === 'image' || type === 'audio' || type === 'video'
}

function sort(
	parts: Numbered[],
	multipart: string,
	inAlternative: boolean,
	textList: Numbered[] | null,
	htmlList: Numbered[] | null,
	attachments: Numbered[],
): void {
	let text = textList
	let html = htmlList
	const textBefore = text?.length ?? -1
	const htmlBefore = html?.length ?? -1
	for (const [index, one] of parts.entries()) {
		const { type, subtype, disposition } = one.part
		if (one.subParts) {
			sort(one.subParts, subtype, inAlternative || subtype === 'alternative', text, html, attachments)
			continue
		}
		const media = isMedia(type)
		const plain = type === 'text' && subtype === 'plain'
		const isHtml = type === 'text' && subtype === 'html'
		const shown =
			disposition !== 'attachment' &&
			(plain || isHtml || media) &&
			(index === 0 || (multipart !== 'related' && (media || one.name === null)))
		if (!shown) {
			attachments.push(one)
			continue
		}
		if (multipart === 'alternative') {
			if (plain) text?.push(one)
			else if (isHtml) html?.push(one)
			else attachments.push(one)
			continue
		}
		if (inAlternative) {
			if (plain) html = null
			if (isHtml) text = null
		}
		text?.push(one)
		html?.push(one)
		if ((!text || !html) && media) attachments.push(one)
	}
	if (multipart !== 'alternative' || !text || !html) return
	// Only one of the two was there: it serves as both.
	if (textBefore === text.length && htmlBefore !== html.length) text.push(...html.slice(htmlBefore))
	else if (htmlBefore === html.length && textBefore !== text.length) html.push(...text.slice(textBefore))
}

/** Something a person would call an attachment: pictures that belong to the text do not count. */
export function hasAttachment(structure: Part): boolean {
	if (!structure.parts && structure.type === 'text' && structure.disposition !== 'attachment') return false
	return bodiesOf(structure).attachments.some(
		({ part }) => part.disposition === 'attachment' || part.id === null || !isMedia(part.type),
	)
}
