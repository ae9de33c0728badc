import { z } from 'zod'
import type { Session } from '../directory/index.ts'
import { accountNamed, accountTarget } from './place.ts'
import { type Office, verb } from './verb.ts'

const address = z.string().min(3).max(320)
const on = (office: Office, { address }: { address: string }) => accountTarget(office, address)

export const listSessions = verb({
	about: 'where somebody is signed in with a browser, at whichever node',
	input: z.object({ address }),
	act: 'accounts:read',
	on,
	own: true,
	run: (office, { address }) =>
		office.directory.sessions.list(accountNamed(office, address).id).map(session => view(office, session)),
})

export const endSession = verb({
	about: 'sign somebody out: of one session, or of all (a lost laptop)',
	input: z.object({
		address,
		/** Without it: all. */
		id: z.string().min(1).max(100).exactOptional(),
		/** Of all, this one goes on. */
		except: z.string().max(100).exactOptional(),
	}),
	act: 'accounts:password',
	on,
	own: true,
	run(office, { address, id, except }) {
		const account = accountNamed(office, address)
		const { sessions } = office.directory
		const ids = id === undefined ? sessions.list(account.id).map(one => one.id) : [id]
		const ended = ids.filter(one => one !== except)
		for (const one of ended) sessions.end(account.id, one)
		return { address: account.address, ended: ended.length }
	},
})

function view({ directory }: Office, { account: _, node, ...session }: Session) {
	const at = directory.nodes().find(one => one.id === node)
	return { ...session, node, nodeName: at ? at.description || at.hostname || at.ip : node }
}
