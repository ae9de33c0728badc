import { compareFolded } from './folded.ts'

/** What THREAD looks at of a message. */
export type Threaded = {
	/** What the answer calls it. */
	number: number
	/** Milliseconds since 1970: the Date field, else the internal date. */
	sent: number
	/** Base subject, folded by i;unicode-casemap. */
	subject: string
	reply: boolean
	/** REFERENCES only. */
	messageId: string | null
	references: string[]
}

/** A message in its thread; without `message` only its id is known. */
type Node = {
	message: Threaded | null
	parent: Node | null
	children: Node[]
}

/** THREAD=ORDEREDSUBJECT (RFC 5256 section 3): messages of one subject, the first one above the others. */
export function orderedSubject(messages: Threaded[]): string {
	const sorted = messages.toSorted((a, b) => compareFolded(a.subject, b.subject) || byDate(a, b))
	const threads: Node[] = []
	for (const message of sorted) {
		const thread = threads.at(-1)
		const node = { message, parent: null, children: [] }
		if (thread?.message?.subject === message.subject) thread.children.push(node)
		else threads.push(node)
	}
	return format(threads.sort((a, b) => byDate(a.message!, b.message!)))
}

function byDate(a: Threaded, b: Threaded): number {
	return a.sent - b.sent || a.number - b.number
}

/** THREAD=REFERENCES (RFC 5256 section 3), step by step. @param messages in the order of their sequence numbers */
export function byReferences(messages: Threaded[]): string {
	const roots = prune(link(messages))
	sortLevels(roots)
	const gathered = gather(roots)
	sortLevels(gathered)
	return format(gathered)
}

/** Step 1: who is whose parent, by Message-ID and References. All that have no parent. */
function link(messages: Threaded[]): Node[] {
	const nodes = new Map<string, Node>()
	const all: Node[] = []
	const nodeOf = (id: string) => {
		let node = nodes.get(id)
		if (!node) {
			node = { message: null, parent: null, children: [] }
			nodes.set(id, node)
			all.push(node)
		}
		return node
	}
	for (const message of messages) {
		let own = message.messageId === null ? null : nodeOf(message.messageId)
		// An id that is used a second time is none.
		if (!own || own.message) {
			own = { message: null, parent: null, children: [] }
			all.push(own)
		}
		own.message = message
		let parent: Node | null = null
		for (const id of message.references) {
			const node = nodeOf(id)
			if (parent && !node.parent && !isAbove(node, parent)) adopt(parent, node)
			parent = node
		}
		// What others said of its place is guesswork, its own References are not.
		if (own.parent) leave(own)
		if (parent && !isAbove(own, parent)) adopt(parent, own)
	}
	return all.filter(node => !node.parent)
}

/** Is `node` the same as `below`, or above it? */
function isAbove(node: Node, below: Node): boolean {
	if (node.children.length === 0) return node === below
	for (let at: Node | null = below; at; at = at.parent) if (at === node) return true
	return false
}

function adopt(parent: Node, node: Node): void {
	node.parent = parent
	parent.children.push(node)
}

function leave(node: Node): void {
	const siblings = node.parent!.children
	siblings.splice(siblings.indexOf(node), 1)
	node.parent = null
}

/** All nodes, parents before their children. A loop and no recursion: threads may be as deep as a stranger likes. */
function topDown(roots: Node[]): Node[] {
	const all = roots.slice()
	for (let i = 0; i < all.length; i++) for (const child of all[i]!.children) all.push(child)
	return all
}

/** Step 3: nodes without a message go, their children take their place; as a root only with one child or none. */
function prune(roots: Node[]): Node[] {
	const all = topDown(roots)
	for (let i = all.length - 1; i >= 0; i--) {
		const node = all[i]!
		node.children = node.children.flatMap(child => {
			if (child.message) return [child]
			for (const one of child.children) one.parent = node
			return child.children
		})
	}
	return roots.flatMap(root => {
		if (root.message || root.children.length > 1) return [root]
		for (const one of root.children) one.parent = null
		return root.children
	})
}

/** A node without a message is as old as its first child. Children are sorted before. */
function dateOf(node: Node): Threaded {
	return node.message ?? node.children[0]!.message!
}

/** Steps 4 and 6: by date, from the deepest level up; `roots` in place. */
function sortLevels(roots: Node[]): void {
	const all = topDown(roots)
	const compare = (a: Node, b: Node) => byDate(dateOf(a), dateOf(b))
	for (let i = all.length - 1; i >= 0; i--) all[i]!.children.sort(compare)
	roots.sort(compare)
}

/** Step 5: threads of the same subject become one. */
function gather(roots: Node[]): Node[] {
	const subjects = new Map<string, Node>()
	for (const root of roots) {
		const { subject, reply } = dateOf(root)
		if (subject === '') continue
		const known = subjects.get(subject)
		if (!known || (known.message && (!root.message || (dateOf(known).reply && !reply))))
			subjects.set(subject, root)
	}
	const out: Node[] = []
	for (const root of roots) {
		// It was put below another one meanwhile.
		if (root.parent) continue
		const { subject, reply } = dateOf(root)
		const first = subjects.get(subject)
		if (!first || first === root) {
			out.push(root)
			continue
		}
		if (!first.message && !root.message) {
			for (const child of root.children) adopt(first, child)
		} else if (!first.message) adopt(first, root)
		else if (reply && !dateOf(first).reply) adopt(first, root)
		else {
			// Neither is the other's answer: both below a node of their own, which takes the first one's place.
			const both: Node = { message: null, parent: null, children: [] }
			const at = out.indexOf(first)
			adopt(both, first)
			adopt(both, root)
			subjects.set(subject, both)
			if (at >= 0) out[at] = both
			else out.push(both)
		}
	}
	return out
}

/** thread-list: `(2)(3 6 (4 23)(44 7 96))`. */
function format(threads: Node[]): string {
	let out = ''
	/** Nodes to be written, and texts that come between them; the next one last. */
	const todo: (Node | string)[] = []
	const branches = (nodes: Node[]) => {
		for (let i = nodes.length - 1; i >= 0; i--) todo.push(')', nodes[i]!, '(')
	}
	branches(threads)
	for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
		if (typeof next === 'string') {
			out += next
			continue
		}
		const { message, children } = next
		if (message) out += message.number
		if (children.length === 1) {
			if (message) out += ' '
			todo.push(children[0]!)
		} else if (children.length > 1) {
			if (message) out += ' '
			branches(children)
		}
	}
	return out
}
