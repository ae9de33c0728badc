import { z } from 'zod'
import { hashPassword } from '../directory/index.ts'
import { type Actor, CannotBeDone, type Office, verb } from './verb.ts'

const address = z.string().min(3).max(320)
const password = z.string().min(1).max(1000)

/** Whoever stands before a node that nobody administers yet, and may do so. */
export const FIRST: Actor = {
	id: 'setup',
	name: 'setup',
	grants: [{ role: 'admin', domain: null, unit: null }],
	scopes: null,
	via: 'setup',
	client: '',
}

export const setUp = verb({
	about: 'the first start: a domain, an administrator, and if wanted a first account',
	input: z.object({
		domain: z.string().min(1).max(300),
		admin: address,
		password,
		name: z.string().max(1000).exactOptional(),
		account: z.object({ address, password, name: z.string().max(1000).exactOptional() }).exactOptional(),
	}),
	act: 'settings:change',
	on: (_, { admin, domain }) => ({ place: {}, object: `${admin} ${domain}` }),
	async run(office, { domain, admin, password, name, account }, by) {
		const { directory } = office
		if (directory.access.hasAdministrator) {
			throw new CannotBeDone('this node is set up already; sign in as its administrator', 'set-up-already')
		}
		if (!directory.isOurDomain(domain)) directory.addDomain(domain)
		const id = await ensure(office, { address: admin, password, name: name ?? '' })
		if (account) await ensure(office, { name: '', ...account })
		// Two at one time: one of them.
		if (directory.access.hasAdministrator) {
			throw new CannotBeDone('somebody else has just set this node up', 'set-up-already')
		}
		directory.access.grant({ account: id, role: 'admin', domain: null, unit: null, by: by.id })
		return { id, address: directory.account(id)!.address, domain }
	},
})

/** One that is there already (made by the command line, or by a set-up that broke off) gets this password. */
async function ensure(
	{ directory }: Office,
	{ address, password, name }: { address: string; password: string; name: string },
): Promise<string> {
	const there = directory.accountByAddress(address)
	if (there) {
		await directory.changePassword(there.id, password)
		return there.id
	}
	return directory.addAccount({ address, name, passwordHash: await hashPassword(password) }).id
}
