import type { Address, EmailLine } from '../jmap/types.ts'
import type { Mail } from './mail.ts'

const MOST = 8
/** Of the mail that went out, so much is looked through for people. */
const LOOK_THROUGH = 300

/** People this person writes to, by how often; read from the sent mail once, when somebody is first looked for. */
class PeopleKnown {
	#written: Promise<Map<string, { address: Address; times: number }>> | null = null

	async find(mail: Mail, words: string): Promise<Address[]> {
		this.#written ??= this.#read(mail).catch(() => {
			this.#written = null
			return new Map()
		})
		const [written, contacts, colleagues] = await Promise.all([
			this.#written,
			mail.contacts.find(words).catch(() => []),
			mail.findColleagues(words).catch(() => []),
		])
		const wanted = words.toLowerCase()
		const matching = [...written.values()]
			.filter(
				({ address: { name, email } }) =>
					email.toLowerCase().includes(wanted) || name?.toLowerCase().includes(wanted),
			)
			.toSorted((one, other) => other.times - one.times)
			.map(({ address }) => address)
		const found = new Map<string, Address>()
		for (const each of [...matching, ...contacts, ...colleagues]) {
			const key = each.email.toLowerCase()
			if (!found.has(key) || !found.get(key)!.name) found.set(key, each)
		}
		return [...found.values()].slice(0, MOST)
	}

	forget(): void {
		this.#written = null
	}

	async #read(mail: Mail): Promise<Map<string, { address: Address; times: number }>> {
		const sent = mail.mailboxes.withRole('sent')
		if (!sent) return new Map()
		const { emails } = await mail.jmap.request([
			[
				'Email/query',
				{
					filter: { inMailbox: sent.id },
					sort: [{ property: 'receivedAt', isAscending: false }],
					limit: LOOK_THROUGH,
				},
				'query',
			],
			[
				'Email/get',
				{ '#ids': { resultOf: 'query', name: 'Email/query', path: '/ids' }, properties: ['to', 'cc'] },
				'emails',
			],
		])
		const people = new Map<string, { address: Address; times: number }>()
		for (const { to, cc } of emails!.list as (EmailLine & { cc: Address[] | null })[]) {
			for (const address of [...(to ?? []), ...(cc ?? [])]) {
				const key = address.email.toLowerCase()
				const known = people.get(key)
				people.set(key, {
					address: known?.address.name ? known.address : address,
					times: (known?.times ?? 0) + 1,
				})
			}
		}
		return people
	}
}

export const people = new PeopleKnown()
