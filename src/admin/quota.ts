import { z } from 'zod'
import type { QuotaSettings } from '../directory/index.ts'
import { sayAt } from './elsewhere.ts'
import { NotAllowed } from './perform.ts'
import { accountNamed, accountTarget, placeOfDomain } from './place.ts'
import { type Actor, CannotBeDone, type Office, verb } from './verb.ts'

/** Octets or messages; null = without limit, `default` = as the level above says. */
const limit = z
	.union([z.number().int().min(0), z.null(), z.literal('default')])
	.transform(value => (value === null ? ('none' as const) : value === 'default' ? null : value))
	.exactOptional()

const limits = { storage: limit, messages: limit }

export const showAccountQuota = verb({
	about: 'how much mail an account may hold, and holds',
	input: z.object({ address: z.string().min(3) }),
	act: 'accounts:read',
	on: (office, { address }) => accountTarget(office, address),
	own: true,
	run: (office, { address }, by): Promise<QuotaView> =>
		accountView(office, accountNamed(office, address).id, by),
})

export const accountQuota = verb({
	about: 'say how much mail an account may hold; "default" = as its domain says, "none" = no limit',
	input: z.object({ address: z.string().min(3), ...limits }),
	act: 'accounts:change',
	on: (office, { address }) => {
		const target = accountTarget(office, address)
		return {
			...target,
			state: target.account ? { quota: office.directory.quotaSetting(target.account) } : null,
		}
	},
	run(office, { address, ...limits }, by): Promise<QuotaView> {
		const account = accountNamed(office, address)
		const said = given(limits)
		if (Object.keys(said).length > 0) office.directory.setQuota(account.id, said)
		return accountView(office, account.id, by)
	},
})

export const showDomainQuota = verb({
	about: 'how much mail an account of the domain may hold when nothing else is said of it',
	input: z.object({ domain: z.string().min(1) }),
	act: 'domains:read',
	on: (_, { domain }) => ({ place: placeOfDomain(domain), object: domain }),
	run: ({ directory }, { domain }) => ({ domain, set: shown(directory.domainQuota(domain)) }),
})

export const domainQuota = verb({
	about: 'say how much mail an account of the domain may hold when nothing else is said of it',
	input: z.object({ domain: z.string().min(1), ...limits }),
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

type QuotaView = {
	address: string
	set: ReturnType<typeof shown>
	/** With those of domain and units. Null = no limit. */
	holds: { storage: number | null; messages: number | null }
	/** Null: only its home knows, and that cannot be reached. */
	used: { storage: number; messages: number } | null
}

async function accountView(office: Office, id: string, by: Actor): Promise<QuotaView> {
	const { directory, store, self } = office
	const { address, home } = directory.account(id)!
	const used = home === self ? store.reader.usage(id) : null
	return {
		address,
		set: shown(directory.quotaSetting(id)),
		holds: directory.quotaOf(id),
		used: used ? { storage: used.size, messages: used.messages } : await usedElsewhere(office, id, home, by),
	}
}

async function usedElsewhere(
	office: Office,
	address: string,
	home: string,
	by: Actor,
): Promise<QuotaView['used']> {
	if (home === office.self) return null
	const there = sayAt(office, by, home, 'account quota show', { address })
	return there.then(
		({ used }) => used,
		error => {
			// Whoever may change a quota need not be able to read there; the account may be too new for that node.
			if (error instanceof CannotBeDone || error instanceof NotAllowed) return null
			throw error
		},
	)
}

/** Only what was said. */
function given(limits: { [Name in keyof QuotaSettings]?: QuotaSettings[Name] | undefined }) {
	return Object.fromEntries(
		Object.entries(limits).filter(([, value]) => value !== undefined),
	) as Partial<QuotaSettings>
}

function shown({ storage, messages }: QuotaSettings) {
	return { storage: storage ?? ('default' as const), messages: messages ?? ('default' as const) }
}
