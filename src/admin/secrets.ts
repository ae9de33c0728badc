import { z } from 'zod'
import { type Account, verifyPassword } from '../directory/index.ts'
import { Limiter } from '../kit/index.ts'
import { accountNamed, accountTarget } from './place.ts'
import { CannotBeDone, type Office, verb } from './verb.ts'

const address = z.string().min(3)
const on = (office: Office, { address }: { address: string }) => accountTarget(office, address)

export const addAppPassword = verb({
	about: 'a password for one mail program or device; it is shown once',
	input: z.object({ address, name: z.string() }),
	act: 'accounts:password',
	on,
	own: true,
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
	own: true,
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
	own: true,
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
	own: true,
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

export const changeOwnPassword = verb({
	about: 'change a password by showing the old one',
	input: z.object({ address, old: z.string().max(1000), password: z.string().min(1).max(1000) }),
	act: 'accounts:password',
	on,
	own: true,
	async run(office, { address, old, password }) {
		const account = accountNamed(office, address)
		await proved(office, account, old)
		await office.directory.changePassword(account.id, password)
		return { address: account.address }
	},
})

export const proposeTotp = verb({
	about: 'a secret for an authenticator app; it counts when "totp on" has been said with its first code',
	input: z.object({ address }),
	act: 'accounts:password',
	on,
	own: true,
	run: (office, { address }) => office.directory.secondFactor.propose(accountNamed(office, address).address),
})

export const turnTotpOn = verb({
	about: 'ask for the code of the app from now on; gives the recovery codes, once',
	input: z.object({ address, secret: z.string().max(200), code: z.string().max(20) }),
	act: 'accounts:password',
	on,
	own: true,
	run(office, { address, secret, code }) {
		const account = accountNamed(office, address)
		return { on: true, recoveryCodes: office.directory.secondFactor.turnOn(account.id, secret, code) }
	},
})

export const turnTotpOff = verb({
	about: 'turn the second factor off by showing the password',
	input: z.object({ address, old: z.string().max(1000) }),
	act: 'accounts:password',
	on,
	own: true,
	async run(office, { address, old }) {
		const account = accountNamed(office, address)
		await proved(office, account, old)
		office.directory.secondFactor.turnOff(account.id)
		return { on: false }
	},
})

// So many wrong ones, then nobody can guess on for a while: whoever has somebody's session has not his password.
const MOST_WRONG = 10
const WRONG_MS = 10 * 60_000
const wrong = new WeakMap<Office, Limiter>()

/** A page left open in an office must not be enough. */
async function proved(office: Office, { id, passwordHash }: Account, password: string): Promise<void> {
	const failures = wrong.get(office) ?? new Limiter(WRONG_MS, office.clock)
	wrong.set(office, failures)
	if (failures.count(id) >= MOST_WRONG) {
		const seconds = WRONG_MS / 1000
		const words = `too many wrong passwords; try again in ${seconds / 60} minutes`
		throw new CannotBeDone(words, 'too-many-attempts', { seconds })
	}
	failures.add(id) // before it is looked at: many at one time are many too
	if (!(await verifyPassword(passwordHash, password))) {
		throw new CannotBeDone('the old password is wrong', 'password-wrong')
	}
	failures.add(id, -1)
}

function iso(ms: number): string {
	return new Date(ms).toISOString()
}
