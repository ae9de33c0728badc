import { z } from 'zod'
import { setCookie } from '../who.ts'
import { page, paging, route } from './route.ts'
import { appPassword, listOf, newAppPassword, totp } from './shapes.ts'

const password = z.string().min(1).max(1000)

/** What everybody may change of his own account. */
export const own = [
	route({
		method: 'POST',
		path: '/session/password',
		about: "Change one's own password; ends all other sessions",
		body: z.object({ old: z.string().max(1000), password }),
		status: 204,
		says: ['account change-password'],
		async run({ say, who, body, office, reply }) {
			await say('account change-password', { address: who.account.id, ...body })
			if (!who.session) return
			const { token, until } = office.directory.sessions.open(who.account, who.session)
			setCookie(reply, token, until)
		},
	}),
	route({
		method: 'GET',
		path: '/session/totp',
		answer: totp,
		about: 'Is the second factor on?',
		says: ['account totp show'],
		run: ({ say, who }) => say('account totp show', { address: who.account.id }),
	}),
	route({
		method: 'POST',
		path: '/session/totp',
		answer: z.object({ secret: z.string(), uri: z.string() }),
		about: 'A secret for an authenticator app, not yet kept; `uri` is what a QR code shows',
		says: ['account totp propose'],
		run: ({ say, who }) => say('account totp propose', { address: who.account.id }),
	}),
	route({
		method: 'PUT',
		path: '/session/totp',
		answer: z.object({ on: z.boolean(), recoveryCodes: z.array(z.string()) }),
		about: 'Turn the second factor on with the first code of the app; gives the recovery codes, once',
		body: z.object({ secret: z.string().max(200), code: z.string().max(20) }),
		says: ['account totp on'],
		run: ({ say, who, body }) => say('account totp on', { address: who.account.id, ...body }),
	}),
	route({
		method: 'DELETE',
		path: '/session/totp',
		answer: z.object({ on: z.boolean() }),
		about: 'Turn the second factor off',
		body: z.object({ password }),
		says: ['account totp off'],
		run: ({ say, who, body }) => say('account totp off', { address: who.account.id, old: body.password }),
	}),
	route({
		method: 'GET',
		path: '/session/app-passwords',
		answer: listOf(appPassword),
		about: "Passwords of one's mail programs and devices",
		query: paging,
		says: ['account app-password list'],
		run: async ({ say, who, query }) =>
			page(await say('account app-password list', { address: who.account.id }), query),
	}),
	route({
		method: 'POST',
		path: '/session/app-passwords',
		answer: newAppPassword,
		about: 'A password for one mail program or device; shown once',
		body: z.object({ name: z.string().max(100) }),
		status: 201,
		says: ['account app-password add'],
		run: ({ say, who, body }) => say('account app-password add', { address: who.account.id, ...body }),
	}),
	route({
		method: 'DELETE',
		path: '/session/app-passwords/:id',
		about: 'Whoever has this app password cannot sign in any more',
		params: z.object({ id: z.string().max(100) }),
		status: 204,
		says: ['account app-password remove'],
		run: ({ say, who, params }) => say('account app-password remove', { address: who.account.id, ...params }),
	}),
]
