import { z } from 'zod'
import { page, paging, route } from './route.ts'
import { appPassword, listOf, session, totp } from './shapes.ts'

const named = z.object({ account: z.string().max(320).describe('address or id') })
const one = named.extend({ id: z.string().max(100) })

/** What an administrator does about somebody's sessions, devices, and second factor. */
export const secrets = [
	route({
		method: 'GET',
		path: '/accounts/:account/sessions',
		answer: listOf(session.omit({ current: true })),
		about: 'Where somebody is signed in',
		params: named,
		query: paging,
		says: ['session list'],
		run: async ({ say, params, query }) =>
			page(await say('session list', { address: params.account }), query),
	}),
	route({
		method: 'DELETE',
		path: '/accounts/:account/sessions',
		about: 'Sign somebody out everywhere',
		params: named,
		status: 204,
		says: ['session end'],
		run: ({ say, params }) => say('session end', { address: params.account }),
	}),
	route({
		method: 'DELETE',
		path: '/accounts/:account/sessions/:id',
		about: 'Sign somebody out of one session',
		params: one,
		status: 204,
		says: ['session end'],
		run: ({ say, params: { account, id } }) => say('session end', { address: account, id }),
	}),
	route({
		method: 'GET',
		path: '/accounts/:account/app-passwords',
		answer: listOf(appPassword),
		about: "Passwords of somebody's mail programs and devices: their names, and when each was used",
		params: named,
		query: paging,
		says: ['account app-password list'],
		run: async ({ say, params, query }) =>
			page(await say('account app-password list', { address: params.account }), query),
	}),
	route({
		method: 'DELETE',
		path: '/accounts/:account/app-passwords/:id',
		about: 'Whoever has this app password cannot sign in any more',
		params: one,
		status: 204,
		says: ['account app-password remove'],
		run: ({ say, params: { account, id } }) => say('account app-password remove', { address: account, id }),
	}),
	route({
		method: 'GET',
		path: '/accounts/:account/totp',
		answer: totp,
		about: 'Has somebody a second factor?',
		params: named,
		says: ['account totp show'],
		run: ({ say, params }) => say('account totp show', { address: params.account }),
	}),
	route({
		method: 'DELETE',
		path: '/accounts/:account/totp',
		about: 'Turn the second factor off for somebody who lost phone and recovery codes',
		params: named,
		status: 204,
		says: ['account totp reset'],
		run: ({ say, params }) => say('account totp reset', { address: params.account }),
	}),
]
