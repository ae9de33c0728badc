import { Node } from '@tiptap/core'
import { SIGNATURE } from './signature.ts'

/** What the editor knows beside text, lists and links. */

/** A signature, kept together. */
export const SignatureNode = Node.create({
	name: 'signature',
	group: 'block',
	content: 'block+',
	defining: true,
	parseHTML: () => [{ tag: `div[${SIGNATURE}]` }],
	renderHTML: () => ['div', { [SIGNATURE]: '' }, 0],
})

/** A picture that travels with the message: it is known by its content id, and shown from where it lies now. */
export const pictureNode = (urlOf: (cid: string) => Promise<string | null>) =>
	Node.create({
		name: 'picture',
		group: 'inline',
		inline: true,
		draggable: true,
		addAttributes: () => ({
			cid: { parseHTML: element => element.getAttribute('data-cid') },
			alt: { default: '', parseHTML: element => element.getAttribute('alt') ?? '' },
		}),
		parseHTML: () => [{ tag: 'img[data-cid]' }],
		renderHTML: ({ node }) => ['img', { 'data-cid': node.attrs.cid, alt: node.attrs.alt }],
		addNodeView() {
			return ({ node }) => {
				const dom = document.createElement('img')
				dom.alt = node.attrs.alt
				void urlOf(node.attrs.cid).then(url => url && (dom.src = url))
				return { dom }
			}
		},
	})
