import { z } from 'zod'
import type { TraceQuery, TraceRow } from '../store/index.ts'
import { sayEverywhere } from './elsewhere.ts'
import { type Actor, CannotBeDone, type Office, verb } from './verb.ts'

const text = z.string().trim().min(1).max(500).exactOptional()
const time = z.iso.datetime({ offset: true }).exactOptional()
const criteria = {
	/** Of the sender, a recipient, or whom it went to from a group. */
	address: text,
	subject: text,
	messageId: text,
	since: time,
	until: time,
	limit: z.number().int().min(1).max(1000).exactOptional(),
}
// Look-ups by id at once: rows of thousands of messages would be a large answer.
const MOST = 1000

export const traceHere = verb({
	about: 'what this node knows of the way of messages',
	input: z.object({ ...criteria, ids: z.array(z.string().max(100)).max(MOST).exactOptional() }),
	act: 'mail:read',
	async run({ journal }, { since, until, limit = 100, ...query }) {
		const { rows, begins } = await journal.find({
			...(query as Partial<TraceQuery>),
			...(since === undefined ? {} : { since: Date.parse(since) }),
			...(until === undefined ? {} : { until: Date.parse(until) }),
			limit,
		})
		return { rows, begins: begins === null ? null : new Date(begins).toISOString() }
	},
})

/** One step on the way of a message. */
export type Step = Omit<TraceRow, 'time' | 'id' | 'from' | 'subject' | 'messageId' | 'size'> & {
	time: string
	/** Where it happened. */
	node: string
}
export type Traced = {
	id: string
	from: string
	to: string
	subject: string
	messageId: string
	size: number
	first: string
	/** `filed`: in a mailbox of ours; `sent`: given to the world; `waits`; `failed`, `refused`, `dropped`. */
	state: string[]
	steps: Step[]
}

export type Traces = {
	messages: Traced[]
	/** Nodes that did not answer: what happened there is not in this. */
	missing: string[]
	/** How far back each node remembers; null = nothing has happened there. */
	since: { node: string; since: string | null }[]
}

export const traceMail = verb({
	about: 'where is this mail: from first contact to mailbox, over all nodes',
	input: z.object({ ...criteria, id: text }),
	act: 'mail:read',
	async run(office, { id, ...query }, by): Promise<Traces> {
		const asked = Object.values({ id, ...query, limit: undefined }).some(one => one !== undefined)
		if (!asked)
			throw new CannotBeDone('say what to look for: an address, a subject, a Message-ID, a time', 'too-wide')
		const limit = query.limit ?? 100
		const found = await everywhere(office, by, id === undefined ? { ...query, limit } : { ids: [id] })
		// A node may know parts of a message that do not say what was asked for: they are found by its id.
		const newest = found.answers
			.flatMap(({ answer }) => answer.rows)
			.sort((one, other) => other.time - one.time)
			.map(row => row.id)
		const ids = [...new Set(newest)].slice(0, limit)
		const all =
			id === undefined && ids.length > 0 ? await everywhere(office, by, { ids, limit: MOST }) : found
		return {
			messages: ids.map(one => traced(office, one, all.answers)),
			missing: [...new Set([...found.missing, ...all.missing])].map(node => nameOf(office, node)),
			since: found.answers.map(({ node, answer }) => ({ node: nameOf(office, node), since: answer.begins })),
		}
	},
})

type Everywhere = {
	answers: { node: string; answer: { rows: TraceRow[]; begins: string | null } }[]
	missing: string[]
}

function everywhere(office: Office, by: Actor, query: object): Promise<Everywhere> {
	return sayEverywhere(office, by, 'trace here', query)
}

function traced(office: Office, id: string, answers: Everywhere['answers']): Traced {
	const rows = answers
		.flatMap(({ node, answer }) => answer.rows.filter(row => row.id === id).map(row => ({ node, ...row })))
		.sort((one, other) => one.time - other.time)
	const about = rows.find(({ subject, messageId }) => subject !== '' || messageId !== '') ?? rows[0]!
	return {
		id,
		from: rows[0]!.from,
		to: rows[0]!.to,
		subject: about.subject,
		messageId: about.messageId,
		size: about.size,
		first: new Date(rows[0]!.time).toISOString(),
		state: statesOf(rows),
		steps: rows.map(({ time, node, event, via, to, peer, detail }) => ({
			time: new Date(time).toISOString(),
			node: nameOf(office, node),
			event,
			via: readable(office, via),
			to,
			peer: readable(office, peer),
			detail: detail.replace(/\bnode:(\w+)/g, (_, node) => `node:${nameOf(office, node)}`),
		})),
	}
}

/** What has become of it, by its recipients. Pure. */
export function statesOf(rows: TraceRow[]): string[] {
	const states = new Set<string>()
	const open = new Map<string, string>()
	for (const { event, detail, via, to } of rows) {
		if (event === 'refused') states.add('refused')
		else if (event === 'accepted') {
			for (const word of detail.matchAll(/(here|node|mx):(\S+)(?: (\S+))?/g)) {
				if (word[1] === 'here') states.add('filed')
				else open.set(`${word[1]}:${word[2]} ${word[3]}`, 'waits')
			}
		} else if (event === 'deferred') open.set(`${via} ${to}`, 'waits')
		else {
			open.delete(`${via} ${to}`)
			if (event !== 'delivered') states.add(event)
			else if (via.startsWith('mx:')) states.add('sent')
			else if (via === 'here' && detail.includes('here:')) states.add('filed')
		}
	}
	for (const state of open.values()) states.add(state)
	return [...states]
}

function readable(office: Office, word: string): string {
	const id = word.startsWith('node:') ? word.slice(5) : word
	return office.directory.nodes().some(node => node.id === id) ? nameOf(office, id) : word
}

function nameOf({ directory }: Office, id: string): string {
	const node = directory.nodes().find(one => one.id === id)
	return node ? node.description || node.hostname || node.ip : id
}
