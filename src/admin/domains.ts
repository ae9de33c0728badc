import { z } from 'zod'
import { verb } from './verb.ts'

const domain = z.object({ domain: z.string().min(1) })

export const addDomain = verb({
	about: 'take mail for a domain, on all nodes',
	input: domain,
	run: ({ directory }, { domain }) => {
		directory.addDomain(domain)
		return { domain }
	},
})

export const listDomains = verb({
	about: 'domains of this organisation',
	input: z.object({}),
	run: ({ directory }) =>
		directory.domains().map(domain => ({ domain, accounts: directory.countAccounts({ domain }) })),
})

export const removeDomain = verb({
	about: 'stop taking mail for a domain that nobody uses any more',
	input: domain,
	run: ({ directory }, { domain }) => {
		directory.removeDomain(domain)
		return { domain }
	},
})
