import { z } from 'zod'
import { may } from './may.ts'
import { type Office, type Target, verb } from './verb.ts'

const domain = z.object({ domain: z.string().min(1).max(300) })

/** Which domains there are is the whole organisation's; what happens in one is its administrator's. */
const target = ({ directory }: Office, { domain }: { domain: string }): Target => ({
	place: {},
	object: domain,
	state: directory.isOurDomain(domain) ? { domain, accounts: directory.countAccounts({ domain }) } : null,
})

export const addDomain = verb({
	about: 'take mail for a domain, on all nodes',
	input: domain,
	act: 'domains:change',
	on: target,
	run: ({ directory }, { domain }) => {
		directory.addDomain(domain)
		return { domain }
	},
})

export const listDomains = verb({
	about: 'domains of this organisation',
	input: z.object({}),
	act: 'domains:read',
	inReach: true,
	run: ({ directory }, _, by) =>
		directory
			.domains()
			.filter(domain => by.grants.some(({ unit }) => unit) || may(by.grants, 'domains:read', { domain }))
			.map(domain => ({ domain, accounts: directory.countAccounts({ domain }) })),
})

export const removeDomain = verb({
	about: 'stop taking mail for a domain that nobody uses any more',
	input: domain,
	act: 'domains:change',
	on: target,
	run: ({ directory }, { domain }) => {
		directory.removeDomain(domain)
		return { domain }
	},
})
