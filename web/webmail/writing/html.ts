/** The text of what was written, for those who read text: links and quotes as text has them. */
export function htmlToText(html: string): string {
	const page = new DOMParser().parseFromString(html, 'text/html')
	return textOf(page.body)
		.replace(/\n{3,}/g, '\n\n')
		.replace(/^\n+|\s+$/g, '')
}

const BLOCKS = /^(P|DIV|H[1-6]|UL|OL|LI|PRE|TABLE|TR|HR|BLOCKQUOTE)$/

function textOf(node: Node): string {
	let text = ''
	let number = 0
	for (const child of node.childNodes) {
		if (child.nodeType === Node.TEXT_NODE) text += (child.textContent ?? '').replace(/[\t\r\n ]+/g, ' ')
		if (!(child instanceof Element)) continue
		const name = child.tagName
		if (name === 'BR') text += '\n'
		else if (name === 'HR') text += '\n----\n'
		else if (name === 'STYLE' || name === 'SCRIPT') continue
		else if (name === 'BLOCKQUOTE') text += `\n${quote(htmlText(child))}\n`
		else if (name === 'LI')
			text += `\n${node.nodeName === 'OL' ? `${++number}.` : '-'} ${textOf(child).trim()}`
		else if (name === 'A') text += linked(child)
		else if (name === 'TD' || name === 'TH') text += `${textOf(child).trim()}\t`
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
	const page = new DOMParser().parseFromString(html, 'text/html')
	return new Set([...page.querySelectorAll(`img[${PICTURE}]`)].map(each => each.getAttribute(PICTURE)!))
}

/** For a message: pictures by the content id of their part (RFC 2392). */
export function withAddressedPictures(html: string): string {
	return html.includes(PICTURE) ? renamed(html, PICTURE, 'src', id => `cid:${id}`) : html
}

/** For the editor: a page that says `cid:` would have the browser look for it. */
export function withNamedPictures(html: string): string {
	return /cid:/i.test(html)
		? renamed(html, 'src', PICTURE, source => /^cid:(.+)$/i.exec(source)?.[1] ?? null)
		: html
}

function renamed(html: string, from: string, to: string, value: (before: string) => string | null): string {
	const page = new DOMParser().parseFromString(html, 'text/html')
	for (const each of page.querySelectorAll(`img[${from}]`)) {
		const next = value(each.getAttribute(from)!)
		if (next === null) continue
		each.removeAttribute(from)
		each.setAttribute(to, next)
	}
	return page.body.innerHTML
}
