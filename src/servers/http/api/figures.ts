import { z } from 'zod'
import { route } from './route.ts'

export const figures = [
	route({
		method: 'GET',
		path: '/figures',
		about: 'Mail in, out and between nodes, refusals, sign-ins, storage and load of all nodes, by the hour',
		query: z.object({ hours: z.coerce.number().int().min(1).max(720).default(24) }),
		run: ({ say, query }) => say('figures', query),
	}),
	route({
		method: 'GET',
		path: '/alerts',
		about: 'What is or was not well, the open ones first; `missing` names nodes that did not answer',
		query: z.object({ open: z.enum(['true', 'false']).default('false') }),
		async run({ say, query }) {
			const { alerts, missing } = await say('alert list', query.open === 'true' ? { open: true } : {})
			return { items: alerts, next: null, missing }
		},
	}),
]
