import { z } from 'zod'
import type { Account, QuotaSettings } from '../directory/index.ts'
import { accountNamed, accountTarget } from './place.ts'
import { type Office, verb } from './verb.ts'

/** Octets or messages; null = without limit, `default` = as the level above says. */
const limit = z
	.union([z.number().int().min(0), z.null(), z.literal('default')])
	.transform(value => (value === null ? ('none' as const) : value === 'default' ? null : value))
	.exactOptional()

const limits = { storage: limit, messages: limit }
const domainName = z.string().min(1)

export const showAccountQuota = verb({
	about: 'how much mail an account may hold, and holds',
	input: z.object({ address: z.string().min(3) }),
	act: 'accounts:read',
	on: (office, { address }) => accountTarget(office, address),
	run: (office, { address }) => view(office, accountNamed(office, address)),
})

export const accountQuota = verb({
	about: 'how much mail an account may hold, and holds; "default" = as its domain says, "none" = no limit',
	input: z.object({ address: z.string().min(3), ...limits }),
	act: 'accounts:change',
	on: (office, { address }) => {
		const target = accountTarget(office, address)
		return {
			...target,
			state: target.account ? { quota: office.directory.quotaSetting(target.account) } : null,
		}
	},
	run(office, { address, ...limits }) {
		const account = accountNamed(office, address)
		const said = given(limits)
		if (Object.keys(said).length > 0) office.directory.setQuota(account.id, said)
		return view(office, account)
	},
})

export const showDomainQuota = verb({
	about: 'how much mail an account of the domain may hold when nothing else is said of it',
	input: z.object({ domain: domainName }),
	act: 'domains:read',
	on: (_, { domain }) => ({ place: { domain: domain.toLowerCase() }, object: domain, state: null }),
	run: ({ directory }, { domain }) => ({ domain, set: shown(directory.domainQuota(domain)) }),
})

export const domainQuota = verb({
	about: 'how much mail an account of the domain may hold when nothing else is said of it',
	input: z.object({ domain: domainName, ...limits }),
	act: 'domains:change',
	on: ({ directory }, { domain }) => {
		const quota = directory.isOurDomain(domain) ? directory.domainQuota(domain) : null
		return { place: {}, object: domain, state: quota && { domain, quota } }
	},
	run({ directory }, { domain, ...limits }) {
		const said = given(limits)
		if (Object.keys(said).length > 0) directory.setDomainQuota(domain, said)
		return { domain, set: shown(directory.domainQuota(domain)) }
	},
})

function view({ directory, store, self }: Office, account: Account) {
	const used = account.home === self ? store.reader.usage(account.id) : null
	return {
		address: account.address,
		set: shown(directory.quotaSetting(account.id)),
		holds: directory.quotaOf(account.id),
		// Only its home knows.
		used: used && { storage: used.size, messages: used.messages },
	}
}

/** Only what was said. */
function given(limits: { [Name in keyof QuotaSettings]?: QuotaSettings[Name] | undefined }) {
	return Object.fromEntries(
		Object.entries(limits).filter(([, value]) => value !== undefined),
	) as Partial<QuotaSettings>
}

function shown({ storage, messages }: QuotaSettings) {
	return { storage: storage ?? 'default', messages: messages ?? 'default' }
}
