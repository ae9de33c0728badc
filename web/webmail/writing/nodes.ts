import { Node } from '@tiptap/core'
import { Table, TableCell, TableHeader, TableRow } from '@tiptap/extension-table'
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

const attributes = (...names: string[]) => Object.fromEntries(names.map(name => [name, { default: null }]))

const spans = (name: 'colspan' | 'rowspan', of: (cell: HTMLTableCellElement) => number) => ({
	default: 1,
	parseHTML: (element: HTMLElement) => of(element as HTMLTableCellElement),
	renderHTML: (attributes: Record<string, unknown>) =>
		attributes[name] === 1 ? {} : { [name]: attributes[name] },
})
const cell = {
	addAttributes: () => ({
		...attributes('width', 'align', 'valign'),
		colspan: spans('colspan', element => element.colSpan),
		rowspan: spans('rowspan', element => Math.max(1, element.rowSpan)),
		// The editor's own measure of columns, which no mail program knows.
		colwidth: { default: null, rendered: false, parseHTML: () => null },
	}),
}

/** Tables, in the attributes that mail programs of all ages read; columns are as wide as they came. */
export const tableNodes = [
	Table.extend({
		addAttributes: () => attributes('border', 'cellpadding', 'cellspacing', 'width', 'align'),
		renderHTML: ({ HTMLAttributes }) => ['table', HTMLAttributes, ['tbody', 0]],
		addNodeView: () => null,
	}),
	TableRow.extend({ addAttributes: () => attributes('align', 'valign') }),
	TableCell.extend(cell),
	TableHeader.extend(cell),
]

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
