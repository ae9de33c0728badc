/** What was found, and where (RFC 8621 section 5). */
export type Piece = { text: string; hit: boolean }

/** A snippet is HTML of which only <mark> and escaped text are there: read as such, never as HTML. */
export function pieces(snippet: string): Piece[] {
	return snippet.split(/(<mark>.*?<\/mark>)/s).map(piece => ({
		hit: piece.startsWith('<mark>'),
		text: piece.replace(/<\/?mark>/g, '').replace(ENTITY, unescaped),
	}))
}

/** What comes before the first hit is cut down to some words: a line is short, and the hit is what is looked for. */
export function around(snippet: string): Piece[] {
	const [first, ...rest] = pieces(snippet)
	if (!first || first.hit || first.text.length <= MOST_BEFORE) return first ? [first, ...rest] : rest
	const kept = first.text.slice(-MOST_BEFORE)
	return [{ text: `…${kept.replace(/^[\p{Script=Latin}\p{N}]*\s/u, '')}`, hit: false }, ...rest]
}
const MOST_BEFORE = 12

/** By name or by number: a server may write any character so. */
const ENTITY = /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));/gi
const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function unescaped(entity: string, name?: string, decimal?: string, hex?: string): string {
	if (name) return NAMED[name.toLowerCase()]!
	const code = decimal ? Number(decimal) : Number.parseInt(hex!, 16)
	return code > 0x10ffff ? entity : String.fromCodePoint(code).toWellFormed()
}
