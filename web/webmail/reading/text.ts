/** A piece of a plain text line. */
export type Piece = { text: string; href?: string }
export type Line = { depth: number; pieces: Piece[] }

const LINK = /\bhttps?:\/\/[^\s<>"'，。；、）】》”’]+|\bmailto:[^\s<>"'，。]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi

/** Lines of a plain text with how deeply they are quoted (RFC 3676 section 4.5) and the links in them. */
export function readText(text: string): Line[] {
	return text.split(/\r?\n/).map(line => {
		const [, marks = '', rest = ''] = /^((?:> ?)*)(.*)$/s.exec(line) ?? []
		return { depth: marks.replaceAll(' ', '').length, pieces: pieces(rest) }
	})
}

function pieces(line: string): Piece[] {
	const found: Piece[] = []
	let at = 0
	for (const match of line.matchAll(LINK)) {
		// A full stop or bracket at the end belongs to the sentence.
		const link = match[0].replace(/[.,;:!?)\]}]+$/, '')
		if (match.index > at) found.push({ text: line.slice(at, match.index) })
		found.push({ text: link, href: /^(https?|mailto):/i.test(link) ? link : `mailto:${link}` })
		at = match.index + link.length
	}
	if (at < line.length || found.length === 0) found.push({ text: line.slice(at) })
	return found
}
