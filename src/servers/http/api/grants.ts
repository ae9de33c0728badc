import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { grant, listOf } from './shapes.ts'

export const grants = [
	route({
		method: 'GET',
		path: '/grants',
		answer: listOf(grant),
		about: 'Who may administer what',
		query: paging.extend({ role: z.string().exactOptional() }),
		run: async ({ say, query }) =>
			page(
				(await say('admin list')).filter(one => !query.role || one.role === query.role),
				query,
			),
	}),
	route({
		method: 'POST',
		path: '/grants',
		answer: grant,
		about: 'Let somebody administer; the same twice is one',
		body: z.object({
			address: z.string().min(3).max(320).describe('address or id of the account'),
			role: z.enum(['admin', 'domain', 'unit', 'helpdesk', 'auditor']),
			domain: z.string().min(1).max(300).exactOptional(),
			unit: z.string().min(1).max(300).exactOptional(),
		}),
		status: 201,
		run: ({ say, body }) => say('admin grant', body),
	}),
	route({
		method: 'DELETE',
		path: '/grants/:id',
		about: 'Take a right away',
		params: z.object({ id: z.string().max(400) }),
		status: 204,
		run: ({ say, params }) => say('admin remove', params),
	}),
]
