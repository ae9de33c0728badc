import { z } from 'zod'
import type { QueueView } from '../delivery/index.ts'
import { sayAt, sayEverywhere } from './elsewhere.ts'
import { nodeNamed } from './nodes.ts'
import { type Actor, CannotBeDone, type Office, type Target, verb } from './verb.ts'

const target = (_: Office, { ids }: { ids: string[] }): Target => ({
	place: {},
	object: ids.join(' ') || 'all',
})

/** Not at this node only. */
const everywhere = z.boolean().exactOptional()
const ids = z.object({ ids: z.array(z.string().min(1)).min(1), everywhere })

const filters = {
	/** A part of the sender, the recipient, the id or the reason. */
	search: z.string().max(300).exactOptional(),
	held: z.boolean().exactOptional(),
	/** Where the page before ended. */
	after: z.string().max(1000).exactOptional(),
	limit: z.number().int().positive().max(10_000).default(10_000),
}
type Filters = z.infer<z.ZodObject<typeof filters>>

export const listQueue = verb({
	about: 'mail that waits at this node, and why; the oldest first',
	input: z.object(filters),
	act: 'queue:read',
	run: (office, filter) => select(office, filter).items,
})

export const queueHere = verb({
	about: 'a page of what waits at this node, and how much there is',
	input: z.object(filters),
	act: 'queue:read',
	run: select,
})

export const queueEverywhere = verb({
	about: 'mail that waits at all nodes, or at one, and why; the oldest first',
	input: z.object({ ...filters, node: z.string().max(300).exactOptional() }),
	act: 'queue:read',
	async run(office, { node, ...filter }, by): Promise<QueuePage> {
		const { answers, missing }: Gathered = node
			? {
					answers: [
						{ node: nodeNamed(office, node).id, answer: await sayAt(office, by, node, 'queue here', filter) },
					],
					missing: [],
				}
			: await sayEverywhere(office, by, 'queue here', filter)
		const all = answers
			.flatMap(({ node, answer }) => answer.items.map(item => ({ ...item, node })))
			.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
		const items = all.slice(0, filter.limit)
		const total = answers.reduce((sum, { answer }) => sum + answer.total, 0)
		const more = all.length > items.length || answers.some(({ answer }) => answer.items.length < answer.left)
		return { items, next: more ? placeOf(items.at(-1)!) : null, total, missing }
	},
})

export type Waiting = ReturnType<typeof view>
export type QueuePage = {
	items: (Waiting & { node: string })[]
	next: string | null
	total: number
	/** Nodes that did not answer. */
	missing: string[]
}
type Gathered = {
	answers: { node: string; answer: { items: Waiting[]; left: number; total: number } }[]
	missing: string[]
}

/** `total` with the filter, `left` of them after the page before. */
function select(office: Office, { search, held, after, limit }: Filters) {
	const part = search?.toLowerCase()
	const found = office.queue
		.list()
		.filter(item => held === undefined || item.held === held)
		.filter(({ reversePath, recipient, id, reason }) => {
			return !part || `${reversePath} ${recipient} ${id} ${reason}`.toLowerCase().includes(part)
		})
		.map(item => ({ item, place: placeOf({ ...item, to: item.recipient }) }))
		.sort((one, other) => (one.place < other.place ? -1 : 1))
	const left = after === undefined ? found : found.filter(({ place }) => place > after)
	return {
		items: left.slice(0, limit).map(({ item }) => view(office, item)),
		left: left.length,
		total: found.length,
	}
}

/** In the list of all that wait: what leaves meanwhile moves nothing else. */
function placeOf({ arrived, id, to }: { arrived: string | number; id: string; to: string }): string {
	return `${new Date(arrived).toISOString()} ${id} ${to}`
}

