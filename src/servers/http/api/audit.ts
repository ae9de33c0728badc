import { z } from 'zod'
import { page, pageAfter, paging, route } from './route.ts'
import { auditChain, auditEntry, listOf } from './shapes.ts'

const time = z.iso.datetime({ offset: true }).exactOptional()

export const audit = [
	route({
		method: 'GET',
		path: '/audit',
		answer: listOf(auditEntry),
		about: 'Who did what, when, from where, and what it was before and after; the latest first, of all nodes',
		query: paging.extend({
			from: time,
			to: time,
			person: z.string().max(320).exactOptional().describe('address or account id'),
			node: z.string().max(100).exactOptional(),
		}),
		says: ['audit list'],
		async run({ say, office, query: { limit, cursor, q, ...filter } }) {
			const found = await say('audit list', {
				...filter,
				...(q ? { object: q } : {}),
				...(cursor ? { before: cursor } : {}),
				limit: limit + 1,
			})
			// What those wrote lately whom we cannot hear now is not here yet.
			const missing = office.cluster.links.peers().filter(({ state }) => state !== 'up')
			return { ...pageAfter(found, limit), missing: missing.map(({ id }) => id) }
		},
	}),
	route({
		method: 'GET',
		path: '/audit/verify',
		answer: listOf(auditChain),
		about: 'Is the log as it was written, here and in the copies of the other nodes?',
		query: paging,
		says: ['audit verify'],
		run: async ({ say, query }) => page(await say('audit verify'), query),
	}),
]
