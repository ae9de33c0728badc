import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { alias, listOf } from './shapes.ts'

const address = z.string().min(3).max(320)

export const aliases = [
	route({
		method: 'GET',
		path: '/aliases',
		answer: listOf(alias),
		about: 'Addresses that stand for others',
		query: paging,
		says: ['alias list'],
		run: async ({ say, query }) => page(await say('alias list'), query),
	}),
	route({
		method: 'POST',
		path: '/aliases',
		answer: alias,
		about: 'Another address for an account, or one address for several',
		body: z.object({ address, targets: z.array(address).min(1).max(10_000) }),
		status: 201,
		says: ['alias add'],
		run: ({ say, body }) => say('alias add', body),
	}),
	route({
		method: 'DELETE',
		path: '/aliases/:address',
		about: 'Remove an alias',
		params: z.object({ address }),
		status: 204,
		says: ['alias remove'],
		run: ({ say, params }) => say('alias remove', params),
	}),
]
