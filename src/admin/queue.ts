import { z } from 'zod'
import type { QueueView } from '../delivery/index.ts'
import { CannotBeDone, type Office, type Target, verb } from './verb.ts'

const target = (_: Office, { ids }: { ids: string[] }): Target => ({
	place: {},
	object: ids.join(' ') || 'all',
})

const ids = z.object({ ids: z.array(z.string().min(1)).min(1) })

export const listQueue = verb({
	about: 'mail that waits at this node, and why',
	input: z.object({ limit: z.number().int().positive().exactOptional() }),
	act: 'queue:read',
	run: (office, { limit }) =>
		office.queue
			.list()
			.slice(0, limit ?? 10_000)
			.map(item => view(office, item)),
})

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
	about: 'try waiting mail now: the messages named, or all',
	input: z.object({ ids: z.array(z.string().min(1)) }),
	act: 'queue:change',
	on: target,
	async run({ queue }, { ids }) {
		found(await queue.retry(ids.length > 0 ? ids : null))
		return { ids }
	},
})

export const holdQueued = verb({
	about: 'keep messages from leaving until they are released',
	input: ids,
	act: 'queue:change',
	on: target,
	async run({ queue }, { ids }) {
		found(await queue.hold(ids, true))
		return { ids }
	},
})

export const releaseQueued = verb({
	about: 'let held messages go',
	input: ids,
	act: 'queue:change',
	on: target,
	async run({ queue }, { ids }) {
		found(await queue.hold(ids, false))
		return { ids }
	},
})

export const dropQueued = verb({
	about: 'take messages out of the queue; the sender gets a report unless told otherwise',
	input: ids.extend({ report: z.boolean().exactOptional() }),
	act: 'queue:change',
	on: target,
	async run({ queue }, { ids, report }) {
		found(await queue.drop(ids, report ?? true))
		return { ids }
	},
})

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
		reason: item.reason,
	}
}
