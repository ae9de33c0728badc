import { z } from 'zod'
import { accountNamed, accountTarget } from './place.ts'
import { CannotBeDone, type Office, verb } from './verb.ts'

const address = z.string().min(3)
const on = (office: Office, { address }: { address: string }) => accountTarget(office, address)

export const addAppPassword = verb({
	about: 'a password for one mail program or device; it is shown once',
	input: z.object({ address, name: z.string() }),
	act: 'accounts:password',
	on,
	async run(office, { address, name }) {
		const account = accountNamed(office, address)
		const { id, password } = await office.directory.appPasswords.add(account.id, name)
		return { address: account.address, id, name, password }
	},
})

export const listAppPasswords = verb({
	about: "an account's app passwords, and when each was last used at this node",
	input: z.object({ address }),
	act: 'accounts:read',
	on,
	run(office, { address }) {
		const all = office.directory.appPasswords.list(accountNamed(office, address).id)
		return all.map(({ id, name, created, lastUsed }) => ({
			id,
			name,
			created: iso(created),
			lastUsed: lastUsed === null ? null : iso(lastUsed),
		}))
	},
})

export const removeAppPassword = verb({
	about: 'whoever has this app password cannot sign in any more',
	input: z.object({ address, id: z.string() }),
	act: 'accounts:password',
	on,
	run(office, { address, id }) {
		const account = accountNamed(office, address)
		office.directory.appPasswords.remove(account.id, id)
		return { address: account.address, id }
	},
})

export const showTotp = verb({
	about: 'is the second factor on?',
	input: z.object({ address }),
	act: 'accounts:read',
	on,
	run(office, { address }) {
		const account = accountNamed(office, address)
		return { address: account.address, ...office.directory.secondFactor.status(account.id) }
	},
})

export const resetTotp = verb({
	about: 'turn the second factor off for someone who lost phone and recovery codes',
	input: z.object({ address }),
	act: 'accounts:password',
	on,
	run(office, { address }) {
		const account = accountNamed(office, address)
		if (!office.directory.secondFactor.status(account.id).on) {
			throw new CannotBeDone(`${account.address} has no second factor`)
		}
		office.directory.secondFactor.turnOff(account.id)
		return { address: account.address, on: false }
	},
})

function iso(ms: number): string {
	return new Date(ms).toISOString()
}
