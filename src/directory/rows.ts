import { homeOf } from './merge.ts'
import { listOf, numberOf, textOf } from './records.ts'
import type { Alias, Fields } from './types.ts'

/** One claim on an address, by an account, an alias or a group. `since` decides between two: the stamp of the claiming. */
export type AccountRow = {
	id: string
	address: string
	domain: string
	since: string
	name: string
	home: string
	epoch: number
	disabled: number
	password_hash: string
	created: number
	unit: string
	/** Id of the account all its mail is going to, '' = none. */
	merge_into: string
}
export type AliasRow = { address: string; domain: string; since: string; targets: string; created: number }

/** The columns of table `account`, in their order. */
export type AccountColumns = [
	id: string,
	address: string,
	domain: string,
	since: string,
	name: string,
	home: string,
	epoch: number,
	disabled: number,
	password_hash: string,
	created: number,
	unit: string,
	merge_into: string,
]

/** Rows that SQLite makes itself are dictionaries, slow to make and slow to read; this is an ordinary object. */
export function accountOf(columns: AccountColumns): AccountRow {
	const [id, address, domain, since, name, home, epoch, disabled, password_hash, created, unit, merge_into] =
		columns
	return { id, address, domain, since, name, home, epoch, disabled, password_hash, created, unit, merge_into }
}

/** Null while parts are missing: what makes an account may arrive in pieces. */
export function accountRow(id: string, fields: Fields): AccountRow | null {
	const address = textOf(fields, 'address')
	const { node, epoch } = homeOf(fields.home?.[0])
	const at = address.lastIndexOf('@')
	if (at < 1 || !node) return null
	return {
		id,
		address,
		domain: address.slice(at + 1),
		since: fields.address![1],
		name: textOf(fields, 'name'),
		home: node,
		epoch,
		disabled: fields.disabled?.[0] === true ? 1 : 0,
		password_hash: textOf(fields, 'passwordHash'),
		created: numberOf(fields, 'created'),
		unit: textOf(fields, 'unit'),
		merge_into: textOf(fields, 'mergeInto'),
	}
}

export function aliasRow(address: string, fields: Fields): AliasRow | null {
	const at = address.lastIndexOf('@')
	if (at < 1 || !fields.created) return null
	return {
		address,
		domain: address.slice(at + 1),
		since: fields.created[1],
		targets: JSON.stringify(listOf(fields, 'targets')),
		created: numberOf(fields, 'created'),
	}
}

export function aliasOf(row: AliasRow): Alias {
	return { address: row.address, targets: JSON.parse(row.targets) as string[], created: row.created }
}
