import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import { id, idOrReference, int, object, read, unsigned } from './arguments.ts'
import { type Call, checkAccount, idOf, LIMITS, type Responses } from './call.ts'

/*
 * The standard methods of RFC 8620 section 5. What kinds of records have in common is here; a kind says what it has.
 */

const getShape = z.strictObject({
	accountId: id,
	ids: z.array(idOrReference).nullable().default(null),
	properties: z.array(z.string()).nullable().default(null),
})

export type Getting = { ids: string[] | null; properties: string[] | null }

/** Section 5.1. @throws MethodRefused */
export function readGet(
	call: Call,
	args: Record<string, unknown>,
	allowed: readonly string[] | null,
): Getting & { accountId: string } {
	const got = read(getShape, args)
	checkAccount(call, got.accountId)
	return { ...checkGet(call, got, allowed), accountId: got.accountId }
}

/** @param allowed names of properties; null: the kind looks itself */
export function checkGet(
	call: Call,
	{ ids, properties }: Getting,
	allowed: readonly string[] | null,
): Getting {
	if (ids && ids.length > LIMITS.maxObjectsInGet)
		throw new jmap.MethodRefused('requestTooLarge', `at most ${LIMITS.maxObjectsInGet} ids at a time`)
	const unknown = allowed && properties?.find(property => !allowed.includes(property))
	if (unknown !== undefined && unknown !== null)
		throw new jmap.MethodRefused('invalidArguments', `there is no property "${unknown}"`, {
			arguments: ['properties'],
		})
	return { ids: ids && resolved(call, ids), properties }
}

/** Ids as given, creation ids (`#x`) as what they stand for; each once. */
export function resolved(call: Call, ids: string[]): string[] {
	return [...new Set(ids.map(one => idOf(call, one) ?? one))]
}

/** The record with the properties asked for, `id` always among them. */
export function pick(record: Record<string, unknown>, properties: string[] | null): Record<string, unknown> {
	if (!properties) return record
	const picked: Record<string, unknown> = { id: record.id }
	for (const property of properties) picked[property] = record[property]
	return picked
}

/** Records that are all at hand: those asked for, and which are not there. */
export function getFrom(
	records: Record<string, unknown>[],
	{ ids, properties }: Getting,
): { list: Record<string, unknown>[]; notFound: string[] } {
	if (!ids) {
		if (records.length > LIMITS.maxObjectsInGet)
			throw new jmap.MethodRefused(
				'requestTooLarge',
				`there are more than ${LIMITS.maxObjectsInGet}: name ids`,
			)
		return { list: records.map(record => pick(record, properties)), notFound: [] }
	}
	const byId = new Map(records.map(record => [record.id as string, record]))
	const list: Record<string, unknown>[] = []
	const notFound: string[] = []
	for (const one of ids) {
		const record = byId.get(one)
		if (record) list.push(pick(record, properties))
		else notFound.push(one)
	}
	return { list, notFound }
}

const changesShape = z.strictObject({
	accountId: id,
	sinceState: z.string(),
	maxChanges: z.int().min(1).nullable().default(null),
})

/**
 * What happened to one record after a state, and when it is told: what came since at the time it came, so that whoever
 * is told in portions hears of it before he hears that it changed.
 */
export type Event = { id: string; changed: number; is: 'created' | 'updated' | 'destroyed' }

/** A state we gave once; null when it is none of ours. */
export function readState(state: string): number | null {
	return /^(?:0|[1-9]\d{0,15})$/.test(state) ? Number(state) : null
}

/**
 * Section 5.2.
 * @param events what happened after `since`, in any order; null when that is not known any more
 * @throws MethodRefused
 */
