import { ask } from '../api.ts'

/** What everybody may change of his own account. */
const PATH = '/api/v1/session'

export type Totp = { on: boolean; recoveryCodesLeft: number }
export type AppPassword = { id: string; name: string; created: string; lastUsed: string | null }
/** A place where one is signed in. Times in milliseconds since 1970. */
export type Place = {
	id: string
	/** Where from: an IP address. */
	client: string
	program: string
	since: number
	ends: number
	current: boolean
}
type Items<Item> = { items: Item[] }

export const changePassword = (old: string, password: string) =>
	ask<void>('POST', `${PATH}/password`, { body: { old, password } })

export const totpStatus = (signal: AbortSignal) => ask<Totp>('GET', `${PATH}/totp`, { signal })
export const proposeTotp = () => ask<{ secret: string; uri: string }>('POST', `${PATH}/totp`)
export const turnTotpOn = (secret: string, code: string) =>
	ask<{ recoveryCodes: string[] }>('PUT', `${PATH}/totp`, { body: { secret, code } })
export const turnTotpOff = (password: string) =>
	ask<unknown>('DELETE', `${PATH}/totp`, { body: { password } })

export const appPasswords = (signal: AbortSignal) =>
	ask<Items<AppPassword>>('GET', `${PATH}/app-passwords`, { signal }).then(({ items }) => items)
export const addAppPassword = (name: string) =>
	ask<{ password: string }>('POST', `${PATH}/app-passwords`, { body: { name } })
export const removeAppPassword = (id: string) =>
	ask<void>('DELETE', `${PATH}/app-passwords/${encodeURIComponent(id)}`)

export const allSessions = (signal: AbortSignal) =>
	ask<Items<Place>>('GET', '/api/v1/sessions', { signal }).then(({ items }) => items)
export const endSession = (id: string) => ask<void>('DELETE', `/api/v1/sessions/${encodeURIComponent(id)}`)
