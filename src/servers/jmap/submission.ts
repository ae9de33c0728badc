import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import { id, read, utcDate } from './arguments.ts'
import { type Call, checkAccount, type Responses } from './call.ts'
import { compareBy } from './collate.ts'
import { holds, readCondition, readFilter, readSort } from './filter.ts'
import { type Json, objectChanges, objectState } from './objects.ts'
import { readState } from './standard-changes.ts'
import { getFrom, readGet } from './standard-get.ts'
import { answerQuery, queryChanges, queryChangesShape, queryShape } from './standard-query.ts'
import { type Kept, KIND, keptOf, settleSubmissions, submissionRecord } from './submission-record.ts'

const PROPERTIES = [
	'id',
	'identityId',
	'emailId',
	'threadId',
	'envelope',
	'sendAt',
	'undoStatus',
	'deliveryStatus',
	'dsnBlobIds',
	'mdnBlobIds',
]

/** RFC 8621 section 7.1. */
export async function getSubmissions(call: Call, args: Json): Promise<Responses> {
	const asked = readGet(call, args, PROPERTIES)
	await settleSubmissions(call)
	const { list, notFound } = getFrom(
		keptOf(call).map(one => submissionRecord(call, one)),
		asked,
	)
	return [[`${KIND}/get`, { accountId: asked.accountId, state: objectState(call, KIND), list, notFound }]]
}

/** RFC 8621 section 7.2. */
export async function submissionChanges(call: Call, args: Json): Promise<Responses> {
	await settleSubmissions(call)
	return objectChanges(call, KIND, args)
}

const conditionShape = z.object({
	identityIds: z.array(id).optional(),
	emailIds: z.array(id).optional(),
	threadIds: z.array(id).optional(),
	undoStatus: z.string().optional(),
	before: utcDate.optional(),
	after: utcDate.optional(),
})
type Condition = z.output<typeof conditionShape>

const shape = z.strictObject(queryShape)
const changesShape = z.strictObject(queryChangesShape)

/** RFC 8621 section 7.3. */
export async function querySubmissions(call: Call, args: Json): Promise<Responses> {
	const got = read(shape, args)
	checkAccount(call, got.accountId)
	await settleSubmissions(call)
	const ids = results(call, got)
	return answerQuery(`${KIND}/query`, got, objectState(call, KIND), ids)
}

/** RFC 8621 section 7.4. */
export async function submissionQueryChanges(call: Call, args: Json): Promise<Responses> {
	const got = read(changesShape, args)
	checkAccount(call, got.accountId)
	await settleSubmissions(call)
	const { emails } = call.house.reader
	const account = call.account.id
	const state = objectState(call, KIND)
	const since = readState(got.sinceQueryState)
	if (since === null || since > Number(state) || since < (emails.states(account)?.floor ?? 0))
		throw new jmap.MethodRefused('cannotCalculateChanges')
	const touched = new Set([
		...emails.objectsSince(account, KIND, since).map(one => one.key),
		...emails.gone(account, KIND, since).flatMap(one => (one.created <= since ? [one.id] : [])),
	])
	return [[`${KIND}/queryChanges`, queryChanges(got, touched, results(call, got), state)]]
}

function results(call: Call, got: { filter: Json | null; sort: Json[] | null }): string[] {
	const filter =
		got.filter && readFilter<Condition>(got.filter, value => readCondition(conditionShape, value))
	const sort = readSort(got.sort, ['emailId', 'threadId', 'sentAt', 'sendAt'])
	const fits = ({ value }: { value: Kept }) =>
		!filter ||
		holds(
			filter,
			({ identityIds, emailIds, threadIds, undoStatus, before, after }) =>
				(!identityIds || identityIds.includes(value.identityId)) &&
				(!emailIds || emailIds.includes(value.emailId)) &&
				(!threadIds || threadIds.includes(value.threadId)) &&
				(undoStatus === undefined || value.undoStatus === undoStatus) &&
				(before === undefined || value.sendAt < before) &&
				(after === undefined || value.sendAt >= after),
		)
	const compare = compareBy<{ id: string; value: Kept }>(sort, ({ value }, { property }) =>
		property === 'emailId' ? value.emailId : property === 'threadId' ? value.threadId : value.sendAt,
	)
	return keptOf(call)
		.filter(fits)
		.toSorted(compare)
		.map(one => one.id)
}
