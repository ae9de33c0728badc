import { z } from 'zod'
import { csv } from './csv.ts'
import { pageAfter, paging, route } from './route.ts'

export const forwards = [
	route({
		method: 'GET',
		path: '/forwards',
		about:
			'The SMTP forwarding table: address of another node and that node; ?format=csv gives all of it as a file',
		query: paging.extend({
			node: z.string().exactOptional(),
			domain: z.string().exactOptional(),
			format: z.enum(['json', 'csv']).default('json'),
		}),
		async run({ say, reply, query: { limit, cursor, q, format, ...filter } }) {
			const wanted = { ...filter, ...(q ? { search: q } : {}) }
			if (format === 'csv') {
				const rows = await say('forwards', wanted)
				reply.header('content-disposition', 'attachment; filename="forwards.csv"')
				reply.type('text/csv; charset=utf-8')
				return csv(['address', 'node', 'description'], rows)
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
