import { z } from 'zod'
import type { House } from '../../types.ts'
import { WebProblem } from '../problem.ts'
import { clientOf, setCookie, unknownYet, type Who, who } from '../who.ts'
import { type Ask, page, paging, route } from './route.ts'
import { listOf, session, signedIn } from './shapes.ts'

const signIn = z.object({
	login: z.string().min(1).max(320),
	password: z.string().min(1).max(1000),
	/** Of the authenticator app, where the account has one. */
	totp: z.string().max(20).exactOptional(),
})

/** Who is signed in, and what he may. */
function view({ address, account, via, grants, scopes, session }: Who) {
	return {
		account: account.id,
		address,
		name: account.name,
		via,
		grants: grants.map(({ id, role, domain, unit }) => ({ id, role, domain, unit })),
		scopes,
		session: session && { id: session.id, since: session.since, ends: session.ends },
	}
}

type Refused = Exclude<Awaited<ReturnType<House['signIn']>>, { ok: true }>

function refusal(result: Refused): WebProblem {
	switch (result.why) {
		case 'disabled':
			return new WebProblem(403, 'account-disabled', 'This account is disabled. Ask your administrator.')
		case 'code':
			return new WebProblem(401, 'totp-needed', 'The password is right; give the code of your app as well.')
		case 'too-many':
			return new WebProblem(
				429,
				'too-many-attempts',
				'Too many wrong passwords. Wait a little and try again.',
				{
					seconds: result.seconds,
				},
			)
		case 'not-now':
			return unknownYet()
		default:
			return new WebProblem(401, 'login-wrong', 'The address or the password is wrong.')
	}
}

async function begin({ body, request, reply, office, house }: Ask<unknown, unknown, z.infer<typeof signIn>>) {
	const client = clientOf(request)
	const result = await house.signIn(body.login, body.password, body.totp ?? '', client)
	if (!result.ok) throw refusal(result)
	const program = request.headers['user-agent'] ?? ''
	const { token, until, session } = office.directory.sessions.open(result.account, { client, program })
	setCookie(reply, token, until)
	const { account } = result
	const grants = office.directory.access.grants(account.id)
	return view({
		account,
		address: account.address,
		via: 'session',
		credential: `session:${session.id}`,
		grants,
		scopes: null,
		session,
		client,
	})
}

export const sessions = [
	route({
		method: 'POST',
		path: '/session',
		answer: signedIn,
		about: 'Sign in: sets a cookie that is good at every node',
		body: signIn,
		open: true,
		run: begin,
	}),
	route({
		method: 'GET',
		path: '/session',
		answer: signedIn,
		about: 'Who is signed in, and what he may',
		run: ({ who }) => view(who),
	}),
	route({
		method: 'DELETE',
		path: '/session',
		about: 'Sign out',
		open: true,
		status: 204,
		async run({ request, reply, house, office }) {
			const person = await who(request, { house, directory: office.directory })
			if (person?.session) office.directory.sessions.end(person.account.id, person.session.id)
			setCookie(reply, '', null)
		},
	}),
	route({
		method: 'GET',
		path: '/sessions',
		answer: listOf(session),
		about: 'Where one is signed in',
		query: paging,
		says: ['session list'],
		async run({ say, who, query }) {
			const all = await say('session list', { address: who.account.id })
			return page(
				all.map(one => ({ ...one, current: one.id === who.session?.id })),
				query,
			)
		},
	}),
	route({
		method: 'DELETE',
		path: '/sessions',
		about: 'Sign out everywhere but here',
		status: 204,
		says: ['session end'],
		run: ({ say, who }) =>
			say('session end', { address: who.account.id, ...(who.session ? { except: who.session.id } : {}) }),
	}),
	route({
		method: 'DELETE',
		path: '/sessions/:id',
		about: 'Sign out elsewhere',
		params: z.object({ id: z.string().max(100) }),
		status: 204,
		says: ['session end'],
		run: ({ who, say, params }) => say('session end', { address: who.account.id, ...params }),
	}),
]
