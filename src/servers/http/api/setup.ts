import { z } from 'zod'
import { FIRST, say } from '../../../admin/index.ts'
import { WebProblem } from '../problem.ts'
import { clientOf, setCookie } from '../who.ts'
import { type Ask, route } from './route.ts'
import { joinCode } from './shapes.ts'

const address = z.string().min(3).max(320)
const password = z.string().min(1).max(1000)

/** Who is not signed in may do this only as long as nobody administers (the guard of the first start saw to the rest). */
function atFirst({ office, request }: Pick<Ask<unknown, unknown, unknown>, 'office' | 'request'>) {
	if (office.directory.access.hasAdministrator) {
		throw new WebProblem(
			409,
			'set-up-already',
			'This server is set up already; sign in as its administrator.',
		)
	}
	return { ...FIRST, client: clientOf(request) }
}

export const setup = [
	route({
		method: 'GET',
		path: '/setup',
		answer: z.object({
			needed: z.boolean(),
			hostname: z.string().exactOptional(),
			version: z.string().exactOptional(),
			domains: z.array(z.string()).exactOptional(),
			member: z.boolean().exactOptional(),
		}),
		about: 'Is the first start still to be done?',
		open: true,
		run: ({ office }) => {
			if (office.directory.access.hasAdministrator) return { needed: false }
			const { hostname, version, directory } = office
			return {
				needed: true,
				hostname,
				version,
				domains: directory.domains(),
				member: directory.nodes().length > 1,
			}
		},
	}),
	route({
		method: 'POST',
		path: '/setup',
		answer: z.object({ id: z.string(), address: z.string(), domain: z.string() }),
		about: 'The first start: domain, administrator, first account; signs the administrator in',
		open: true,
		body: z.object({
			domain: z.string().min(1).max(300),
			admin: address,
			password,
			name: z.string().max(1000).exactOptional(),
			account: z.object({ address, password, name: z.string().max(1000).exactOptional() }).exactOptional(),
		}),
		status: 201,
		says: ['setup'],
		async run(ask) {
			const { office, body, request, reply } = ask
			const by = atFirst(ask)
			const done = await say(office, by, 'setup', body)
			const from = { client: by.client, program: request.headers['user-agent'] ?? '' }
			const { token, until } = office.directory.sessions.open(office.directory.account(done.id)!, from)
			setCookie(reply, token, until)
			return done
		},
	}),
	route({
		method: 'POST',
		path: '/setup/code',
		answer: joinCode,
		about: 'Instead of a first start: the code by which a member of a cluster takes this node in',
		open: true,
		status: 201,
		says: ['node code'],
		run: ask => say(ask.office, atFirst(ask), 'node code', {}),
	}),
]
