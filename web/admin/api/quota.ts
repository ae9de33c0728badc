import { ask } from '../../shared/api.ts'
import { BASE } from './list.ts'

/** Octets or messages; `none` = without limit, `default` = as the level above says. */
export type QuotaSetting = number | 'none' | 'default'
export type QuotaSettings = { storage: QuotaSetting; messages: QuotaSetting }
export type AccountQuota = {
	set: QuotaSettings
	/** What counts in the end; null = without limit. */
	holds: { storage: number | null; messages: number | null }
	/** Null while its home does not answer. */
	used: { storage: number; messages: number } | null
}

const told = ({ storage, messages }: QuotaSettings) => ({
	storage: storage === 'none' ? null : storage,
	messages: messages === 'none' ? null : messages,
})
const ofAccount = (account: string) => `${BASE}/accounts/${encodeURIComponent(account)}/quota`
const ofDomain = (domain: string) => `${BASE}/domains/${encodeURIComponent(domain)}/quota`

export const accountQuota = (account: string, signal?: AbortSignal) =>
	ask<AccountQuota>('GET', ofAccount(account), signal ? { signal } : {})
export const setAccountQuota = (account: string, quota: QuotaSettings) =>
	ask<AccountQuota>('PUT', ofAccount(account), { body: told(quota) })
export const domainQuota = (domain: string) => ask<{ set: QuotaSettings }>('GET', ofDomain(domain))
export const setDomainQuota = (domain: string, quota: QuotaSettings) =>
	ask<{ set: QuotaSettings }>('PUT', ofDomain(domain), { body: told(quota) })
