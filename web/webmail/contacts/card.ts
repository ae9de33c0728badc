import type { Address, Id } from '../jmap/types.ts'

/** A JSContact card (RFC 9553) as far as we look into it; the rest of it is left as it is. */
export type Card = {
	id: Id
	uid: string
	name?: { full?: string; components?: { kind: string; value: string }[] }
	nicknames?: Record<Id, { name: string }>
	emails?: Record<Id, { address: string }>
	phones?: Record<Id, { number: string }>
	organizations?: Record<Id, { name?: string }>
	titles?: Record<Id, { name: string }>
	notes?: Record<Id, { note: string }>
}

/** What a person fills in. */
export type Person = {
	name: string
	emails: string[]
	phones: string[]
	organization: string
	title: string
	note: string
}

export const nobody = (): Person => ({
	name: '',
	emails: [''],
	phones: [''],
	organization: '',
	title: '',
	note: '',
})

const HAN = /\p{Script=Han}/u

export function nameOfCard({ name, nicknames, organizations, emails }: Partial<Card>): string {
	if (name?.full) return name.full
	const parts = (name?.components ?? []).filter(({ kind }) => kind !== 'separator').map(({ value }) => value)
	if (parts.length > 0) return parts.join(parts.every(part => HAN.test(part)) ? '' : ' ')
	return firstOf(nicknames)?.name ?? firstOf(organizations)?.name ?? firstOf(emails)?.address ?? ''
}

const firstOf = <T>(map: Record<Id, T> | undefined): T | undefined => Object.values(map ?? {})[0]

export function personOf(card: Partial<Card>): Person {
	return {
		name: nameOfCard(card),
		emails: Object.values(card.emails ?? {}).map(({ address }) => address),
		phones: Object.values(card.phones ?? {}).map(({ number }) => number),
		organization: firstOf(card.organizations)?.name ?? '',
		title: firstOf(card.titles)?.name ?? '',
		note: firstOf(card.notes)?.note ?? '',
	}
}

export const addressesOf = (card: Card): Address[] =>
	Object.values(card.emails ?? {}).map(({ address }) => ({ name: nameOfCard(card) || null, email: address }))

/**
 * The properties of a card that say what the person filled in. Of what was there before everything else stays: what kind
 * of address it is, who made it.
 */
export function propertiesOf(person: Person, before: Partial<Card> = {}): Record<string, unknown> {
	const was = personOf(before)
	const changed: Record<string, unknown> = {}
	const put = (name: keyof Card, key: string, values: string[], old: string[]) => {
		if (values.join('\n') === old.join('\n')) return
		const kept = Object.entries((before[name] ?? {}) as Record<Id, Record<string, unknown>>)
		const entries = values.map((value, index): [Id, Record<string, unknown>] => {
			const [id, rest] = kept.find(([, each]) => each[key] === value) ?? [`${key}${index + 1}`, {}]
			return [id, { ...rest, [key]: value }]
		})
		// Two of the same id would be one.
		const named = entries.map(([id, value], index) =>
			entries.findIndex(([other]) => other === id) === index ? [id, value] : [`${id}-${index}`, value],
		)
		changed[name] = entries.length > 0 ? Object.fromEntries(named) : null
	}
	const filled = (values: string[]) => values.map(value => value.trim()).filter(Boolean)
	if (person.name.trim() !== was.name || !before.name) changed.name = { full: person.name.trim() }
	put('emails', 'address', filled(person.emails), was.emails)
	put('phones', 'number', filled(person.phones), was.phones)
	put('organizations', 'name', filled([person.organization]), filled([was.organization]))
	put('titles', 'name', filled([person.title]), filled([was.title]))
	put('notes', 'note', filled([person.note]), filled([was.note]))
	return changed
}
