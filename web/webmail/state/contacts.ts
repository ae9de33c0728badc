import { type ShallowRef, shallowRef } from 'vue'
import { addressesOf, type Card, nameOfCard, type Person, propertiesOf } from '../contacts/card.ts'
import { type Jmap, refuse } from '../jmap/client.ts'
import type { Address, Id } from '../jmap/types.ts'

/** Asked for, and written, at one time. */
const PAGE = 400

/** The person's own address book (RFC 9610); fetched when somebody first looks into it. */
export class Contacts {
	/** By name; null = not known yet. */
	readonly cards: ShallowRef<Card[] | null> = shallowRef(null)
	readonly #jmap: Jmap
	#loading: Promise<void> | null = null

	constructor(jmap: Jmap) {
		this.#jmap = jmap
	}

	/** @throws Problem */
	load(): Promise<void> {
		if (this.cards.value) return Promise.resolve()
		this.#loading ??= this.#read().finally(() => (this.#loading = null))
		return this.#loading
	}

	/** They have changed. */
	async renew(): Promise<void> {
		if (this.cards.value) await this.#read()
	}

	async #read(): Promise<void> {
		const found: Card[] = []
		for (let position = 0, total = 1; position < total; position += PAGE) {
			const { query, cards } = await this.#jmap.request([
				['ContactCard/query', { position, limit: PAGE, calculateTotal: true }, 'query'],
				[
					'ContactCard/get',
					{ '#ids': { resultOf: 'query', name: 'ContactCard/query', path: '/ids' } },
					'cards',
				],
			])
			total = query!.total as number
			found.push(...(cards!.list as Card[]))
		}
		this.cards.value = found.toSorted((one, other) => nameOfCard(one).localeCompare(nameOfCard(other)))
	}

	/** Whom words point to. */
	async find(words: string): Promise<Address[]> {
		await this.load()
		const wanted = words.toLowerCase()
		return (this.cards.value ?? [])
			.flatMap(addressesOf)
			.filter(
				({ name, email }) => name?.toLowerCase().includes(wanted) || email.toLowerCase().includes(wanted),
			)
	}

	has(email: string): boolean {
		const wanted = email.toLowerCase()
		return (this.cards.value ?? []).some(card =>
			addressesOf(card).some(each => each.email.toLowerCase() === wanted),
		)
	}

	/** @param card null = a new one */
	async save(card: Card | null, person: Person): Promise<void> {
		if (card) await this.#jmap.set('ContactCard/set', { update: { [card.id]: propertiesOf(person, card) } })
		else await this.#create([person])
		await this.#read()
	}

	async add(people: Person[]): Promise<void> {
		for (let at = 0; at < people.length; at += PAGE) await this.#create(people.slice(at, at + PAGE))
		await this.#read()
	}

	async #create(people: Person[]): Promise<void> {
		const create = people.map((person, index) => [
			`c${index}`,
			{
				'@type': 'Card',
				version: '1.0',
				addressBookIds: { default: true },
				...Object.fromEntries(Object.entries(propertiesOf(person)).filter(([, value]) => value !== null)),
			},
		])
		await this.#jmap.set('ContactCard/set', { create: Object.fromEntries(create) })
	}

	async destroy(ids: Id[]): Promise<void> {
		refuse(await this.#jmap.call('ContactCard/set', { destroy: ids }))
		await this.#read()
	}
}
