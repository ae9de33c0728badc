import { z } from 'zod'
import { fold } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { id, read, utcDate } from './arguments.ts'
import { type Call, checkAccount, type Responses } from './call.ts'
import { compareBy } from './collate.ts'
import { CARD, type Card, cardsOf } from './contact-card.ts'
import { holds, readCondition, readFilter, readSort } from './filter.ts'
import { type Json, objectState } from './objects.ts'
import { readState } from './standard-changes.ts'
import { answerQuery, queryChanges, queryChangesShape, queryShape } from './standard-query.ts'

const text = z.string().optional()
const conditionShape = z.object({
	inAddressBook: id.optional(),
	uid: text,
	hasMember: text,
	kind: text,
	createdBefore: utcDate.optional(),
	createdAfter: utcDate.optional(),
	updatedBefore: utcDate.optional(),
	updatedAfter: utcDate.optional(),
	text,
	name: text,
	'name/given': text,
	'name/surname': text,
	'name/surname2': text,
	nickname: text,
	organization: text,
	email: text,
	phone: text,
	onlineService: text,
	address: text,
	note: text,
})
type Condition = z.output<typeof conditionShape>

/** What is looked through for a condition on words. */
const WORDS: Record<string, (card: Card) => string[]> = {
	name: card => [card.name?.full ?? '', ...components(card)],
	'name/given': card => components(card, 'given'),
	'name/surname': card => components(card, 'surname'),
	'name/surname2': card => components(card, 'surname2'),
	nickname: card => deepTexts(card.nicknames),
	organization: card => deepTexts(card.organizations),
	email: card => deepTexts(card.emails),
	phone: card => deepTexts(card.phones),
	onlineService: card => deepTexts(card.onlineServices),
	address: card => deepTexts(card.addresses),
	note: card => deepTexts(card.notes),
	text: card => deepTexts({ ...card, uid: '', addressBookIds: {} }),
}

function components(card: Card, kind?: string): string[] {
	const all = (card.name?.components ?? []).filter(one => kind === undefined || one.kind === kind)
	const values = all.map(one => one.value)
	// 张伟 is one word in two parts.
	return kind === undefined ? [...values, values.join(' '), values.join('')] : values
}

function deepTexts(value: unknown): string[] {
	if (typeof value === 'string') return [value]
	if (typeof value !== 'object' || value === null) return []
	return Object.entries(value).flatMap(([name, one]) => (name === '@type' ? [] : deepTexts(one)))
}

function fits(card: Card, condition: Condition): boolean {
	const { inAddressBook, uid, hasMember, kind } = condition
	const [created, updated] = [jmap.parseUtcDate(card.created)!, jmap.parseUtcDate(card.updated)!]
	const { createdBefore, createdAfter, updatedBefore, updatedAfter } = condition
	return (
		(inAddressBook === undefined || Object.hasOwn(card.addressBookIds, inAddressBook)) &&
		(uid === undefined || card.uid === uid) &&
		(hasMember === undefined || Object.hasOwn(card.members ?? {}, hasMember)) &&
		(kind === undefined || (card.kind ?? 'individual') === kind) &&
		(createdBefore === undefined || created < createdBefore) &&
		(createdAfter === undefined || created >= createdAfter) &&
		(updatedBefore === undefined || updated < updatedBefore) &&
		(updatedAfter === undefined || updated >= updatedAfter) &&
		Object.entries(WORDS).every(([name, of]) => {
			const wanted = condition[name as keyof Condition] as string | undefined
			return wanted === undefined || contains(of(card), wanted)
		})
	)
}

/** All words are there, each somewhere. */
function contains(texts: string[], wanted: string): boolean {
	const all = texts.map(fold)
	return fold(wanted)
		.split(/\s+/)
		.every(word => all.some(one => one.includes(word)))
}

const SORTED_BY = ['created', 'updated', 'name/given', 'name/surname', 'name/surname2', 'uid'] as const

function results(call: Call, got: { filter: Json | null; sort: Json[] | null }): string[] {
	const filter =
		got.filter && readFilter<Condition>(got.filter, value => readCondition(conditionShape, value))
	const sort = readSort(got.sort, SORTED_BY)
	const compare = compareBy<Card>(sort, (card, { property }) =>
		property === 'created' || property === 'updated' || property === 'uid'
			? card[property]
			: components(card, property.slice('name/'.length)).join(' '),
	)
	return cardsOf(call)
		.filter(card => !filter || holds(filter, condition => fits(card, condition)))
		.toSorted(compare)
		.map(card => card.id)
}

const shape = z.strictObject(queryShape)
const changesShape = z.strictObject(queryChangesShape)

/** RFC 9610 section 3.3. */
export function queryCards(call: Call, args: Json): Responses {
	const got = read(shape, args)
	checkAccount(call, got.accountId)
	const ids = results(call, got)
	return answerQuery(`${CARD}/query`, got, objectState(call, CARD), ids)
}

/** RFC 9610 section 3.4. */
export function cardQueryChanges(call: Call, args: Json): Responses {
	const got = read(changesShape, args)
	checkAccount(call, got.accountId)
	const { emails } = call.house.reader
	const account = call.account.id
	const state = objectState(call, CARD)
	const since = readState(got.sinceQueryState)
	if (since === null || since > Number(state) || since < (emails.states(account)?.floor ?? 0))
		throw new jmap.MethodRefused('cannotCalculateChanges')
	const touched = new Set([
		...emails.objectsSince(account, CARD, since).map(one => one.key),
		...emails.gone(account, CARD, since).flatMap(one => (one.created <= since ? [one.id] : [])),
	])
	return [[`${CARD}/queryChanges`, queryChanges(got, touched, results(call, got), state)]]
}
