import { ask } from './api.ts'

export type Credentials = { login: string; password: string; totp?: string }

export type Role = 'admin' | 'domain' | 'unit' | 'helpdesk' | 'auditor'

/** Who is signed in at this browser, as the node says. */
export type Session = {
	/** The account's id. */
	account: string
	address: string
	name: string
	/** Roles and where they hold; empty = an ordinary person. */
	grants: { id: string; role: Role; domain: string | null; unit: string | null }[]
	/** Null when we came otherwise than with a cookie. */
	session: { id: string; since: number; ends: number } | null
}

const PATH = '/api/v1/session'

export const signIn = (credentials: Credentials) => ask<Session>('POST', PATH, { body: credentials })
export const whoAmI = () => ask<Session>('GET', PATH)
export const signOut = () => ask<void>('DELETE', PATH)
