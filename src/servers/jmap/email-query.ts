import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import type { EmailRow } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { read } from './arguments.ts'
import { type Call, checkAccount, type Responses } from './call.ts'
import {
	type Condition,
	indexOf,
	isImmutable,
	looksAtThreads,
	readEmailCondition,
	type Test,
	testsOf,
	type World,
} from './email-filter.ts'
import { emailOf, emailState } from './email-get.ts'
import { Look } from './email-look.ts'
import { SORTS, sortRows } from './email-sort.ts'
import { type Comparator, type Filter, readFilter, readSort } from './filter.ts'
import { readState } from './standard-changes.ts'
import { queryChanges, queryChangesShape, queryShape, windowOf } from './standard-query.ts'

const NEWEST_FIRST: Comparator[] = [{ property: 'receivedAt', isAscending: false, collation: '' }]

const collapse = { collapseThreads: z.boolean().default(false) }
const shape = z.strictObject({ ...queryShape, ...collapse })
const changesShape = z.strictObject({ ...queryChangesShape, ...collapse })

type Query = { filter: Filter<Condition> | null; sort: Comparator[]; collapseThreads: boolean }

/** @throws MethodRefused */
function queryOf(got: Pick<z.output<typeof shape>, 'filter' | 'sort' | 'collapseThreads'>): Query {
	const filter = got.filter && readFilter(got.filter, readEmailCondition)
	const sort = readSort(got.sort, SORTS)
	for (const { property, keyword } of sort)
		if (property.endsWith('Keyword') && keyword === undefined)
			throw new jmap.MethodRefused('invalidArguments', `sorting by ${property} needs "keyword"`, {
				arguments: ['sort'],
			})
	return { filter, sort: sort.length > 0 ? sort : NEWEST_FIRST, collapseThreads: got.collapseThreads }
}

/** RFC 8621 section 4.4. */
export async function queryEmails(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(shape, args)
	checkAccount(call, got.accountId)
	const queryState = emailState(call)
	const keys = await results(call, queryOf(got))
	const { part, position, limit } = windowOf(keys, got, anchor =>
		keys.indexOf(emailOf(call, anchor)?.key ?? -1),
	)
	return [
		[
			'Email/query',
			{
				accountId: got.accountId,
				queryState,
				canCalculateChanges: true,
				position,
				ids: idsOf(call, part),
				...(got.calculateTotal ? { total: keys.length } : null),
				...(limit !== undefined ? { limit } : null),
			},
		],
	]
}

/** RFC 8621 section 4.5. */
export async function emailQueryChanges(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(changesShape, args)
	checkAccount(call, got.accountId)
	const query = queryOf(got)
	const { emails } = call.house.reader
	const account = call.account.id
	const since = readState(got.sinceQueryState)
	const state = emailState(call)
	if (since === null || since > Number(state) || since < (emails.states(account)?.floor ?? 0))
		throw new jmap.MethodRefused('cannotCalculateChanges')
	const came = emails.since(account, since)
	const gone = emails.gone(account, 'Email', since).filter(one => one.created <= since)
	const touched = new Set([...came.map(one => one.key), ...gone.map(one => one.id)])
	if (query.collapseThreads || (query.filter && looksAtThreads(query.filter)) || sortsByThreads(query)) {
		// Another email may stand for its thread now.
		const threads = new Set([...came, ...gone].map(one => one.thread!))
		for (const thread of threads) for (const { hash } of emails.thread(account, thread)) touched.add(hash)
	}
	const keys = await results(call, query)
	const ids = idsOf(call, keys)
	const immutable =
		(!query.filter || isImmutable(query.filter)) &&
		!query.collapseThreads &&
		query.sort.every(({ property }) => !property.endsWith('Keyword'))
	const answer = queryChanges(got, new Set([...touched].map(hash => `M${hash}`)), ids, state, immutable)
	return [['Email/queryChanges', answer]]
}

function sortsByThreads({ sort }: Query): boolean {
	return sort.some(({ property }) => property.includes('InThread'))
}

function idsOf({ house }: Call, keys: number[]): string[] {
	return house.reader.emails.hashes(keys).map(hash => `M${hash}`)
}

