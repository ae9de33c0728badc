import { Readable } from 'node:stream'
import { z } from 'zod'
import type { Answer } from '../../../admin/index.ts'
import { csvOf } from './csv.ts'
import { pageAfter, paging, route } from './route.ts'
import { forward, listOf } from './shapes.ts'

// Rows of a file read at a time: others have their turn between.
const PAGE = 1000

export const forwards = [
	route({
		method: 'GET',
		path: '/forwards',
		answer: listOf(forward),
		about:
			'The SMTP forwarding table: address of another node and that node; ?format=csv gives all of it as a file',
		query: paging.extend({
			node: z.string().exactOptional(),
			domain: z.string().exactOptional(),
			format: z.enum(['json', 'csv']).default('json'),
		}),
		says: ['forwards'],
		async run({ say, reply, query: { limit, cursor, q, format, ...filter } }) {
			const wanted = { ...filter, ...(q ? { search: q } : {}) }
			if (format === 'csv') {
				reply.header('content-disposition', 'attachment; filename="forwards.csv"')
				reply.type('text/csv; charset=utf-8')
				return Readable.from(
					csvOf<Answer<'forwards'>[number]>(['address', 'node', 'description'], after =>
						say('forwards', { ...wanted, ...(after ? { after } : {}), limit: PAGE }),
					),
				) as never // a file, not the list
			}
			const found = await say('forwards', {
				...wanted,
				...(cursor ? { after: cursor } : {}),
				limit: limit + 1,
			})
			return pageAfter(found, limit)
		},
	}),
]
