import { ask } from '../../shared/api.ts'
import type { Role } from '../../shared/session.ts'
import { allOf, BASE } from './list.ts'

export type Grant = {
	id: string
	account: string
	address: string
	role: Role
	domain: string | null
	unit: string | null
	/** Who gave it, and when. */
	by: string
	created: string
}
/** A key for programs that use the API in one's name. */
export type Token = { id: string; name: string; scopes: string[]; created: string; ends: string | null }

export const allGrants = (signal?: AbortSignal) => allOf<Grant>('/grants', {}, signal)
export const giveGrant = (body: { address: string; role: Role; domain?: string; unit?: string }) =>
	ask<Grant>('POST', `${BASE}/grants`, { body })
export const takeGrant = (id: string) => ask<void>('DELETE', `${BASE}/grants/${encodeURIComponent(id)}`)

/** What a token's scope may be of; `area:read` is only looking. */
export const AREAS = [
	'accounts',
	'groups',
	'units',
	'domains',
	'nodes',
	'queue',
	'mail',
	'grants',
	'settings',
	'audit',
]
export const allTokens = (signal?: AbortSignal) => allOf<Token>('/tokens', {}, signal)
/** `token` is told only now. */
export const addToken = (body: { name: string; scopes: string[]; days: number | null }) =>
	ask<Token & { token: string }>('POST', `${BASE}/tokens`, { body })
export const removeToken = (id: string) => ask<void>('DELETE', `${BASE}/tokens/${encodeURIComponent(id)}`)
