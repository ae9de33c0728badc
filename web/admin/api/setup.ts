import { ask } from '../../shared/api.ts'
import { BASE } from './list.ts'

/** What a node says of itself before anybody administers it. */
export type FirstStart =
	| { needed: false }
	| { needed: true; hostname: string; version: string; domains: string[]; member: boolean }
export type SetUp = {
	domain: string
	admin: string
	password: string
	name?: string
	account?: { address: string; password: string; name?: string }
}

export const firstStart = () => ask<FirstStart>('GET', `${BASE}/setup`)
/** Signs the administrator in. */
export const setUp = (body: SetUp) => ask<{ address: string }>('POST', `${BASE}/setup`, { body })
/** Instead: the code by which a member of a cluster takes this node in. */
export const setUpCode = () =>
	ask<{ code: string; ip?: string; webPort: number }>('POST', `${BASE}/setup/code`)
