import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { conflict, listOf } from './shapes.ts'

export const conflicts = [
	route({
		method: 'GET',
		path: '/conflicts',
		answer: listOf(conflict),
		about: 'Accounts that lost their address to an earlier one of the same name',
		query: paging,
		says: ['conflict list'],
		run: async ({ say, query }) => page(await say('conflict list'), query),
	}),
	route({
		method: 'POST',
		path: '/conflicts/:account/rename',
		answer: z.object({ address: z.string() }),
		about: 'Settle a conflict: the account gets an address of its own',
		params: z.object({ account: z.string().max(320).describe('id or substitute address') }),
		body: z.object({ to: z.string().min(3).max(320) }),
		says: ['account rename'],
		run: ({ say, params, body }) => say('account rename', { address: params.account, to: body.to }),
	}),
]