export const showQueued = verb({
	about: 'one waiting message: its recipients, its header',
	input: z.object({ id: z.string().min(1) }),
	act: 'queue:read',
	run(office, { id }) {
		const items = office.queue.list({ id })
		if (items.length === 0) throw new CannotBeDone(`no message ${id} waits here`, 'no-such-message')
		const body = office.store.reader.body(items[0]!.blob)
		const end = body.indexOf('\r\n\r\n')
		return {
			...view(office, items[0]!),
			recipients: items.map(item => view(office, item)),
			header: body.toString('utf8', 0, end < 0 ? body.length : end),
		}
	},
})

export const retryQueued = verb({
	about: 'try waiting mail now: the messages named, or all; everywhere: at all nodes',
	input: z.object({ ids: z.array(z.string().min(1)), everywhere }),
	act: 'queue:change',
	on: target,
	async run(office, { ids, everywhere }, by): Promise<Done> {
		if (everywhere) return atAllNodes(office, by, 'queue retry', { ids })
		found(await office.queue.retry(ids.length > 0 ? ids : null))
		return { ids }
	},
})

export const holdQueued = verb({
	about: 'keep messages from leaving until they are released',
	input: ids,
	act: 'queue:change',
	on: target,
	async run(office, { ids, everywhere }, by): Promise<Done> {
		if (everywhere) return atAllNodes(office, by, 'queue hold', { ids })
		found(await office.queue.hold(ids, true))
		return { ids }
	},
})

export const releaseQueued = verb({
	about: 'let held messages go',
	input: ids,
	act: 'queue:change',
	on: target,
	async run(office, { ids, everywhere }, by): Promise<Done> {
		if (everywhere) return atAllNodes(office, by, 'queue release', { ids })
		found(await office.queue.hold(ids, false))
		return { ids }
	},
})

export const dropQueued = verb({
	about: 'take messages out of the queue; the sender gets a report unless told otherwise',
	input: ids.extend({ report: z.boolean().exactOptional() }),
	act: 'queue:change',
	on: target,
	async run(office, { everywhere, ...input }, by): Promise<Done> {
		if (everywhere) return atAllNodes(office, by, 'queue drop', input)
		found(await office.queue.drop(input.ids, input.report ?? true))
		return { ids: input.ids }
	},
})

type Done = { ids: string[]; missing?: string[] }

/** Said to every node; those that have none of the messages have nothing to do. `missing` did not answer. */
async function atAllNodes(
	office: Office,
	by: Actor,
	name: 'queue retry' | 'queue hold' | 'queue release' | 'queue drop',
	input: { ids: string[] },
): Promise<Done> {
	let anywhere = input.ids.length === 0
	const missing: string[] = []
	for (const result of await Promise.allSettled(
		office.directory.nodes().map(({ id }) => sayAt(office, by, id, name, input)),
	)) {
		if (result.status === 'fulfilled') anywhere = true
		else if (!(result.reason instanceof CannotBeDone)) throw result.reason
		else if (result.reason.code === 'node-unreachable') missing.push(String(result.reason.more.node))
		else if (result.reason.code !== 'no-such-message') throw result.reason
	}
	found(anywhere)
	return { ids: input.ids, missing }
}

function found(any: boolean): void {
	if (!any)
		throw new CannotBeDone('no such message waits here; "queue list" shows their ids', 'no-such-message')
}

function view({ directory }: Office, item: QueueView) {
	const node = item.route.startsWith('node:')
		? directory.nodes().find(one => one.id === item.route.slice(5))
		: undefined
	return {
		id: item.id,
		from: item.reversePath,
		to: item.recipient,
		size: item.size,
		arrived: new Date(item.arrived).toISOString(),
		next: new Date(item.due).toISOString(),
		expires: new Date(item.expires).toISOString(),
		attempts: item.attempts,
		held: item.held,
		/** Not before this time, as its sender wished (RFC 4865). */
		sendAt: item.release === null ? null : new Date(item.release).toISOString(),
		destination: node ? node.description || node.ip : item.route.replace(/^\w+:/, ''),
		route: item.route,
		/** The address of the node it is for, as others reach it. */
		at: node ? `${node.ip}:${node.webPort}` : null,
		why: item.why,
		reason: item.reason,
	}
}
