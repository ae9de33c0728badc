import { z } from 'zod'
import { fold } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { id, read } from './arguments.ts'
import { type Call, checkAccount, type Responses } from './call.ts'
import { compareBy } from './collate.ts'
import { type Comparator, type Filter, holds, readCondition, readFilter, readSort } from './filter.ts'
import { type Mailbox, mailboxesOf, mailboxState } from './mailbox-get.ts'
import { readState } from './standard-changes.ts'
import { answerQuery, queryChanges, queryChangesShape, queryShape } from './standard-query.ts'

const conditionShape = z.strictObject({
	parentId: id.nullable().optional(),
	name: z.string().optional(),
	role: z.string().nullable().optional(),
	hasAnyRole: z.boolean().optional(),
	isSubscribed: z.boolean().optional(),
})
type Condition = z.output<typeof conditionShape>

const tree = { sortAsTree: z.boolean().default(false), filterAsTree: z.boolean().default(false) }
const shape = z.strictObject({ ...queryShape, ...tree })
const changesShape = z.strictObject({ ...queryChangesShape, ...tree })

/** RFC 8621 section 2.3. */
export function queryMailboxes(call: Call, args: Record<string, unknown>): Responses {
	const got = read(shape, args)
	checkAccount(call, got.accountId)
	const ids = results(call, got)
	return answerQuery('Mailbox/query', got, mailboxState(call), ids)
}

/** RFC 8621 section 2.4. */
export function mailboxQueryChanges(call: Call, args: Record<string, unknown>): Responses {
	const got = read(changesShape, args)
	checkAccount(call, got.accountId)
	const { emails } = call.house.reader
	const since = readState(got.sinceQueryState)
	const state = mailboxState(call)
	if (since === null || since > Number(state) || since < (emails.states(call.account.id)?.floor ?? 0))
		throw new jmap.MethodRefused('cannotCalculateChanges')
	const ids = results(call, got)
	// The place of a mailbox depends on those above it: when one has changed, any may stand elsewhere.
	const gone = emails.gone(call.account.id, 'Mailbox', since).map(one => one.id)
	const changed = emails.mailboxesSince(call.account.id, since).some(one => one.changed > since)
	const touched = changed || gone.length > 0 ? [...mailboxesOf(call).map(box => box.id), ...gone] : []
	return [['Mailbox/queryChanges', queryChanges(got, new Set(touched), ids, state)]]
}

type Query = {
	filter: Record<string, unknown> | null
	sort: Record<string, unknown>[] | null
	sortAsTree: boolean
	filterAsTree: boolean
}

function results(call: Call, query: Query): string[] {
	const filter = query.filter && readFilter(query.filter, value => readCondition(conditionShape, value))
	const sort = readSort(query.sort, ['sortOrder', 'name', 'parentId'])
	const all = mailboxesOf(call)
	const compare = compareMailboxes(sort)
	const sorted = query.sortAsTree ? inTree(all, compare) : all.toSorted(compare)
	const fits = new Set(all.filter(box => !filter || fitsFilter(filter, box)).map(box => box.id))
	if (query.filterAsTree) {
		const byId = new Map(all.map(box => [box.id, box]))
		const whole = (box: Mailbox): boolean =>
			fits.has(box.id) && (box.parentId === null || whole(byId.get(box.parentId)!))
		return sorted.filter(whole).map(box => box.id)
	}
	return sorted.filter(box => fits.has(box.id)).map(box => box.id)
}

function fitsFilter(filter: Filter<Condition>, box: Mailbox): boolean {
	return holds(
		filter,
		({ parentId, name, role, hasAnyRole, isSubscribed }) =>
			(parentId === undefined || box.parentId === parentId) &&
			(name === undefined || fold(box.name).includes(fold(name))) &&
			(role === undefined || box.role === role) &&
			(hasAnyRole === undefined || (box.role !== null) === hasAnyRole) &&
			(isSubscribed === undefined || box.isSubscribed === isSubscribed),
	)
}

function compareMailboxes(sort: Comparator[]): (a: Mailbox, b: Mailbox) => number {
	return compareBy(sort, (box, { property }) =>
		property === 'sortOrder' ? box.sortOrder : property === 'name' ? box.name : (box.parentId ?? ''),
	)
}

/** Each mailbox follows the one above it. */
function inTree(all: Mailbox[], compare: (a: Mailbox, b: Mailbox) => number): Mailbox[] {
	const below = Map.groupBy(all, box => box.parentId)
	const walk = (parent: string | null): Mailbox[] =>
		(below.get(parent) ?? []).toSorted(compare).flatMap(box => [box, ...walk(box.id)])
	return walk(null)
}
