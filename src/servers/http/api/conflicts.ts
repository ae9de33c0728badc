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
	route({
		method: 'POST',
		path: '/conflicts/:account/merge',
		answer: z.object({ address: z.string(), into: z.string() }),
		about:
			'Settle a conflict of two accounts of one person: all mail goes into the other account, in the background; the first is no more then',
		params: z.object({ account: z.string().max(320).describe('id or substitute address') }),
		body: z.object({
			into: z.string().min(3).max(320).exactOptional().describe('default: who has the address'),
		}),
		says: ['conflict list', 'account merge'],
		async run({ say, params, body }) {
			const conflict = (await say('conflict list')).find(({ id, address }) =>
				[id, address].includes(params.account),
			)
			const into = body.into ?? conflict?.holder?.id ?? conflict?.claimed
			return say('account merge', { address: params.account, into: into ?? params.account })
		},
	}),
]