export function changes(
	call: Call,
	args: Record<string, unknown>,
	state: () => number,
	events: (since: number) => Event[] | null,
): Record<string, unknown> & { events: Event[] } {
	const { accountId, sinceState, maxChanges } = read(changesShape, args)
	checkAccount(call, accountId)
	const within = /^(\d+)\.([A-Za-z0-9_-]+)$/.exec(sinceState)
	const since = within ? Number(within[1]) - 1 : readState(sinceState)
	const now = state()
	const all = since === null || since > now ? null : events(since)
	if (!all) throw new jmap.MethodRefused('cannotCalculateChanges')
	const left = all
		.filter(event => !within || event.changed > since! + 1 || event.id > within[2]!)
		.sort((a, b) => a.changed - b.changed || (a.id < b.id ? -1 : 1))
	const told = left.slice(0, Math.min(maxChanges ?? LIMITS.maxObjectsInGet, LIMITS.maxObjectsInGet))
	const last = told.at(-1)
	const next = left[told.length]
	let newState = String(now)
	// One thing that happened may change many records: then the state is between two of them.
	if (next && last)
		newState = last.changed === next.changed ? `${last.changed}.${last.id}` : String(last.changed)
	const of = (is: Event['is']) => told.filter(event => event.is === is).map(event => event.id)
	return {
		accountId,
		oldState: sinceState,
		newState,
		hasMoreChanges: next !== undefined,
		created: of('created'),
		updated: of('updated'),
		destroyed: of('destroyed'),
		events: told,
	}
}

/** As events: what is there (created or changed after `since`), and what is no more. */
export function eventsOf(
	since: number,
	there: { key: string; created: number; changed: number }[],
	gone: { id: string; created: number; changed: number }[],
): Event[] {
	return [
		...there.map(
			({ key, created, changed }): Event =>
				created > since ? { id: key, changed: created, is: 'created' } : { id: key, changed, is: 'updated' },
		),
		// What came and went since is nobody's business.
		...gone
			.filter(({ created }) => created <= since)
			.map(({ id, changed }): Event => ({ id, changed, is: 'destroyed' })),
	]
}

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

export const queryShape = {
	accountId: id,
	filter: object.nullable().default(null),
	sort: z.array(object).nullable().default(null),
	position: int.default(0),
	anchor: id.nullable().default(null),
	anchorOffset: int.default(0),
	limit: unsigned.nullable().default(null),
	calculateTotal: z.boolean().default(false),
}
export type Window = {
	position: number
	anchor: string | null
	anchorOffset: number
	limit: number | null
}

/** Section 5.5: which part of the results is asked for. @throws MethodRefused anchorNotFound */
export function windowOf<T>(
	all: T[],
	{ position, anchor, anchorOffset, limit }: Window,
	placeOf: (anchor: string) => number,
): { position: number; part: T[]; limit?: number } {
	let from = position
	if (anchor !== null) {
		const place = placeOf(anchor)
		if (place < 0) throw new jmap.MethodRefused('anchorNotFound')
		from = Math.max(0, place + anchorOffset)
	} else if (position < 0) from = Math.max(0, all.length + position)
	const most = Math.min(limit ?? LIMITS.maxObjectsInGet, LIMITS.maxObjectsInGet)
	return {
		position: from,
		part: all.slice(from, from + most),
		...(limit === null || limit > most ? { limit: most } : null),
	}
}

/** What a query answers that has all its results at once. */
export function answerQuery(
	name: string,
	got: Window & { accountId: string; calculateTotal: boolean },
	queryState: string,
	all: string[],
): Responses {
	const { part, position, limit } = windowOf(all, got, anchor => all.indexOf(anchor))
	return [
		[
			name,
			{
				accountId: got.accountId,
				queryState,
				canCalculateChanges: true,
				position,
				ids: part,
				...(got.calculateTotal ? { total: all.length } : null),
				...(limit !== undefined ? { limit } : null),
			},
		],
	]
}

export const queryChangesShape = {
	accountId: id,
	filter: object.nullable().default(null),
	sort: z.array(object).nullable().default(null),
	sinceQueryState: z.string(),
	maxChanges: z.int().min(1).nullable().default(null),
	upToId: id.nullable().default(null),
	calculateTotal: z.boolean().default(false),
}

/**
 * Section 5.6.
 * @param touched ids that may stand elsewhere in the results now, or not at all
 * @param results ids as they are now
 * @throws MethodRefused tooManyChanges
 */
export function queryChanges(
	got: {
		accountId: string
		sinceQueryState: string
		maxChanges: number | null
		upToId: string | null
		calculateTotal: boolean
	},
	touched: Set<string>,
	results: string[],
	newQueryState: string,
	/** Neither filter nor sort looks at what may change: only then upToId means anything. */
	immutable = false,
): Record<string, unknown> {
	const added: { id: string; index: number }[] = []
	const end = got.upToId === null || !immutable ? -1 : results.indexOf(got.upToId)
	const last = end < 0 ? results.length - 1 : end
	for (let index = 0; index <= last; index++)
		if (touched.has(results[index]!)) added.push({ id: results[index]!, index })
	const removed = [...touched]
	if (got.maxChanges !== null && removed.length + added.length > got.maxChanges)
		throw new jmap.MethodRefused('tooManyChanges')
	return {
		accountId: got.accountId,
		oldQueryState: got.sinceQueryState,
		newQueryState,
		...(got.calculateTotal ? { total: results.length } : null),
		removed,
		added,
	}
}