/** Keys of the emails that fit, sorted. */
async function results(call: Call, query: Query): Promise<number[]> {
	const { reader } = call.house
	const account = call.account.id
	const mailboxes = reader.mailboxes(account)
	const keyOf = new Map(mailboxes.map(box => [box.id, box.key]))
	const inside = query.filter && mailboxOf(query.filter)
	const mailbox = inside === null ? null : keyOf.get(inside)
	if (mailbox === undefined) return []
	if ((!query.filter || isOnlyMailbox(query.filter)) && isByTime(query.sort)) {
		const found = reader.emails.byTime(account, mailbox)
		if (!query.sort[0]!.isAscending) found.reverse()
		return collapsed(found, query.collapseThreads)
	}
	const rows = reader.emails.all(account, mailbox)
	let threads: Map<number, EmailRow[]> | null = null
	const world: World = {
		mailboxKey: id => keyOf.get(id),
		threadOf(row) {
			threads ??= Map.groupBy(mailbox === null ? rows : reader.emails.all(account, null), one => one.thread)
			return threads.get(row.thread) ?? [row]
		},
		indexed: indexOf(call, mailbox === null ? mailboxes.map(box => box.key) : [mailbox]),
	}
	const fitting = query.filter ? await fittingOf(call, rows, query.filter, world) : rows
	const sorted = await sortRows(call, fitting, query.sort, world)
	return collapsed(
		sorted.map(row => [row.key, row.thread]),
		query.collapseThreads,
	)
}

/** The mailbox all results lie in, as far as that can be seen. */
function mailboxOf(filter: Filter<Condition>): string | null {
	if ('condition' in filter) return filter.condition.inMailbox ?? null
	if (filter.operator !== 'AND') return null
	for (const one of filter.conditions) {
		const inside = mailboxOf(one)
		if (inside !== null) return inside
	}
	return null
}

function isOnlyMailbox(filter: Filter<Condition>): boolean {
	return 'condition' in filter && Object.keys(filter.condition).every(name => name === 'inMailbox')
}

function isByTime(sort: Comparator[]): boolean {
	return sort.length === 1 && sort[0]!.property === 'receivedAt'
}

function collapsed(found: [key: number, thread: number][], collapse: boolean): number[] {
	if (!collapse) return found.map(([key]) => key)
	const seen = new Set<number>()
	const keys: number[] = []
	for (const [key, thread] of found) {
		if (seen.has(thread)) continue
		seen.add(thread)
		keys.push(key)
	}
	return keys
}

type Compiled = Test[] | { operator: 'AND' | 'OR' | 'NOT'; of: Compiled[] }

async function compile(filter: Filter<Condition>, world: World): Promise<Compiled> {
	if ('condition' in filter) return testsOf(filter.condition, world)
	const of: Compiled[] = []
	for (const one of filter.conditions) of.push(await compile(one, world))
	return { operator: filter.operator, of }
}

// Others have a turn after so many milliseconds.
const TURN = 10

async function fittingOf(call: Call, rows: EmailRow[], filter: Filter<Condition>, world: World) {
	const compiled = await compile(filter, world)
	const fitting: EmailRow[] = []
	let turn = performance.now()
	for (const row of rows) {
		const quickly = quick(compiled, row)
		if (quickly ?? (await looked(call, compiled, row))) fitting.push(row)
		if (performance.now() - turn < TURN) continue
		await setImmediate()
		turn = performance.now()
	}
	return fitting
}

function quick(compiled: Compiled, row: EmailRow): boolean | null {
	if (Array.isArray(compiled)) return every(compiled, test => test.quick(row))
	switch (compiled.operator) {
		case 'AND':
			return every(compiled.of, one => quick(one, row))
		case 'OR':
			return not(every(compiled.of, one => not(quick(one, row))))
		case 'NOT':
			return every(compiled.of, one => not(quick(one, row)))
	}
}

function every<T>(all: T[], is: (one: T) => boolean | null): boolean | null {
	let answer: boolean | null = true
	for (const one of all) {
		const holds = is(one)
		if (holds === false) return false
		if (holds === null) answer = null
	}
	return answer
}

function not(answer: boolean | null): boolean | null {
	return answer === null ? null : !answer
}

/** Who had a turn meanwhile may have destroyed it: then it fits no more. */
async function looked({ house }: Call, compiled: Compiled, row: EmailRow): Promise<boolean> {
	try {
		return await fully(compiled, new Look(house.reader, row))
	} catch (error) {
		if (house.reader.heads([row.blob], 'structure').size === 0) return false
		throw error
	}
}

async function fully(compiled: Compiled, look: Look): Promise<boolean> {
	const quickly = quick(compiled, look.row)
	if (quickly !== null) return quickly
	if (Array.isArray(compiled)) {
		for (const test of compiled) if (!(test.quick(look.row) ?? (await test.full(look)))) return false
		return true
	}
	const { operator, of } = compiled
	for (const one of of) {
		const holds = await fully(one, look)
		if (operator === 'AND' && !holds) return false
		if (operator === 'OR' && holds) return true
		if (operator === 'NOT' && holds) return false
	}
	return operator !== 'OR'
}
