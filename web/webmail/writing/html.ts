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
