import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { grant, listOf } from './shapes.ts'

const given = z.object({
	address: z.string().min(3).max(320).describe('address or id of the account'),
	role: z.enum(['admin', 'domain', 'unit', 'helpdesk', 'auditor']),
	domain: z.string().min(1).max(300).exactOptional(),
	unit: z.string().min(1).max(300).exactOptional(),
})

export const grants = [
	route({
		method: 'GET',
		path: '/grants',
		answer: listOf(grant),
		about: 'Who may administer what',
		query: paging.extend({ role: z.string().exactOptional() }),
		says: ['admin list'],
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
		body: given,
		status: 201,
		says: ['admin grant'],
		run: ({ say, body }) => say('admin grant', body),
	}),
	route({
		method: 'DELETE',
		path: '/grants',
		about: 'Take a right away, named as it was given',
		query: given,
		status: 204,
		says: ['admin revoke'],
		run: ({ say, query }) => say('admin revoke', query),
	}),
	route({
		method: 'DELETE',
		path: '/grants/:id',
		about: 'Take a right away',
		params: z.object({ id: z.string().max(400) }),
		status: 204,
		says: ['admin remove'],
		run: ({ say, params }) => say('admin remove', params),
	}),
]
