import { z } from 'zod'
import { SCOPES } from '../../../admin/index.ts'
import { page, paging, route } from './route.ts'
import { listOf, newToken, token } from './shapes.ts'

export const tokens = [
	route({
		method: 'GET',
		path: '/tokens',
		answer: listOf(token),
		about: "One's own API tokens",
		query: paging,
		says: ['token list'],
		run: async ({ say, query }) => page(await say('token list'), query),
	}),
	route({
		method: 'POST',
		path: '/tokens',
		answer: newToken,
		about: 'A key for programs: Authorization: Bearer …; shown once',
		body: z.object({
			name: z.string().trim().min(1).max(100),
			scopes: z.array(z.enum(SCOPES as [string, ...string[]])).min(1),
			days: z.number().int().min(1).max(3650).nullable().default(90),
		}),
		status: 201,
		says: ['token add'],
		run: ({ say, body }) => say('token add', body),
	}),
	route({
		method: 'DELETE',
		path: '/tokens/:id',
		about: 'Nobody can use this token any more',
		params: z.object({ id: z.string().max(100) }),
		status: 204,
		says: ['token remove'],
		run: ({ say, params }) => say('token remove', params),
	}),
]
