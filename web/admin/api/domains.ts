import { ask } from '../../shared/api.ts'
import { allOf, BASE } from './list.ts'

export type Domain = { domain: string; accounts: number }

export const allDomains = (signal?: AbortSignal) => allOf<Domain>('/domains', {}, signal)
export const addDomain = (domain: string) => ask<Domain>('POST', `${BASE}/domains`, { body: { domain } })
export const removeDomain = (domain: string) =>
	ask<void>('DELETE', `${BASE}/domains/${encodeURIComponent(domain)}`)
