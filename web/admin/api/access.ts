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
export type Access = {
	id: string
	/** Where from: an IP address. */
	client: string
	program: string
	since: number
	ends: number
	current: boolean
}

export const allGrants = (signal?: AbortSignal) => allOf<Grant>('/grants', {}, signal)
export const giveGrant = (body: { address: string; role: Role; domain?: string; unit?: string }) =>
	ask<Grant>('POST', `${BASE}/grants`, { body })
export const takeGrant = (id: string) => ask<void>('DELETE', `${BASE}/grants/${encodeURIComponent(id)}`)

export const allSessions = (signal?: AbortSignal) => allOf<Access>('/sessions', {}, signal)
export const endSession = (id: string) => ask<void>('DELETE', `${BASE}/sessions/${encodeURIComponent(id)}`)
