import { z } from 'zod'
import { paging, route } from './route.ts'
import { listOf } from './shapes.ts'
import { waiting, waitingMessage } from './shapes-mail.ts'

const at = { node: z.string().max(300).exactOptional().describe('default: this node; "all" = all nodes') }
const ids = z.array(z.string().min(1).max(100)).max(10_000)
const some = z.object({ ...at, ids: ids.min(1) })
const done = z.object({
	ids: z.array(z.string()),
	missing: z.array(z.string()).exactOptional().describe('ids of nodes that did not answer'),
})

/** One verb of the queue, at the node that has the messages, or at all. */
const act = (verb: 'retry' | 'hold' | 'release', about: string, body = some) =>
	route({
		method: 'POST',
		path: `/queue/${verb}`,
		answer: done,
		about,
		body,
		says: [`queue ${verb}`],
		run: ({ sayAt, body: { node, ids } }) =>
			node === 'all'
				? sayAt(undefined, `queue ${verb}`, { ids, everywhere: true })
				: sayAt(node, `queue ${verb}`, { ids }),
	})

export const queue = [
	route({
		method: 'GET',
		path: '/queue',
		answer: listOf(waiting),
		about:
			'Mail that waits, and why, the oldest first: at this node, at another, or at all (`missing` did not answer)',
		query: paging.extend({ ...at, held: z.enum(['true', 'false']).exactOptional() }),
		says: ['queue everywhere'],
		run: ({ office, say, query: { node, limit, cursor, q, held } }) =>
			say('queue everywhere', {
				...(node === 'all' ? {} : { node: node ?? office.self }),
				...(held ? { held: held === 'true' } : {}),
				...(q ? { search: q } : {}),
				...(cursor ? { after: cursor } : {}),
				limit,
			}),
	}),
	route({
		method: 'GET',
		path: '/queue/:id',
		answer: waitingMessage,
		about: 'One waiting message: its recipients, its header',
		params: z.object({ id: z.string().max(100) }),
		query: z.object(at),
		says: ['queue show'],
		run: ({ sayAt, params, query }) => sayAt(query.node, 'queue show', params),
	}),
	act('retry', 'Try messages now; without ids all that wait', z.object({ ...at, ids })),
	act('hold', 'Keep messages from leaving until they are released'),
	act('release', 'Let held messages go'),
	route({
		method: 'POST',
		path: '/queue/drop',
		answer: done,
		about: 'Take messages out of the queue; the sender gets a report unless told otherwise',
		body: some.extend({ report: z.boolean().default(true) }),
		says: ['queue drop'],
		run: ({ sayAt, body: { node, ...input } }) =>
			node === 'all'
				? sayAt(undefined, 'queue drop', { ...input, everywhere: true })
				: sayAt(node, 'queue drop', input),
	}),
]
