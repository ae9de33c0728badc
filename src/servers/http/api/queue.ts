import { z } from 'zod'
import { type Answer, type Office, sayAt, sayEverywhere } from '../../../admin/index.ts'
import { actorOf, type Who } from '../who.ts'
import { paging, route } from './route.ts'
import { listOf, waiting } from './shapes.ts'

const at = { node: z.string().max(300).exactOptional().describe('default: this node') }
const ids = z.object({ ...at, ids: z.array(z.string().min(1).max(100)).min(1).max(10_000) })
// Of a whole cluster's queue so much is gathered; who has more filters by node.
const MOST = 10_000

type Waiting = Answer<'queue list'>[number] & { node: string }

async function gather(
	office: Office,
	who: Who,
	node: string,
): Promise<{ items: Waiting[]; missing: string[] }> {
	const by = actorOf(who)
	const found =
		node === 'all'
			? await sayEverywhere(office, by, 'queue list', { limit: MOST })
			: {
					answers: [{ node, answer: await sayAt(office, by, node, 'queue list', { limit: MOST }) }],
					missing: [],
				}
	const items = found.answers.flatMap(({ node, answer }) => answer.map(item => ({ ...item, node })))
	return { items, missing: found.missing }
}

/** One verb of the queue, at the node that has the messages. */
const act = (verb: 'retry' | 'hold' | 'release', about: string) =>
	route({
		method: 'POST',
		path: `/queue/${verb}`,
		about,
		body: ids,
		run: ({ office, who, body: { node, ids } }) =>
			sayAt(office, actorOf(who), node ?? office.self, `queue ${verb}`, { ids }),
	})

export const queue = [
	route({
		method: 'GET',
		path: '/queue',
		answer: listOf(waiting),
		about:
			'Mail that waits, and why: at this node, at another, or at all (node=all; `missing` names who did not answer)',
		query: paging.extend({ ...at, held: z.enum(['true', 'false']).exactOptional() }),
		async run({ office, who, query: { node, limit, cursor, q, held } }) {
			const { items, missing } = await gather(office, who, node ?? office.self)
			const part = q?.toLowerCase()
			const found = items
				.filter(item => held === undefined || item.held === (held === 'true'))
				.filter(
					item => !part || `${item.from} ${item.to} ${item.id} ${item.reason}`.toLowerCase().includes(part),
				)
				.sort((one, other) => (one.arrived < other.arrived ? -1 : 1))
			const from = Number.parseInt(cursor ?? '0', 10) || 0
			const next = from + limit < found.length ? String(from + limit) : null
			return { items: found.slice(from, from + limit), next, total: found.length, missing }
		},
	}),
	route({
		method: 'GET',
		path: '/queue/:id',
		about: 'One waiting message: its recipients, its header',
		params: z.object({ id: z.string().max(100) }),
		query: z.object(at),
		run: ({ office, who, params, query }) =>
			sayAt(office, actorOf(who), query.node ?? office.self, 'queue show', params),
	}),
	act('retry', 'Try messages now'),
	act('hold', 'Keep messages from leaving until they are released'),
	act('release', 'Let held messages go'),
	route({
		method: 'POST',
		path: '/queue/drop',
		about: 'Take messages out of the queue; the sender gets a report unless told otherwise',
		body: ids.extend({ report: z.boolean().default(true) }),
		run: ({ office, who, body: { node, ...input } }) =>
			sayAt(office, actorOf(who), node ?? office.self, 'queue drop', input),
	}),
]