/** Section 5.5: a filter is a condition, or an operator and what it is about. @throws MethodRefused */
export type Filter<C> = { operator: 'AND' | 'OR' | 'NOT'; conditions: Filter<C>[] } | { condition: C }

const DEEPEST = 20
/** Each may be looked up in every mailbox. */
const MOST_CONDITIONS = 500
const MOST_COMPARATORS = 20

export function readFilter<C>(
	filter: Record<string, unknown>,
	condition: (value: Record<string, unknown>) => C,
	depth = 0,
	seen = { conditions: 0 },
): Filter<C> {
	if (!('operator' in filter)) {
		if (++seen.conditions > MOST_CONDITIONS)
			throw new jmap.MethodRefused('unsupportedFilter', `at most ${MOST_CONDITIONS} conditions`)
		return { condition: condition(filter) }
	}
	const wrong = (why: string) => new jmap.MethodRefused('invalidArguments', why, { arguments: ['filter'] })
	if (depth > DEEPEST)
		throw new jmap.MethodRefused('unsupportedFilter', 'filters may not be nested so deeply')
	const { operator, conditions, ...rest } = filter
	if (operator !== 'AND' && operator !== 'OR' && operator !== 'NOT')
		throw wrong('filter: an operator is AND, OR or NOT')
	if (!Array.isArray(conditions) || !conditions.every(jmap.isObject) || Object.keys(rest).length > 0)
		throw wrong('filter: an operator has a list of conditions')
	return { operator, conditions: conditions.map(one => readFilter(one, condition, depth + 1, seen)) }
}

/** Does it hold? */
export function holds<C>(filter: Filter<C>, is: (condition: C) => boolean): boolean {
	if ('condition' in filter) return is(filter.condition)
	switch (filter.operator) {
		case 'AND':
			return filter.conditions.every(one => holds(one, is))
		case 'OR':
			return filter.conditions.some(one => holds(one, is))
		case 'NOT':
			return !filter.conditions.some(one => holds(one, is))
	}
}

/** Section 5.5. */
export type Comparator = {
	property: string
	isAscending: boolean
	collation: string
	keyword?: string | undefined
}

export const COLLATIONS = ['i;ascii-numeric', 'i;ascii-casemap', 'i;unicode-casemap'] as const

const comparatorShape = z.object({
	property: z.string(),
	isAscending: z.boolean().default(true),
	collation: z.string().default('i;unicode-casemap'),
	keyword: z.string().optional(),
})

/** A condition of a filter. @throws MethodRefused invalidArguments, unsupportedFilter */
export function readCondition<T extends z.ZodObject>(shape: T, value: Record<string, unknown>): z.output<T> {
	const unknown = Object.keys(value).find(name => !(name in shape.shape))
	if (unknown !== undefined)
		throw new jmap.MethodRefused('unsupportedFilter', `nothing is filtered by "${unknown}"`)
	return (read(z.object({ filter: shape }), { filter: value }) as { filter: z.output<T> }).filter
}

/** @throws MethodRefused invalidArguments, unsupportedSort */
export function readSort(
	sort: Record<string, unknown>[] | null,
	properties: readonly string[],
): Comparator[] {
	if (sort && sort.length > MOST_COMPARATORS)
		throw new jmap.MethodRefused('unsupportedSort', `at most ${MOST_COMPARATORS} comparators`)
	return (sort ?? []).map(one => {
		const comparator = read(z.object({ sort: comparatorShape }), { sort: one }).sort
		if (!properties.includes(comparator.property))
			throw new jmap.MethodRefused('unsupportedSort', `nothing is sorted by "${comparator.property}"`)
		if (!COLLATIONS.includes(comparator.collation as never))
			throw new jmap.MethodRefused('unsupportedSort', `there is no collation "${comparator.collation}"`)
		return comparator
	})
}
