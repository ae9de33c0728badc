import { ask } from '../../shared/api.ts'
import { allOf, BASE } from './list.ts'

export type Domain = { domain: string; accounts: number }

export const allDomains = (signal?: AbortSignal) => allOf<Domain>('/domains', {}, signal)
export const addDomain = (domain: string) => ask<Domain>('POST', `${BASE}/domains`, { body: { domain } })
export const removeDomain = (domain: string) =>
	ask<void>('DELETE', `${BASE}/domains/${encodeURIComponent(domain)}`)

export const RECORD_KEYS = [
	'mx',
	'host',
	'spf',
	'dkim',
	'dmarc',
	'mta-sts',
	'mta-sts-host',
	'tls-rpt',
	'autoconfig',
	'autodiscover',
	'srv',
	'ptr',
] as const
export type DnsState = 'ok' | 'missing' | 'different' | 'unknown'
/** How a record is seen from one node. */
export type Seen = { node: string; state: DnsState; found: string[]; problem?: string }
/** What is to be published under one name, and after a check what is there. */
export type DnsRecord = {
	key: (typeof RECORD_KEYS)[number]
	name: string
	type: string
	/** Empty: anything, but something. */
	values: string[]
	required: boolean
	state?: DnsState
	seen?: Seen[]
}
/** `problems`: sentences of the node. */
export type DomainDns = { domain: string; records: DnsRecord[]; problems: { en: string; zh: string }[] }
export type DkimKey = { selector: string; signs: boolean; created: string; name: string; record: string }

const path = (domain: string) => `${BASE}/domains/${encodeURIComponent(domain)}`

export const domainDns = (domain: string, check: boolean, signal: AbortSignal) =>
	ask<DomainDns>('GET', `${path(domain)}/dns`, { query: { check }, signal })
export const dkimKeys = (domain: string, signal: AbortSignal) =>
	ask<{ items: DkimKey[] }>('GET', `${path(domain)}/dkim`, { signal }).then(({ items }) => items)
export const addDkimKey = (domain: string) => ask<unknown>('POST', `${path(domain)}/dkim`)
export const retireDkimKey = (domain: string, selector: string) =>
	ask<void>('DELETE', `${path(domain)}/dkim/${encodeURIComponent(selector)}`)
