import { HELD, held, released } from './styles.ts'
import { attributed, MOST_SQUARES, squaresOf, tableText } from './tables.ts'

/** HTML as a tree that belongs to no page: nothing in it runs or is fetched. */
export function treeOf(html: string): HTMLTemplateElement {
	const tree = document.createElement('template')
	tree.innerHTML = held(html)
	return tree
}
export const htmlOf = (tree: HTMLTemplateElement) => released(tree.innerHTML)

/** The text of what was written, for those who read text: links, quotes and tables as text has them. */
export function htmlToText(html: string): string {
	return textOf(treeOf(html).content)
		.replace(/\n{3,}/g, '\n\n')
		.replace(/^\n+|\s+$/g, '')
}

const BLOCKS = /^(P|DIV|H[1-6]|UL|OL|LI|PRE|TR|TD|TH|HR|BLOCKQUOTE)$/
const UNSEEN = /^(STYLE|SCRIPT|TITLE)$/

function textOf(node: Node): string {
	let text = ''
	let number = 0
	for (const child of node.childNodes) {
		if (child.nodeType === Node.TEXT_NODE) text += (child.textContent ?? '').replace(/[\t\r\n ]+/g, ' ')
		if (!(child instanceof Element)) continue
		const name = child.tagName
		if (name === 'BR') text += '\n'
		else if (name === 'HR') text += '\n----\n'
		else if (UNSEEN.test(name)) continue
		else if (name === 'BLOCKQUOTE') text += `\n${quote(htmlText(child))}\n`
		else if (name === 'LI')
			text += `\n${node.nodeName === 'OL' ? `${++number}.` : '-'} ${textOf(child).trim()}`
		else if (name === 'A') text += linked(child)
		else if (child instanceof HTMLTableElement)
			text += `${startsLine(text) ? '' : '\n'}${tableText(child, htmlText)}\n\n`
		else if (BLOCKS.test(name))
			text += `${startsLine(text) ? '' : '\n'}${textOf(child).trim()}\n${name === 'P' ? '\n' : ''}`
		else text += textOf(child)
	}
	return text
}

const startsLine = (text: string) => text === '' || text.endsWith('\n')
const htmlText = (element: Element) =>
	textOf(element)
		.replace(/\n{3,}/g, '\n\n')
		.trim()
const quote = (text: string) =>
	text
		.split('\n')
		.map(line => (line.startsWith('>') ? `>${line}` : `> ${line}`))
		.join('\n')

function linked(link: Element): string {
	const text = (link.textContent ?? '').trim()
	const href = link.getAttribute('href') ?? ''
	return href === '' || href === text || href === `mailto:${text}` ? text : `${text} <${href}>`
}

export function escapeHtml(text: string): string {
	return text.replace(/[&<>"]/g, found => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[found]!)
}

export function textToHtml(text: string): string {
	return text
		.split(/\n{2,}/)
		.map(paragraph => `<p>${escapeHtml(paragraph).replaceAll('\n', '<br>')}</p>`)
		.join('')
}

const PICTURE = 'data-cid'

/** Content ids of the pictures that stand in it. */
export function pictureIds(html: string): Set<string> {
	if (!html.includes(PICTURE)) return new Set()
	const { content } = treeOf(html)
	return new Set([...content.querySelectorAll(`img[${PICTURE}]`)].map(each => each.getAttribute(PICTURE)!))
}

/** For a message: pictures by the content id of their part (RFC 2392), and no paragraph in a cell that holds one line. */
export function forMessage(html: string): string {
	// What was quoted and not touched is a page yet, and goes as it came.
	const flat = /<t[dh]\b/i.test(html) && !/<(html|head|body)\b/i.test(html) ? withFlatCells(html) : html
	return flat.includes(PICTURE) ? renamed(flat, PICTURE, 'src', id => `cid:${id}`) : flat
}

/** The editor has a paragraph in each cell; mail programs would make a row three lines high of it. */
function withFlatCells(html: string): string {
	const tree = treeOf(html)
	for (const only of tree.content.querySelectorAll('td > p:only-child, th > p:only-child')) {
		if (only.parentElement!.textContent === only.textContent) only.replaceWith(...only.childNodes)
	}
	return htmlOf(tree)
}

/** For the editor: tables as it knows them, and no styles; it takes none. */
export function editable(html: string): string {
	const tree = treeOf(html)
	// What it gave to the clipboard itself has its own way of being cut off.
	const ours = tree.content.querySelector('[data-pm-slice]') !== null
	let room = MOST_SQUARES
	for (const table of tree.content.querySelectorAll('table')) {
		if (!tree.content.contains(table)) continue
		const squares = squaresOf(table)
		const only =
			table.rows.length === 1 && table.rows[0]!.cells.length === 1 ? table.rows[0]!.cells[0]! : null
		// One cell is a frame around a letter, or one figure out of a table.
		if (only && !table.caption && !ours) table.replaceWith(block(only))
		else if (squares === 0) table.remove()
		else if (squares > room) table.outerHTML = textToHtml(tableText(table, htmlText, '\u2003'))
		else {
			room -= squares
			attributed(table)
			if (table.caption) table.before(block(table.caption))
			table.caption?.remove()
		}
	}
	for (const each of tree.content.querySelectorAll('style, script, title')) each.remove()
	for (const each of tree.content.querySelectorAll(`[${HELD}]`)) each.removeAttribute(HELD)
	return htmlOf(tree)
}

/** What is in it, as a paragraph; in the same document, where no picture is fetched. */
function block(element: Element): Element {
	const made = element.ownerDocument.createElement('div')
	made.append(...element.childNodes)
	return made
}

/** For the editor: a page that says `cid:` would have the browser look for it. */
export function withNamedPictures(html: string): string {
	return /cid:/i.test(html)
		? renamed(html, 'src', PICTURE, source => /^cid:(.+)$/i.exec(source)?.[1] ?? null)
		: html
}

function renamed(html: string, from: string, to: string, value: (before: string) => string | null): string {
	const tree = treeOf(html)
	for (const each of tree.content.querySelectorAll(`img[${from}]`)) {
		const next = value(each.getAttribute(from)!)
		if (next === null) continue
		each.removeAttribute(from)
		each.setAttribute(to, next)
	}
	return htmlOf(tree)
}
