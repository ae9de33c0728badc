import { ask } from '../../shared/api.ts'
import { allOf, BASE, type List, listOf } from './list.ts'

export type Account = {
	id: string
	address: string
	name: string
	/** Its home node: address and description. */
	home: string
	homeDescription: string
	disabled: boolean
	/** Another account had the address earlier: `address` is a substitute for `claimed`. */
	conflict: boolean
	claimed?: string
	unit?: string | null
	created: string
	/** It is being merged into this address. */
	mergesInto?: string
	/** Id of the node that is waited for meanwhile. */
	waitsFor?: string
}
export type Alias = { address: string; targets: string[] }
export type Conflict = Account & { holder: Account | null }

export type AccountFilter = { q?: string; node?: string; domain?: string; state?: string; unit?: string }
export type AccountChanges = Partial<{
	address: string
	name: string
	password: string
	disabled: boolean
	unit: string
}>

const path = (account: string) => `${BASE}/accounts/${encodeURIComponent(account)}`

export const listAccounts = (
	filter: AccountFilter & { limit?: number; cursor?: string | null },
	signal?: AbortSignal,
): Promise<List<Account>> => listOf<Account>('/accounts', filter, signal)
export const showAccount = (account: string) => ask<Account>('GET', path(account))
export const addAccount = (body: {
	address: string
	name: string
	password?: string
	node?: string
	unit?: string
}) => ask<Account>('POST', `${BASE}/accounts`, { body })
export const changeAccount = (account: string, body: AccountChanges) =>
	ask<Account>('PATCH', path(account), { body })
export const removeAccount = (account: string) => ask<void>('DELETE', path(account))

export const aliasesOf = (account: string) =>
	ask<List<Alias>>('GET', `${path(account)}/aliases`).then(({ items }) => items)
export const giveAlias = (account: string, address: string) =>
	ask<Alias>('PUT', `${path(account)}/aliases/${encodeURIComponent(address)}`)
export const takeAlias = (address: string) =>
	ask<void>('DELETE', `${BASE}/aliases/${encodeURIComponent(address)}`)

export const allConflicts = (signal?: AbortSignal) => allOf<Conflict>('/conflicts', {}, signal)
export const renameConflict = (account: string, to: string) =>
	ask<unknown>('POST', `${BASE}/conflicts/${encodeURIComponent(account)}/rename`, { body: { to } })
/** Into the account that has the address; goes on in the background. */
export const mergeConflict = (account: string) =>
	ask<unknown>('POST', `${BASE}/conflicts/${encodeURIComponent(account)}/merge`, { body: {} })
