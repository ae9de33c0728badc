import { z } from 'zod'
import { normalAddress } from '../directory/index.ts'
import { may } from './may.ts'
import { placeOfAddress } from './place.ts'
import { type Office, type Target, verb } from './verb.ts'

const address = z.string().min(3).max(320)

export const addAlias = verb({
	about: 'another address for an account, or one address for several',
	input: z.object({ address, targets: z.array(address).min(1).max(10_000) }),
	act: 'accounts:change',
	on: (office, { address }) => aliasTarget(office, address),
	run: ({ directory }, { address, targets }) => {
		directory.addAlias(address, targets)
		return { address, targets }
	},
})

export const listAliases = verb({
	about: 'aliases of all nodes',
	input: z.object({}),
	act: 'accounts:read',
	inReach: true,
	run: ({ directory }, _, by) =>
		directory
			.aliases()
			.filter(({ address }) => may(by.grants, 'accounts:read', placeOfAddress(address)))
			.map(({ address, targets }) => ({ address, targets })),
})

export const removeAlias = verb({
	about: 'remove an alias',
	input: z.object({ address }),
	act: 'accounts:change',
	on: (office, { address }) => aliasTarget(office, address),
	run: ({ directory }, { address }) => {
		directory.removeAlias(address)
		return { address }
	},
})

function aliasTarget({ directory }: Office, address: string): Target {
	const found = directory.aliases().find(alias => alias.address === normalAddress(address))
	return {
		place: placeOfAddress(address),
		object: address,
		state: found ? { address: found.address, targets: found.targets } : null,
	}
}
