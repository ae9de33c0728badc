import PostalMime, { type Address as PostalAddress } from 'postal-mime'
import {
	type Address,
	type AddressOrGroup,
	decodeText,
	decodeTransfer,
	type Part,
	type Scanned,
} from '../../src/message/index.ts'

export const ASPECTS = ['structure', 'files', 'subject', 'from', 'to', 'sent', 'texts'] as const
export type Aspect = (typeof ASPECTS)[number]

/**
 * What a reader sees in a message. `structure`: `multipart/mixed(text/plain, message/rfc822[text/plain])`; `files`: the
 * names of the parts that have one; `sent`: milliseconds since 1970; `texts`: the parts of type text, decoded. Null:
 * nothing, or the reader gave up.
 */
export type Reading = {
	structure: string | null
	files: string[] | null
	subject: string | null
	from: string[] | null
	to: string[] | null
	sent: number | null
	texts: string[] | null
}

/** What Panpipe's one pass found, cut out of the message at its offsets. */
export function ours(bytes: Buffer, { structure, envelope }: Scanned): Reading {
	const leaves = leavesOf(structure)
	return {
		structure: told(structure),
		files: leaves.flatMap(part => part.dispositionParams.filename || part.params.name || []),
		subject: envelope.subject,
		from: list(envelope.from),
		to: list(envelope.to),
		sent: envelope.sent,
		texts: leaves
			.filter(({ type }) => type === 'text')
			.map(part => {
				const octets = decodeTransfer(bytes.subarray(part.body, part.end), part.encoding)
				return decodeText(octets, part.params.charset ?? '')
			}),
	}
}

export function told({ type, subtype, parts, message }: Part): string {
	const inside = parts ? `(${parts.map(told).join(', ')})` : message ? `[${told(message)}]` : ''
	return `${type}/${subtype}${inside}`
}

function leavesOf(part: Part): Part[] {
	return part.parts ? part.parts.flatMap(leavesOf) : [part]
}

function list(addresses: AddressOrGroup[] | null): string[] {
	return (addresses ?? []).map(entry =>
		'group' in entry ? `${entry.group}: ${entry.members.map(mailbox).join(', ')};` : mailbox(entry),
	)
}

function mailbox({ name, mailbox, host }: Address): string {
	const spec = `<${mailbox}${host && `@${host}`}>`
	return name ? `${name} ${spec}` : spec
}

/** A part as postal-mime keeps it; it has no public way to see the tree. */
type Node = {
	contentType: { parsed: { value: string; params: Record<string, string> } }
	contentDisposition: { parsed: { params: Record<string, string> } }
	childNodes: Node[]
	content: ArrayBuffer | null
	getTextContent(): string
}

// Each message in a message is read anew.
const DEEPEST = 100

export async function postal(bytes: Buffer, depth = 0): Promise<Reading | null> {
	const parser = new PostalMime({ maxNestingDepth: 1100, maxRfc822NestingDepth: 0 })
	const email = await parser.parse(bytes).catch(() => null)
	if (!email) return null
	const root = (parser as unknown as { root: Node }).root
	const leaves = leafNodes(root)
	const sent = email.date === undefined ? Number.NaN : Date.parse(email.date)
	return {
		structure: await toldNode(root, depth),
		files: leaves.flatMap(
			({ contentType, contentDisposition }) =>
				contentDisposition.parsed.params.filename || contentType.parsed.params.name || [],
		),
		subject: email.subject ?? null,
		from: email.from ? [postalMailbox(email.from)] : [],
		to: (email.to ?? []).map(postalMailbox),
		sent: Number.isNaN(sent) ? null : sent,
		texts: leaves
			.filter(({ contentType }) => contentType.parsed.value.startsWith('text/'))
			.map(node => (node.content ? node.getTextContent() : '')),
	}
}

async function toldNode({ contentType, childNodes, content }: Node, depth: number): Promise<string> {
	const { value } = contentType.parsed
	if (childNodes.length > 0) {
		const inside = await Promise.all(childNodes.map(node => toldNode(node, depth)))
		return `${value}(${inside.join(', ')})`
	}
	if (!/^message\/(?:rfc822|global)$/.test(value) || depth === DEEPEST) return value
	const inside = await postal(Buffer.from(content ?? new ArrayBuffer()), depth + 1)
	return `${value}[${inside?.structure}]`
}

function leafNodes(node: Node): Node[] {
	return node.childNodes.length > 0 ? node.childNodes.flatMap(leafNodes) : [node]
}

function postalMailbox({ name, address, group }: PostalAddress): string {
	if (group) return `${name}: ${group.map(postalMailbox).join(', ')};`
	return name ? `${name} <${address}>` : `<${address}>`
}

/** Readers differ in white space that means nothing; long texts are told by their beginning and length. */
export function plain(value: Reading[Aspect] | undefined): string {
	if (value === null || value === undefined) return '-'
	const all = typeof value === 'string' || typeof value === 'number' ? [String(value)] : value
	const told = JSON.stringify(all.map(text => text.replace(/[\s\0]+/g, ' ').trim())).replace(
		/[\x7f-\x9f\u200b-\u200f\u202a-\u202e\ue000-\uf8ff]/g,
		c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
	)
	return told.length > 160 ? `${told.slice(0, 160)}… (${told.length})` : told
}
