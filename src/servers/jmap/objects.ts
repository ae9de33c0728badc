import { newId } from '../../kit/index.ts'
import { jmap } from '../../wire/index.ts'
import type { Call, Responses } from './call.ts'
import { changes, eventsOf } from './standard-changes.ts'
import { oneByOne, readSet, type SetArguments, type Setting, set } from './standard-set.ts'

/** Records that are kept as objects of the store. */

export type Json = Record<string, unknown>

export function objectState({ house, account }: Pick<Call, 'house' | 'account'>, kind: string): string {
	return String(house.reader.emails.objectState(account.id, kind))
}

export function objectChanges(call: Call, kind: string, args: Json): Responses {
	const { emails } = call.house.reader
	const account = call.account.id
	const { events: _, ...answer } = changes(
		call,
		args,
		() => Number(objectState(call, kind)),
		since => {
			if (since < (emails.states(account)?.floor ?? 0)) return null
			return eventsOf(since, emails.objectsSince(account, kind, since), emails.gone(account, kind, since))
		},
	)
	return [[`${kind}/changes`, answer]]
}

/** @throws RecordRefused when there is no account any more, or nothing to take away */
export async function putObject(
	{ house, account }: Call,
	kind: string,
	id: string,
	value: unknown,
): Promise<void> {
	const [result] = await house.write([{ do: 'object.set', account: account.id, kind, id, value }])
	if (!result!.ok) throw new jmap.RecordRefused({ type: 'notFound' })
}

const underWay = new Map<string, Promise<unknown>>()

/**
 * Changes of an account by JMAP, one after the other: what is there is read, changed and written whole before the next is
 * read, so that none of two that come at the same time is lost.
 */
export async function inOrder<T>({ account }: Call, work: () => Promise<T>): Promise<T> {
	const before = underWay.get(account.id)
	const mine = Promise.resolve(before)
		.catch(() => {})
		.then(work)
	underWay.set(account.id, mine)
	try {
		return await mine
	} finally {
		if (underWay.get(account.id) === mine) underWay.delete(account.id)
	}
}

/** What a kind of object may be. Each of them throws RecordRefused. */
export type ObjectKind = {
	kind: string
	/** A new object: what is kept, and what the server adds for the client. */
	make(call: Call, given: Json): { value: Json; added: Json } | Promise<{ value: Json; added: Json }>
	find(call: Call, id: string): Json | null
	/** The object after the patch. */
	change(call: Call, id: string, before: Json, patch: Json): Json | Promise<Json>
	mayDestroy?(call: Call, id: string): void
}

export function setObjects(
	call: Call,
	{ kind, make, find, change, mayDestroy }: ObjectKind,
	args: Json | SetArguments,
): Promise<Json> {
	const setting: Setting = {
		state: () => objectState(call, kind),
		create: objects =>
			oneByOne(
				objects,
				([creationId]) => creationId,
				async ([, given]) => {
					const { value, added } = await make(call, given)
					const id = newId()
					await putObject(call, kind, id, value)
					return { id, ...added }
				},
			),
		update: patches =>
			oneByOne(
				patches,
				([id]) => id,
				async ([id, patch]) => {
					const before = find(call, id)
					if (!before) throw new jmap.RecordRefused({ type: 'notFound' })
					await putObject(call, kind, id, await change(call, id, before, patch))
					return null
				},
			),
		destroy: ids =>
			oneByOne(
				ids,
				id => id,
				async (id): Promise<true> => {
					if (!find(call, id)) throw new jmap.RecordRefused({ type: 'notFound' })
					mayDestroy?.(call, id)
					await putObject(call, kind, id, null)
					return true
				},
			),
	}
	return inOrder(call, () => set(call, readSet(call, args as Json), setting))
}

/** Properties one by one: `shape` says which there are and whether a value fits. @throws RecordRefused */
export function checkProperties(given: Json, shape: Record<string, (value: unknown) => boolean>): void {
	const wrong = Object.keys(given).filter(name => !Object.hasOwn(shape, name) || !shape[name]!(given[name]))
	if (wrong.length > 0) throw jmap.invalidProperties(wrong, 'these are not known, or cannot have that value')
}

export const isText = (value: unknown): boolean => typeof value === 'string'
export const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string'

export function isAddressList(value: unknown): boolean {
	return (
		value === null ||
		(Array.isArray(value) &&
			value.every(
				one =>
					jmap.isObject(one) &&
					typeof one.email === 'string' &&
					isTextOrNull(one.name ?? null) &&
					Object.keys(one).every(key => key === 'email' || key === 'name'),
			))
	)
}
