/** Elements whose end does not part words: everything else does. */
const INLINE = new Set(
	'a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark o:p q s samp small span strike strong sub sup tt u var wbr'.split(
		' ',
	),
)
/** Elements whose content is nothing to read. */
const SILENT = new Map(
	['style', 'script', 'title', 'noscript', 'template'].map(
		name => [name, new RegExp(`</${name}`, 'gi')] as const,
	),
)

const ENTITIES: Record<string, string> = {
	amp: '&',
	lt: '<',
	gt: '>',
	quot: '"',
	apos: "'",
	nbsp: ' ',
	ensp: ' ',
	emsp: ' ',
	thinsp: ' ',
	copy: '©',
	reg: '®',
	trade: '™',
	hellip: '…',
	mdash: '—',
	ndash: '–',
	lsquo: '‘',
	rsquo: '’',
	ldquo: '“',
	rdquo: '”',
	laquo: '«',
	raquo: '»',
	middot: '·',
	bull: '•',
	euro: '€',
	pound: '£',
	yen: '¥',
	times: '×',
	deg: '°',
	shy: '',
	zwnj: '',
	zwj: '',
}

/**
 * The words of an HTML text, for search and previews: tags out, entities in. Not for showing.
 * Linear in the length, whatever stands there.
 */
export function htmlText(html: string): string {
	let out = ''
	let at = 0
	for (;;) {
		const open = html.indexOf('<', at)
		if (open < 0) break
		const next = html.charCodeAt(open + 1) | 32
		const isTag =
			(next >= 97 && next <= 122) ||
			html[open + 1] === '/' ||
			html[open + 1] === '!' ||
			html[open + 1] === '?'
		if (!isTag) {
			out += html.slice(at, open + 1)
			at = open + 1
			continue
		}
		out += html.slice(at, open)
		if (html.startsWith('<!--', open)) {
			const end = html.indexOf('-->', open + 4)
			at = end < 0 ? html.length : end + 3
			continue
		}
		const close = html.indexOf('>', open)
		if (close < 0) {
			at = html.length
			break
		}
		at = close + 1
		const name = tagName(html, open + 1)
		const ending = SILENT.get(name)
		if (ending) {
			ending.lastIndex = at
			at = ending.exec(html)?.index ?? html.length
		} else if (!INLINE.has(name)) out += '\n'
	}
	return decodeEntities(out + html.slice(at))
}

/** The name of the tag that begins at `from`, its slash left out. */
function tagName(html: string, from: number): string {
	const start = html[from] === '/' ? from + 1 : from
	let end = start
	while (end < html.length && end - start < 20) {
		const code = html.charCodeAt(end)
		if (code <= 32 || code === 47 || code === 62) break
		end++
	}
	return html[from] === '/' && SILENT.has(html.slice(start, end).toLowerCase())
		? ''
		: html.slice(start, end).toLowerCase()
}

function decodeEntities(text: string): string {
	if (!text.includes('&')) return text
	return text.replace(
		/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));?/g,
		(whole, decimal, hex, name) => {
			if (name) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name]! : whole
			const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
			return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
				? String.fromCodePoint(code)
				: ''
		},
	)
}
