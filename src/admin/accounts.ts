import { z } from 'zod'
import { type Account, hashPassword } from '../directory/index.ts'
import { may } from './may.ts'
import { nodeNamed, placeOfNode } from './nodes.ts'
import {
	accountNamed,
	accountTarget,
	keepAdministrator,
	placeOfAccount,
	placeOfAddress,
	unitsFrom,
} from './place.ts'
import { unitNamed } from './units.ts'
import { type Office, verb } from './verb.ts'

const address = z.string().min(3).max(320)
const password = z.string().min(1).max(1000)

export const addAccount = verb({
	about: 'make an account; it lives at this node unless another is named',
	input: z.object({
		address,
		password: password.exactOptional(),
		name: z.string().max(1000).exactOptional(),
		node: z.string().exactOptional(),
		unit: z.string().exactOptional(),
	}),
	act: 'accounts:change',
	on: (office, { address, unit }) => {
		const target = accountTarget(office, address)
		return unit
			? { ...target, place: { ...target.place, units: unitsFrom(office, unitNamed(office, unit).id) } }
			: target
	},
	async run(office, { address, password, name, node, unit }) {
		const passwordHash = password ? await hashPassword(password) : ''
		const home = node ? nodeNamed(office, node).id : office.self
		const belongs = unit ? unitNamed(office, unit).id : ''
		const account = office.directory.addAccount({
			address,
			name: name ?? '',
			passwordHash,
			home,
			unit: belongs,
		})
		return view(office, account)
	},
})

export const listAccounts = verb({
	about: 'accounts of all nodes',
	input: z.object({
		node: z.string().exactOptional(),
		domain: z.string().exactOptional(),
		/** With all below it. */
		unit: z.string().exactOptional(),
		search: z.string().max(300).exactOptional(),
		state: z.enum(['active', 'disabled', 'conflict']).exactOptional(),
		after: z.string().exactOptional(),
		limit: z.number().int().positive().max(1_000_000).exactOptional(),
	}),
	act: 'accounts:read',
	inReach: true,
	run(office, { node, unit, state, limit = Number.POSITIVE_INFINITY, ...filter }, by) {
		const found: AccountView[] = []
		const places = nodePlaces(office)
		const all = may(by.grants, 'accounts:read', {})
		const where = {
			...(node ? { node: nodeNamed(office, node).id } : {}),
			...(unit ? { unit: unitNamed(office, unit).id } : {}),
			...(state === 'conflict' ? { contested: true as const } : {}),
			...(state === 'disabled' || state === 'active' ? { disabled: state === 'disabled' } : {}),
		}
		for (const account of office.directory.eachAccount({ ...filter, ...where })) {
			if (state && stateOf(account) !== state) continue
			if (!all && !may(by.grants, 'accounts:read', placeOfAccount(office, account))) continue
			found.push(view(office, account, places))
			if (found.length >= limit) break
		}
		return found
	},
})

export const showAccount = verb({
	about: 'one account',
	input: z.object({ address }),
	act: 'accounts:read',
	on: (office, { address }) => accountTarget(office, address),
	run: (office, { address }) => view(office, accountNamed(office, address)),
})

export const editAccount = verb({
	about: "change what is known of an account's owner",
	input: z.object({ address, name: z.string().max(1000) }),
	act: 'accounts:change',
	on: (office, { address }) => accountTarget(office, address),
	run(office, { address, name }) {
		const { id } = accountNamed(office, address)
		office.directory.setName(id, name)
		return view(office, accountNamed(office, id))
	},
})

export const changePassword = verb({
	about: "set an account's password",
	input: z.object({ address, password }),
	act: 'accounts:password',
	on: (office, { address }) => accountTarget(office, address),
	async run(office, { address, password }) {
		const account = accountNamed(office, address)
		await office.directory.changePassword(account.id, password)
		return { address: account.address }
	},
})

export const renameAccount = verb({
	about: "change an account's address (settles a conflict)",
	input: z.object({ address, to: address }),
	act: 'accounts:change',
	on: (office, { address, to }) => {
		const { id } = office.directory.accountByAddress(address) ?? { id: address }
		const { place } = accountTarget(office, id)
		return [accountTarget(office, id), { object: to, place: { ...place, ...placeOfAddress(to) } }]
	},
	run(office, { address, to }) {
		const { id } = accountNamed(office, address)
		office.directory.renameAccount(id, to)
		return { address: office.directory.account(id)!.address }
	},
})

