import { allOf, BASE, type List, listOf } from './list.ts'

export type AuditEntry = {
	id: string
	time: string
	node: string
	/** Account id, or `root`, `setup`; and what it was called then. */
	by: string
	name: string
	/** `root` the command line, `setup` the first start, else how he signed in. */
	via: 'root' | 'setup' | 'session' | 'password' | 'token'
	client: string
	verb: string
	object: string
	/** `done`, or the code of why not. */
	outcome: string
	before: unknown
	after: unknown
}
/** `missing`: nodes that cannot be heard now; what was done there lately is not here yet. */
export type AuditPage = List<AuditEntry> & { missing: string[] }
export type AuditFilter = { q: string; person: string; node: string; from: string; to: string }
export type Chain = {
	chain: string
	entries: number
	state: 'whole' | 'broken' | 'differs'
	brokenAt: number | null
}

export const AUDIT = `${BASE}/audit`
export const listAudit = (
	filter: AuditFilter & { limit: number; cursor: string | null },
	signal: AbortSignal,
) => listOf<AuditEntry>('/audit', filter, signal) as Promise<AuditPage>
export const verifyAudit = () => allOf<Chain>('/audit/verify')
