import { ask } from '../../shared/api.ts'
import { BASE, type List } from './list.ts'

export const KINDS = ['group', 'company', 'branch', 'department'] as const
export type UnitKind = (typeof KINDS)[number]
/** Null = no limit. Octets where a size is meant. */
export type Limits = {
	storage: number | null
	messages: number | null
	accounts: number | null
	recipients: number | null
	messageSize: number | null
	outside: boolean
}
export type Unit = {
	id: string
	name: string
	kind: UnitKind
	parent: string | null
	/** Names from the top down, with `/` between. */
	path: string
	accounts: number
	/** Its own, and what holds with those above it. */
	limits: Limits
	holds: Limits
}
export type UnitChanges = Partial<Limits> & { name: string; kind: UnitKind }

const path = (id: string) => `${BASE}/units/${encodeURIComponent(id)}`

export const allUnits = (signal?: AbortSignal) =>
	ask<List<Unit>>('GET', `${BASE}/units`, signal ? { signal } : {}).then(({ items }) => items)
export const addUnit = (body: UnitChanges & { parent?: string }) =>
	ask<Unit>('POST', `${BASE}/units`, { body })
export const editUnit = (id: string, body: Partial<UnitChanges> & { parent?: string | null }) =>
	ask<Unit>('PATCH', path(id), { body })
export const removeUnit = (id: string) => ask<void>('DELETE', path(id))