export const mergeAccount = verb({
	about:
		'make two accounts of one person one: mail, contacts, signatures and, where the other has none, automatic reply and preferences go into the other, its passwords and app passwords do not; the first is no more (no way back)',
	input: z.object({ address, into: address }),
	act: 'accounts:change',
	on: (office, { address, into }) => [accountTarget(office, address), accountTarget(office, into)],
	run(office, { address, into }) {
		const [account, target] = [accountNamed(office, address), accountNamed(office, into)]
		keepAdministrator(office, ({ id }) => id !== account.id)
		office.directory.mergeAccount(account.id, target.id)
		return { address: account.address, into: target.address }
	},
})

export const moveAccountToUnit = verb({
	about: 'say which unit an account belongs to; "/" = to none',
	input: z.object({ address, unit: z.string() }),
	act: 'accounts:change',
	on: (office, { address, unit }) => {
		const target = accountTarget(office, address)
		const units = isNone(unit) ? [] : unitsFrom(office, unitNamed(office, unit).id)
		return [target, { object: '', place: { ...target.place, units } }]
	},
	run(office, { address, unit }) {
		const account = accountNamed(office, address)
		const belongs = isNone(unit) ? null : unitNamed(office, unit)
		office.directory.setUnit(account.id, belongs?.id ?? '')
		return { address: account.address, unit: belongs?.path ?? null }
	},
})

export const disableAccount = verb({
	about: 'nobody can sign in to it; its mail is still taken',
	input: z.object({ address, disabled: z.boolean() }),
	act: 'accounts:change',
	on: (office, { address }) => accountTarget(office, address),
	run(office, { address, disabled }) {
		const account = accountNamed(office, address)
		if (disabled) keepAdministrator(office, ({ id }) => id !== account.id)
		office.directory.setDisabled(account.id, disabled)
		return { address: account.address, disabled }
	},
})

export const removeAccount = verb({
	about: 'remove an account and its mail',
	input: z.object({ address }),
	act: 'accounts:change',
	on: (office, { address }) => accountTarget(office, address),
	run(office, { address }) {
		const account = accountNamed(office, address)
		keepAdministrator(office, ({ id }) => id !== account.id)
		office.directory.removeAccount(account.id)
		return { address: account.address }
	},
})

export const listConflicts = verb({
	about:
		'accounts whose address was given to another, earlier one; "account rename" or "account merge" settles it',
	input: z.object({}),
	act: 'accounts:read',
	inReach: true,
	run: (office, _, by) =>
		office.directory
			.conflicts()
			.filter(account => may(by.grants, 'accounts:read', placeOfAccount(office, account)))
			.map(account => {
				const holder = office.directory.accountByAddress(account.claimed)
				return { ...view(office, account), holder: holder ? view(office, holder) : null }
			}),
})

/** Either home must be there for mail to go from one to the other. */
function nodeWaitedFor(office: Office, { home, mergesInto }: Account): string | null {
	const homes = [home, office.directory.account(mergesInto!)?.home]
	const away = office.cluster.links.peers().find(({ id, state }) => state !== 'up' && homes.includes(id))
	return away?.id ?? null
}

function isNone(unit: string): boolean {
	return unit === '' || unit === '/'
}

type AccountView = ReturnType<typeof view>

function stateOf({ disabled, conflict }: Account): 'active' | 'disabled' | 'conflict' {
	return conflict ? 'conflict' : disabled ? 'disabled' : 'active'
}

type Places = Map<string, ReturnType<typeof placeOfNode>>

function nodePlaces(office: Office): Places {
	return new Map(office.directory.nodes().map(({ id }) => [id, placeOfNode(office, id)]))
}

function view(office: Office, account: Account, places?: Places) {
	const { node, description } = places?.get(account.home) ?? placeOfNode(office, account.home)
	const waitsFor = account.mergesInto && nodeWaitedFor(office, account)
	return {
		address: account.address,
		name: account.name,
		home: node,
		homeDescription: description,
		node: account.home,
		conflict: account.conflict,
		...(account.conflict ? { claimed: account.claimed } : {}),
		...(account.mergesInto
			? { mergesInto: office.directory.account(account.mergesInto)?.address ?? account.mergesInto }
			: {}),
		...(waitsFor ? { waitsFor } : {}),
		disabled: account.disabled,
		unit: office.directory.unit(account.unit)?.path ?? null,
		unitId: account.unit || null,
		created: new Date(account.created).toISOString(),
		id: account.id,
	}
}
