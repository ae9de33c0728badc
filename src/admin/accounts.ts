import { z } from 'zod'
import { type Account, hashPassword } from '../directory/index.ts'
import { unitNamed } from './units.ts'
import { CannotBeDone, type Office, verb } from './verb.ts'

const address = z.string().min(3)
const password = z.string().min(1).max(1000)

export const addAccount = verb({
	about: 'make an account; it lives at this node unless another is named',
	input: z.object({
		address,
		password: password.exactOptional(),
		name: z.string().exactOptional(),
		node: z.string().exactOptional(),
		unit: z.string().exactOptional(),
	}),
	async run(office, { address, password, name, node, unit }) {
		const passwordHash = password ? await hashPassword(password) : ''
		const home = node ? nodeNamed(office, node) : office.self
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
		search: z.string().exactOptional(),
		after: z.string().exactOptional(),
		limit: z.number().int().positive().max(1_000_000).exactOptional(),
	}),
	run(office, { node, unit, ...filter }) {
		const found = office.directory.accounts({
			...filter,
			...(node ? { node: nodeNamed(office, node) } : {}),
			...(unit ? { unit: unitNamed(office, unit).id } : {}),
		})
		return found.map(account => view(office, account))
	},
})

export const changePassword = verb({
	about: "set an account's password",
	input: z.object({ address, password }),
	async run(office, { address, password }) {
		const account = accountNamed(office, address)
		await office.directory.changePassword(account.id, password)
		return { address: account.address }
	},
})

export const renameAccount = verb({
	about: "change an account's address (settles a conflict)",
	input: z.object({ address, to: address }),
	run(office, { address, to }) {
		const account = accountNamed(office, address)
		office.directory.renameAccount(account.id, to)
		return { address: to }
	},
})

export const moveAccountToUnit = verb({
	about: 'say which unit an account belongs to; "/" = to none',
	input: z.object({ address, unit: z.string() }),
	run(office, { address, unit }) {
		const account = accountNamed(office, address)
		const belongs = unit === '' || unit === '/' ? null : unitNamed(office, unit)
		office.directory.setUnit(account.id, belongs?.id ?? '')
		return { address: account.address, unit: belongs?.path ?? null }
	},
})

export const disableAccount = verb({
	about: 'nobody can sign in to it; its mail is still taken',
	input: z.object({ address, disabled: z.boolean() }),
	run(office, { address, disabled }) {
		const account = accountNamed(office, address)
		office.directory.setDisabled(account.id, disabled)
		return { address: account.address, disabled }
	},
})

export const removeAccount = verb({
	about: 'remove an account and its mail',
	input: z.object({ address }),
	run(office, { address }) {
		const account = accountNamed(office, address)
		office.directory.removeAccount(account.id)
		return { address: account.address }
	},
})

export const addAlias = verb({
	about: 'another address for an account, or one address for several',
	input: z.object({ address, targets: z.array(address).min(1) }),
	run: ({ directory }, { address, targets }) => {
		directory.addAlias(address, targets)
		return { address, targets }
	},
})

export const listAliases = verb({
	about: 'aliases of all nodes',
	input: z.object({}),
	run: ({ directory }) => directory.aliases().map(({ address, targets }) => ({ address, targets })),
})

export const removeAlias = verb({
	about: 'remove an alias',
	input: z.object({ address }),
	run: ({ directory }, { address }) => {
		directory.removeAlias(address)
		return { address }
	},
})

export const listForwards = verb({
	about: 'the SMTP forwarding table: address of another node → that node',
	input: z.object({}),
	run: office =>
		office.directory
			.accounts({})
			.filter(account => account.home !== office.self)
			.map(account => ({ address: account.address, ...place(office, account.home) })),
})

export function accountNamed({ directory }: Office, address: string): Account {
	const account = directory.accountByAddress(address)
	if (!account) throw new CannotBeDone(`there is no account ${address}`)
	return account
}

function nodeNamed({ directory }: Office, name: string): string {
	const found = directory
		.nodes()
		.find(node => [node.id, node.ip, node.hostname, node.description].includes(name))
	if (!found) throw new CannotBeDone(`there is no node ${name}; "node list" names them`)
	return found.id
}

function place({ directory }: Office, home: string): { node: string; ip: string; description: string } {
	const node = directory.nodes().find(one => one.id === home)
	return { node: node?.ip || home, ip: node?.ip ?? '', description: node?.description ?? '' }
}

function view(office: Office, account: Account) {
	const { node, description } = place(office, account.home)
	return {
		address: account.address,
		name: account.name,
		home: node,
		homeDescription: description,
		conflict: account.conflict,
		...(account.conflict ? { claimed: account.claimed } : {}),
		disabled: account.disabled,
		unit: office.directory.unit(account.unit)?.path ?? null,
		id: account.id,
	}
}
