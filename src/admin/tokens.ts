import { z } from 'zod'
import type { ApiToken } from '../directory/index.ts'
import { SCOPES } from './may.ts'
import { NotAllowed } from './perform.ts'
import { accountNamed } from './place.ts'
import { type Actor, CannotBeDone, type Office, verb } from './verb.ts'

const address = z.string().min(3).max(320).exactOptional()
const DAY = 86_400_000

export const addToken = verb({
	about: 'a key for programs that use the API in one’s name, not further than its scopes; it is shown once',
	input: z.object({
		/** Whose; for the command line. */
		address,
		name: z.string().trim().min(1).max(100),
		scopes: z.array(z.enum(SCOPES as [string, ...string[]])).min(1),
		/** Days until it ends; null = until it is removed. */
		days: z.number().int().min(1).max(3650).nullable().default(90),
	}),
	act: null,
	writes: true,
	on: (office, { address, name }, by) => ({
		place: {},
		object: `${ownerOf(office, by, address).address} ${name}`,
	}),
	run(office, { address, name, scopes, days }, by) {
		// What a token may do it may not hand on: whoever steals one cannot make himself another that lasts.
		if (by.scopes !== null) throw new NotAllowed('sign in with your password to make a token')
		const ends = days === null ? null : office.clock.now() + days * DAY
		const account = ownerOf(office, by, address).id
		const { token, secret } = office.directory.access.addToken({ account, name, scopes, ends })
		return { ...view(token), token: secret }
	},
})

export const listTokens = verb({
	about: "one's own API tokens",
	input: z.object({ address }),
	act: null,
	run: (office, { address }, by) => office.directory.access.tokens(ownerOf(office, by, address).id).map(view),
})

export const removeToken = verb({
	about: 'nobody can use this token any more',
	input: z.object({ id: z.string().min(1).max(100), address }),
	act: null,
	writes: true,
	on: (_, { id }) => ({ place: {}, object: id }),
	run(office, { id, address }, by) {
		if (by.scopes !== null) throw new NotAllowed('sign in with your password to remove a token')
		const mine = office.directory.access.tokens(ownerOf(office, by, address).id)
		if (!mine.some(token => token.id === id))
			throw new CannotBeDone('there is no such token', 'no-such-token')
		office.directory.access.removeToken(id)
		return { id }
	},
})

/** Oneself; the machine's root says whose. */
function ownerOf(office: Office, by: Actor, address: string | undefined) {
	if (by.id !== 'root') return accountNamed(office, by.id)
	if (address === undefined) throw new CannotBeDone('say whose token it is (--address)', 'input-invalid')
	return accountNamed(office, address)
}

function view({ id, name, scopes, created, ends }: ApiToken) {
	const iso = (ms: number) => new Date(ms).toISOString()
	return { id, name, scopes, created: iso(created), ends: ends === null ? null : iso(ends) }
}
