import type { Identity } from '../jmap/types.ts'
import { htmlOf, textToHtml, treeOf } from './html.ts'

/** The editor keeps what is marked like this together, so that it can be exchanged for another's. */
export const SIGNATURE = 'data-signature'

export function signatureHtml(identity: Identity | undefined): string {
	if (!identity) return ''
	const html = identity.htmlSignature || (identity.textSignature ? textToHtml(identity.textSignature) : '')
	return html ? `<div ${SIGNATURE}=""><p>-- </p>${html}</div>` : ''
}

export function signatureText(identity: Identity | undefined): string {
	return identity?.textSignature ? `\n-- \n${identity.textSignature}\n` : ''
}

/** Another identity signs otherwise; what stands around it stays. */
export function signedHtml(html: string, by: Identity | undefined): string {
	const tree = treeOf(html)
	const found = tree.content.querySelector(`[${SIGNATURE}]`)
	const next = treeOf(signatureHtml(by)).content
	const quote = tree.content.querySelector('blockquote')?.previousElementSibling
	if (found) found.replaceWith(next)
	else if (quote) quote.before(next)
	else tree.content.append(next)
	return htmlOf(tree)
}

export function signedText(text: string, before: Identity | undefined, by: Identity | undefined): string {
	const old = signatureText(before)
	const next = signatureText(by)
	if (old && text.includes(old)) return text.replace(old, () => next)
	// Below a quote nobody would look for it.
	return old || /^>/m.test(text) ? text : text + next
}
