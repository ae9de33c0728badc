/**
 * The browser checks every `style` that it parses against the policy of our page, and complains, wherever the tree is to
 * stand. So in a tree the attribute goes by another name.
 */
export const HELD = 'data-style'
export const held = (html: string) => renamed(html, 'style', HELD)
export const released = (html: string) => renamed(html, HELD, 'style')

const BEGINS = /<(?:!--|([a-z][^\t\n\f\r />]*))/gi
/** As HTML reads it: a quote that is never closed takes all that follows. */
const ATTRIBUTE =
	/[\t\n\f\r /]*([^\t\n\f\r />][^\t\n\f\r />=]*)(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^\t\n\f\r >]*))?/y
/** What stands in them is no HTML. */
const RAW = /^(?:style|script|title|textarea|xmp|iframe|noembed|noframes)$/i

/** In one walk through it: each octet is looked at once, whoever wrote it. */
function renamed(html: string, from: string, to: string): string {
	let out = ''
	let taken = 0
	BEGINS.lastIndex = 0
	for (let begin = BEGINS.exec(html); begin; begin = BEGINS.exec(html)) {
		let at = BEGINS.lastIndex
		let ends = '-->'
		if (begin[1]) {
			ATTRIBUTE.lastIndex = at
			for (let found = ATTRIBUTE.exec(html); found; found = ATTRIBUTE.exec(html)) {
				at = ATTRIBUTE.lastIndex
				const name = found[1]!
				if (name.toLowerCase() !== from) continue
				const where = found.index + found[0].indexOf(name)
				out += html.slice(taken, where) + to
				taken = where + name.length
			}
			ends = RAW.test(begin[1]) ? `</${begin[1]}` : ''
		}
		const end = new RegExp(ends, 'gi')
		end.lastIndex = at
		if (!end.test(html)) break
		BEGINS.lastIndex = end.lastIndex
	}
	return out + html.slice(taken)
}
