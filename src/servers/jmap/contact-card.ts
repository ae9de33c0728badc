import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import { ONLY_BOOK } from './address-book.ts'
import { id, read } from './arguments.ts'
import { type Call, checkAccount, type Responses } from './call.ts'
import { type Json, objectChanges, objectState, setObjects } from './objects.ts'
import { getFrom, readGet } from './standard-get.ts'

export const CARD = 'ContactCard'

/* Contacts of one's own: JSContact cards (RFC 9553) by RFC 9610. What of a card nobody here reads is kept as it came. */

const MOST_CARDS = 20_000
/** Characters of a card as JSON. */
const MOST_OF_CARD = 65_536

const text = z.string()
const mapOf = (shape: z.ZodRawShape) => z.record(id, z.looseObject(shape))
const marks = z.record(text, z.literal(true))
const date = text.refine(value => jmap.parseUtcDate(value) !== null)
const cardShape = z.looseObject({
	'@type': z.literal('Card'),
	version: z.literal('1.0'),
	uid: text.min(1).max(500),
	kind: text.min(1).optional(),
	created: date,
	updated: date,
	language: text.optional(),
	prodId: text.optional(),
	members: marks.optional(),
	keywords: marks.optional(),
	name: z
		.looseObject({
			full: text.optional(),
			isOrdered: z.boolean().optional(),
			components: z.array(z.looseObject({ kind: text, value: text })).optional(),
		})
		.optional(),
	nicknames: mapOf({ name: text }).optional(),
	organizations: mapOf({ name: text.optional() }).optional(),
	titles: mapOf({ name: text }).optional(),
	emails: mapOf({ address: text }).optional(),
	phones: mapOf({ number: text }).optional(),
	onlineServices: mapOf({ uri: text.optional(), user: text.optional() }).optional(),
	addresses: mapOf({ full: text.optional() }).optional(),
	notes: mapOf({ note: text }).optional(),
	// Pictures as data or links; there are no blobs of cards.
	media: mapOf({ uri: text }).optional(),
	addressBookIds: z.strictObject({ [ONLY_BOOK]: z.literal(true) }),
})
export type Card = z.output<typeof cardShape> & { id: string }

/** Without `id`. @throws RecordRefused */
function checkCard(value: Json): void {
	const parsed = cardShape.safeParse(value)
	if (!parsed.success) {
		const names = parsed.error.issues.map(({ path }) => path.map(String).join('/') || 'card')
		throw jmap.invalidProperties([...new Set(names)], 'these are not as RFC 9553 and RFC 9610 have them')
	}
	if (JSON.stringify(value).length > MOST_OF_CARD) throw new jmap.RecordRefused({ type: 'tooLarge' })
}

export function cardsOf({ house, account }: Pick<Call, 'house' | 'account'>): Card[] {
	return house.reader.emails
		.objects(account.id, CARD)
		.map(({ id, value }) => ({ id, ...(value as Omit<Card, 'id'>) }) as Card)
}

/** RFC 9610 section 3.1: a card has only the properties it has. */
export function getCards(call: Call, args: Json): Responses {
	const asked = readGet(call, args, null)
	const { list, notFound } = getFrom(cardsOf(call), asked)
	const there = list.map(card =>
		Object.fromEntries(Object.entries(card).filter(([, value]) => value !== undefined)),
	)
	return [
		[`${CARD}/get`, { accountId: asked.accountId, state: objectState(call, CARD), list: there, notFound }],
	]
}

/** RFC 9610 section 3.2. */
export function cardChanges(call: Call, args: Json): Responses {
	return objectChanges(call, CARD, args)
}

/** RFC 9610 section 3.5. */
export async function setCards(call: Call, args: Json): Promise<Responses> {
	const now = jmap.formatUtcDate(Date.now())
	const answer = await setObjects(
		call,
		{
			kind: CARD,
			make(_call, given) {
				if ('id' in given) throw jmap.invalidProperties(['id'], 'the server gives ids')
				const kept = cardsOf(call)
				if (kept.length >= MOST_CARDS) throw new jmap.RecordRefused({ type: 'overQuota' })
				const byDefault = {
					'@type': 'Card',
					version: '1.0',
					uid: `urn:uuid:${randomUUID()}`,
					created: now,
					updated: now,
				}
				const value = { ...byDefault, ...withoutNull(given) }
				checkCard(value)
				const known = kept.find(({ uid }) => uid === value.uid)
				if (known) throw new jmap.RecordRefused({ type: 'alreadyExists', existingId: known.id })
				const added = Object.fromEntries(Object.entries(byDefault).filter(([name]) => !(name in given)))
				return { value, added }
			},
			find: (_call, id) => call.house.reader.emails.object(call.account.id, CARD, id) as Json | null,
			change(_call, id, before, patch) {
				const { id: same = id, ...changed } = jmap.applyPatch(before, patch)
				const value = withoutNull({ ...before, updated: now, ...changed })
				const fixed = [...(same === id ? [] : ['id']), ...(value.uid === before.uid ? [] : ['uid'])]
				if (fixed.length > 0) throw jmap.invalidProperties(fixed, 'these do not change')
				checkCard(value)
				return value
			},
		},
		args,
	)
	return [[`${CARD}/set`, answer]]
}

const withoutNull = (value: Json): Json =>
	Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null))

const copyShape = z.object({ fromAccountId: id, accountId: id })

/** RFC 9610 section 3.6. One sees one account, so there is none to copy from. */
export function copyCards(call: Call, args: Json): Responses {
	const got = read(copyShape, args)
	checkAccount(call, got.accountId)
	if (got.fromAccountId === got.accountId)
		throw new jmap.MethodRefused('invalidArguments', 'within an account a card is created anew', {
			arguments: ['fromAccountId'],
		})
	throw new jmap.MethodRefused('fromAccountNotFound')
}
