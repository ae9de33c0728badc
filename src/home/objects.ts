import { isDeepStrictEqual } from 'node:util'
import type { Op, Store } from '../store/index.ts'

/*
 * What a person has beside mail and comes along when two accounts become one. Both ways of signing in that were made for
 * the one account alone (passwords of devices, second factor) and what is of the moment (push subscriptions, mail to be
 * sent later is in the queue) do not.
 */

type Json = Record<string, unknown>
type Kept = { id: string; value: Json }
type Take = (has: Kept[], comes: Kept) => unknown

/** By kind: what is put under its id, undefined when nothing is. The account that stays has the last word. */
const TAKE: Record<string, Take> = {
	ContactCard: (_, { value }) => value,
	/** A signature; of what is there already nobody wants two. */
	Identity: (has, { id, value }) => {
		const there = has.some(one => one.id === id || isDeepStrictEqual(words(one.value), words(value)))
		return there ? undefined : value
	},
	VacationResponse: ([has], { value }) => (has && saysAnything(has.value) ? undefined : value),
	/** Each wish for itself; labels and trusted senders of both. */
	Preferences: ([has], { value }) => withMissing(value, has?.value ?? {}),
}
export const OBJECTS = Object.keys(TAKE)

export function objectOps(
	{ reader }: Store,
	account: string,
	{ kind, id, value }: { kind: string; id: string; value: unknown },
): Op[] {
	const take = TAKE[kind]
	if (!take) return []
	const has = reader.emails.objects(account, kind) as Kept[]
	const taken = take(has, { id, value: value as Json })
	return taken === undefined ? [] : [{ do: 'object.set', account, kind, id, value: taken }]
}

function words({ name, email, replyTo, bcc, textSignature, htmlSignature }: Json): unknown[] {
	return [name, email, replyTo ?? null, bcc ?? null, textSignature, htmlSignature]
}

const saysAnything = ({ isEnabled, subject, textBody, htmlBody }: Json) =>
	isEnabled === true || [subject, textBody, htmlBody].some(text => typeof text === 'string' && text !== '')

function withMissing(other: Json, own: Json): Json {
	const both = { ...other }
	for (const [name, value] of Object.entries(own)) {
		if (value === null) continue
		const theirs = other[name]
		both[name] = isRecord(value) && isRecord(theirs) ? { ...theirs, ...value } : value
	}
	return both
}

const isRecord = (value: unknown): value is Json =>
	typeof value === 'object' && value !== null && !Array.isArray(value)
