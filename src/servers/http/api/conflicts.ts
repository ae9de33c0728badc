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
		run: async ({ say, query }) => page(await say('conflict list'), query),
	}),
	route({
		method: 'POST',
		path: '/conflicts/:account/rename',
		about: 'Settle a conflict: the account gets an address of its own',
		params: z.object({ account: z.string().max(320).describe('id or substitute address') }),
		body: z.object({ to: z.string().min(3).max(320) }),
		run: ({ say, params, body }) => say('account rename', { address: params.account, to: body.to }),
	}),
]
