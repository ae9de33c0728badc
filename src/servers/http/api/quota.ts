import { z } from 'zod'
import { route } from './route.ts'
import { accountQuota, domainQuota, quotaWish } from './shapes.ts'

const account = z.object({ account: z.string().max(320).describe('address or id') })
const domain = z.object({ domain: z.string().min(1).max(300) })

/** How much mail people may hold: an account's own limits, and those of a domain for all of whom nothing else is said. */
export const quotas = [
	route({
		method: 'GET',
		path: '/accounts/:account/quota',
		answer: accountQuota,
		about: 'What the account may hold, and holds (`used` is null while its home does not answer)',
		params: account,
		says: ['account quota show'],
		run: ({ say, params }) => say('account quota show', { address: params.account }),
	}),
	route({
		method: 'PUT',
		path: '/accounts/:account/quota',
		answer: accountQuota,
		about: 'Set what the account may hold; what is not named stays as it is',
		params: account,
		body: quotaWish,
		says: ['account quota'],
		run: ({ say, params, body }) => say('account quota', { ...body, address: params.account }),
	}),
	route({
		method: 'GET',
		path: '/domains/:domain/quota',
		answer: domainQuota,
		about: 'What accounts of the domain may hold when nothing else is said of them',
		params: domain,
		says: ['domain quota show'],
		run: ({ say, params }) => say('domain quota show', params),
	}),
	route({
		method: 'PUT',
		path: '/domains/:domain/quota',
		answer: domainQuota,
		about: 'Set what accounts of the domain may hold; what is not named stays as it is',
		params: domain,
		body: quotaWish,
		says: ['domain quota'],
		run: ({ say, params, body }) => say('domain quota', { ...body, ...params }),
	}),
]
