import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import { id, idOrReference, object, read } from './arguments.ts'
import { type Call, checkAccount, idOf, LIMITS } from './call.ts'

/* /set (RFC 8620 section 5.3), and whatever else is done to one record after the other. */

const setShape = z.strictObject({
	accountId: id,
	ifInState: z.string().nullable().default(null),
	create: z.record(id, object).nullable().default(null),
	update: z.record(idOrReference, object).nullable().default(null),
	destroy: z.array(idOrReference).nullable().default(null),
})
export type SetArguments = z.output<typeof setShape>

type Outcome<T> = Map<string, T | jmap.RecordRefused>

/** How a kind of record is set. Whatever throws RecordRefused for one record may do so for each by itself. */
export type Setting = {
	state(): string
	/** What the server added to each. */
	create(
		objects: [creationId: string, object: Record<string, unknown>][],
	): Promise<Outcome<Record<string, unknown> & { id: string }>>
	/** What changed beside what was asked for; null: nothing. */
	update(
		patches: [id: string, patch: Record<string, unknown>][],
	): Promise<Outcome<Record<string, unknown> | null>>
	destroy(ids: string[]): Promise<Outcome<true>>
	/** May it be otherwise once the rest is done? Only the end has to be right (section 5.3). */
	mayPass?(error: jmap.SetError): boolean
}

/** Extra arguments of a kind are taken out before. @throws MethodRefused */
export function readSet(call: Call, args: Record<string, unknown>): SetArguments {
	const got = read(setShape, args)
	checkAccount(call, got.accountId)
	const count =
		Object.keys(got.create ?? {}).length + Object.keys(got.update ?? {}).length + (got.destroy ?? []).length
	if (count > LIMITS.maxObjectsInSet)
		throw new jmap.MethodRefused('requestTooLarge', `at most ${LIMITS.maxObjectsInSet} records at a time`)
	return got
}

/** Section 5.3. @throws MethodRefused */
export async function set(call: Call, got: SetArguments, setting: Setting): Promise<Record<string, unknown>> {
	const oldState = setting.state()
	if (got.ifInState !== null && got.ifInState !== oldState) throw new jmap.MethodRefused('stateMismatch')

	const destroyed: string[] = []
	const destroy = [...new Set(got.destroy ?? [])]
	const created = got.create && (await setting.create(Object.entries(got.create)))
	for (const [creationId, done] of created ?? [])
		if (!(done instanceof jmap.RecordRefused)) call.createdIds.set(creationId, done.id)

	const resolve = (given: string) => idOf(call, given) ?? given
	const doomed = new Set(destroy.map(resolve))
	const patches = Object.entries(got.update ?? {}).map(
		([given, patch]): [string, Record<string, unknown>] => [resolve(given), patch],
	)
	const updated: Outcome<Record<string, unknown> | null> = new Map()
	for (const [one] of patches)
		if (doomed.has(one)) updated.set(one, new jmap.RecordRefused({ type: 'willDestroy' }))
	const living = patches.filter(([one]) => !doomed.has(one))
	for (const [one, done] of living.length > 0 ? await setting.update(living) : []) updated.set(one, done)
	const removed: Outcome<true> = doomed.size > 0 ? await setting.destroy([...doomed]) : new Map()
	for (const [one, done] of removed) if (done === true) destroyed.push(one)
	if (living.length > 0 || doomed.size > 0) {
		const waits = (is: unknown) => is instanceof jmap.RecordRefused && setting.mayPass?.(is.error) === true
		const late = Object.entries(got.create ?? {}).filter(([creationId]) => waits(created?.get(creationId)))
		for (const [creationId, done] of late.length > 0 ? await setting.create(late) : []) {
			created?.set(creationId, done)
			if (!(done instanceof jmap.RecordRefused)) call.createdIds.set(creationId, done.id)
		}
		const stuck = living.filter(([one]) => waits(updated.get(one)))
		for (const [one, done] of stuck.length > 0 ? await setting.update(stuck) : []) updated.set(one, done)
	}
	return {
		accountId: got.accountId,
		oldState,
		newState: setting.state(),
		created: done(created),
		updated: done(updated),
		destroyed: destroyed.length > 0 ? destroyed : null,
		notCreated: refused(created),
		notUpdated: refused(updated),
		notDestroyed: refused(removed),
	}
}

/** What is said anew: whoever sends a whole record back changes nothing by what is as it was (section 5.3). */
export function changed(
	before: Record<string, unknown>,
	after: Record<string, unknown>,
): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(after).filter(
			([name, value]) => !Object.hasOwn(before, name) || !isDeepStrictEqual(value, before[name]),
		),
	)
}

function done(outcome: Outcome<unknown> | null): Record<string, unknown> | null {
	const entries = [...(outcome ?? [])].filter(([, one]) => !(one instanceof jmap.RecordRefused))
	return entries.length > 0 ? Object.fromEntries(entries) : null
}

function refused(outcome: Outcome<unknown> | null): Record<string, jmap.SetError> | null {
	const entries = [...(outcome ?? [])].flatMap(([one, is]): [string, jmap.SetError][] =>
		is instanceof jmap.RecordRefused ? [[one, is.error]] : [],
	)
	return entries.length > 0 ? Object.fromEntries(entries) : null
}

/** One after the other; who is refused does not keep the others. */
export async function oneByOne<T, R>(
	entries: T[],
	key: (entry: T) => string,
	work: (entry: T) => Promise<R>,
): Promise<Outcome<R>> {
	const outcome: Outcome<R> = new Map()
	for (const entry of entries) {
		try {
			outcome.set(key(entry), await work(entry))
		} catch (error) {
			if (!(error instanceof jmap.RecordRefused)) throw error
			outcome.set(key(entry), error)
		}
	}
	return outcome
}
