import DOMPurify from 'dompurify'

/** What is shown of a message in HTML: nothing in it acts, and it asks the network for nothing it was not allowed to. */
export type Clean = {
	/** Of <style> elements. */
	styles: string
	body: DocumentFragment
	/** Colours of the body and the like, as it was written. */
	bodyStyle: string
	/** Pictures (and other things) elsewhere that are not fetched. */
	remote: number
	/** Content-ID of every picture the message brings along, and the elements that wait for it. */
	own: Map<string, HTMLImageElement[]>
}

/** How it looks, as HTML said it before there were styles, and mail says it still: figures and names, never an address. */
const LOOKS = [
	...[
		'align',
		'bgcolor',
		'border',
		'cellpadding',
		'cellspacing',
		'clear',
		'color',
		'colspan',
		'compact',
		'dir',
	],
	...[
		'face',
		'frame',
		'headers',
		'height',
		'hidden',
		'hspace',
		'lang',
		'noshade',
		'nowrap',
		'open',
		'reversed',
	],
	...['rowspan', 'rules', 'scope', 'size', 'span', 'start', 'text', 'type', 'valign', 'vspace', 'width'],
]

/** What HTML mail needs of HTML; forms, frames, sound and drawings with a language of their own are not among it. */
const SETTINGS = {
	WHOLE_DOCUMENT: true,
	RETURN_DOM: true,
	FORBID_TAGS: [
		...['form', 'input', 'button', 'textarea', 'select', 'option', 'optgroup', 'fieldset', 'dialog'],
		...[
			'iframe',
			'frame',
			'frameset',
			'object',
			'embed',
			'base',
			'meta',
			'link',
			'template',
			'slot',
			'portal',
		],
		...['audio', 'video', 'source', 'track', 'picture', 'svg', 'math', 'canvas', 'map', 'area', 'title'],
	],
	FORBID_ATTR: [
		'srcset',
		'ping',
		'action',
		'formaction',
		'poster',
		'background',
		'usemap',
		'id',
		'name',
		'contenteditable',
		'tabindex',
		'autofocus',
		'accesskey',
		'popover',
		'popovertarget',
	],
	ALLOW_DATA_ATTR: false,
	ALLOW_ARIA_ATTR: false,
	ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|cid:|data:image\/(?:png|gif|jpe?g|webp|bmp)[;,])/i,
	ADD_ATTR: LOOKS,
	// All others must be addresses of the kinds above.
	ADD_URI_SAFE_ATTR: LOOKS,
}
const LINKS = /^(?:https?:|mailto:)/i
const ELSEWHERE = /^\s*(?:https?:)?\/\//i

/** @param inside the window of the frame: what is parsed there is under its policy, from the first moment */
export function sanitise(html: string, allowRemote: boolean, inside: Window & typeof globalThis): Clean {
	const root = DOMPurify(inside).sanitize(html, SETTINGS) as unknown as HTMLElement
	const own = new Map<string, HTMLImageElement[]>()
	let remote = 0
	const styles: string[] = []
	for (const style of root.querySelectorAll('style')) {
		styles.push(style.textContent ?? '')
		style.remove()
	}
	for (const image of root.querySelectorAll('img')) {
		const source = image.getAttribute('src') ?? ''
		image.setAttribute('loading', 'lazy')
		image.setAttribute('referrerpolicy', 'no-referrer')
		if (/^cid:/i.test(source)) {
			image.removeAttribute('src')
			const id = decode(source.slice(4))
			own.set(id, [...(own.get(id) ?? []), image])
		} else if (ELSEWHERE.test(source)) {
			if (!allowRemote) image.removeAttribute('src')
			remote++
		} else if (!/^data:/i.test(source)) image.removeAttribute('src')
	}
	for (const link of root.querySelectorAll('a')) {
		const href = link.getAttribute('href')
		if (href === null) continue
		if (!LINKS.test(href)) link.removeAttribute('href')
		link.setAttribute('target', '_blank')
		link.setAttribute('rel', 'noopener noreferrer nofollow')
	}
	for (const element of root.querySelectorAll('[href]'))
		if (element.tagName !== 'A') element.removeAttribute('href')
	const text = styles.join('\n')
	remote += countElsewhere(text)
	for (const element of root.querySelectorAll('[style]'))
		remote += countElsewhere(element.getAttribute('style') ?? '')
	const body = root.querySelector('body') ?? root
	const fragment = inside.document.createDocumentFragment()
	fragment.append(...body.childNodes)
	return {
		styles: text,
		body: fragment,
		bodyStyle: [
			declared('background-color', body.getAttribute('bgcolor')),
			declared('color', body.getAttribute('text')),
			body.getAttribute('style') ?? '',
		]
			.filter(Boolean)
			.join(';'),
		remote,
		own,
	}
}

/** A colour as HTML has it: the sign before the figures may be missing. */
function declared(property: string, colour: string | null): string {
	const found = [colour, `#${colour}`].find(each => each && CSS.supports('color', each))
	return found ? `${property}:${found}` : ''
}

const countElsewhere = (css: string) => [...css.matchAll(/url\(\s*["']?\s*(?:https?:)?\/\//gi)].length

function decode(text: string): string {
	try {
		return decodeURIComponent(text)
	} catch {
		return text
	}
}
