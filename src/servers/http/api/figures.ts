import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { listOf } from './shapes.ts'
import { alert, figures as shape } from './shapes-mail.ts'

export const figures = [
	route({
		method: 'GET',
		path: '/figures',
		answer: shape,
		about: 'Mail in, out and between nodes, refusals, sign-ins, storage and load of all nodes, by the hour',
		query: z.object({ hours: z.coerce.number().int().min(1).max(720).default(24) }),
		says: ['figures'],
		run: ({ say, query }) => say('figures', query),
	}),
	route({
		method: 'GET',
		path: '/alerts',
		answer: listOf(alert),
		about: 'What is or was not well, the open ones first; `missing` names nodes that did not answer',
		query: paging.extend({ open: z.enum(['true', 'false']).default('false') }),
		says: ['alert list'],
		async run({ say, query }) {
			const { alerts, missing } = await say('alert list', query.open === 'true' ? { open: true } : {})
			return { ...page(alerts, query), missing }
		},
	}),
]
