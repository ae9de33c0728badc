import { ask } from './api.ts'

export type Credentials = { login: string; password: string; totp?: string }

/** Who is signed in at this browser, as the node says. */
export type Session = {
	login: string
	name: string
	/** Roles and where they hold; empty = an ordinary person. */
	grants: { role: string; scope: string }[]
}

const PATH = '/api/v1/session'

export const signIn = (credentials: Credentials) => ask<Session>('POST', PATH, { body: credentials })
export const whoAmI = () => ask<Session>('GET', PATH)
export const signOut = () => ask<void>('DELETE', PATH)
