import { z } from 'zod'
import { CannotBeDone, sayAt } from '../../../admin/index.ts'
import { actorOf } from '../who.ts'
import { route } from './route.ts'

const account = z.object({ account: z.string().max(320).describe('address or id') })
const domain = z.object({ domain: z.string().min(1).max(300) })
const limit = z
	.union([z.number().int().min(0), z.null(), z.literal('default')])
	.exactOptional()
	.describe('null = without limit, "default" = as the level above says')
const limits = z.object({
	storage: limit.describe('octets'),
	messages: limit,
})

/** How much mail people may hold: an account's own limits, and those of a domain for all of whom nothing else is said. */
export const quotas = [
	route({
		method: 'GET',
		path: '/accounts/:account/quota',
		about: 'What the account may hold, and holds (`used` is null while its home does not answer)',
		params: account,
		async run({ say, office, who, params }) {
			const input = { address: params.account }
			const { node, id } = await say('account show', input)
			try {
				return await sayAt(office, actorOf(who), node, 'account quota show', { address: id })
			} catch (error) {
				if (!(error instanceof CannotBeDone)) throw error
				return say('account quota show', input)
			}
		},
	}),
	route({
		method: 'PUT',
		path: '/accounts/:account/quota',
		about: 'Set what the account may hold; what is not named stays as it is',
		params: account,
		body: limits,
		run: ({ say, params, body }) => say('account quota', { ...body, address: params.account }),
	}),
	route({
		method: 'GET',
		path: '/domains/:domain/quota',
		about: 'What accounts of the domain may hold when nothing else is said of them',
		params: domain,
		run: ({ say, params }) => say('domain quota show', params),
	}),
	route({
		method: 'PUT',
		path: '/domains/:domain/quota',
		about: 'Set what accounts of the domain may hold; what is not named stays as it is',
		params: domain,
		body: limits,
		run: ({ say, params, body }) => say('domain quota', { ...body, ...params }),
	}),
]
