import { z } from 'zod'
import { fold } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { id, read } from './arguments.ts'
import { type Call, checkAccount, type Responses } from './call.ts'
import { compareBy } from './collate.ts'
import { holds, readCondition, readFilter, readSort } from './filter.ts'
import { getFrom, readGet } from './standard-get.ts'
import { answerQuery, queryChanges, queryChangesShape, queryShape } from './standard-query.ts'

/** RFC 9425. What is limited has a quota; what all mail of an account takes is counted together. */
type Quota = {
	id: string
	resourceType: 'octets' | 'count'
	used: number
	hardLimit: number
	scope: 'account'
	name: string
	types: string[]
	warnLimit: number | null
	softLimit: null
	description: string | null
}
type Of = { house: Call['house']; account: Pick<Call['account'], 'id'> }
const PROPERTIES = [
	'id',
	'resourceType',
	'used',
	'hardLimit',
	'scope',
	'name',
	'types',
	'warnLimit',
	'softLimit',
	'description',
]
/** From here on a person should be told. */
const WARN = 0.9

function quotasOf({ house, account }: Of): Quota[] {
	const limits = house.quota?.(account.id)
	if (!limits) return []
	const { size, messages } = house.reader.usage(account.id)
	const quota = (resourceType: Quota['resourceType'], used: number, hardLimit: number | null): Quota[] =>
		hardLimit === null
			? []
			: [
					{
						id: resourceType,
						resourceType,
						used,
						hardLimit,
						scope: 'account',
						name: resourceType === 'octets' ? 'storage' : 'messages',
						types: ['Email'],
						warnLimit: Math.floor(hardLimit * WARN),
						softLimit: null,
						description: null,
					},
				]
	return [...quota('octets', size, limits.octets), ...quota('count', messages, limits.messages)]
}

/** The state says it all: `octets-used-limit` for each quota. */
export function quotaState(call: Of): string {
	const parts = quotasOf(call).map(({ id, used, hardLimit }) => `${id}-${used}-${hardLimit}`)
	return parts.join('.') || '0'
}

type Seen = Map<string, { used: number; hardLimit: number }>

/** Null: no state of ours. */
function readQuotaState(state: string): Seen | null {
	const seen: Seen = new Map()
	for (const part of state === '0' ? [] : state.split('.')) {
		const match = /^(octets|count)-(\d+)-(\d+)$/.exec(part)
		if (!match) return null
		seen.set(match[1]!, { used: Number(match[2]), hardLimit: Number(match[3]) })
	}
	return seen
}

export function getQuotas(call: Call, args: Record<string, unknown>): Responses {
	const asked = readGet(call, args, PROPERTIES)
	const { list, notFound } = getFrom(quotasOf(call), asked)
	return [['Quota/get', { accountId: asked.accountId, state: quotaState(call), list, notFound }]]
}

const changesShape = z.strictObject({
	accountId: id,
	sinceState: z.string(),
	maxChanges: z.int().min(1).nullable().default(null),
})

export function quotaChanges(call: Call, args: Record<string, unknown>): Responses {
	const got = read(changesShape, args)
	checkAccount(call, got.accountId)
	const { created, updated, destroyed, onlyUsed } = differences(call, got.sinceState)
	if (got.maxChanges !== null && created.length + updated.length + destroyed.length > got.maxChanges)
		throw new jmap.MethodRefused('cannotCalculateChanges')
	return [
		[
			'Quota/changes',
			{
				accountId: got.accountId,
				oldState: got.sinceState,
				newState: quotaState(call),
				hasMoreChanges: false,
				updatedProperties: onlyUsed ? ['used'] : null,
				created,
				updated,
				destroyed,
			},
		],
	]
}

/** @throws MethodRefused */
function differences(call: Call, sinceState: string) {
	const before = readQuotaState(sinceState)
	if (!before) throw new jmap.MethodRefused('cannotCalculateChanges')
	const now = quotasOf(call)
	const known = now.filter(({ id }) => before.has(id))
	const updated = known.filter(({ id, used, hardLimit }) => {
		const was = before.get(id)!
		return was.used !== used || was.hardLimit !== hardLimit
	})
	return {
		created: now.filter(({ id }) => !before.has(id)).map(({ id }) => id),
		updated: updated.map(({ id }) => id),
		destroyed: [...before.keys()].filter(id => !now.some(one => one.id === id)),
		onlyUsed:
			updated.length > 0 && updated.every(({ id, hardLimit }) => before.get(id)!.hardLimit === hardLimit),
	}
}

const conditionShape = z.object({
	name: z.string().optional(),
	scope: z.string().optional(),
	resourceType: z.string().optional(),
	type: z.string().optional(),
})

function results(
	call: Call,
	got: { filter: Record<string, unknown> | null; sort: Record<string, unknown>[] | null },
): string[] {
	const filter = got.filter && readFilter(got.filter, value => readCondition(conditionShape, value))
	const sort = readSort(got.sort, ['name', 'used'])
	const fits = (quota: Quota) =>
		!filter ||
		holds(
			filter,
			({ name, scope, resourceType, type }) =>
				(name === undefined || fold(quota.name).includes(fold(name))) &&
				(scope === undefined || quota.scope === scope) &&
				(resourceType === undefined || quota.resourceType === resourceType) &&
				(type === undefined || quota.types.includes(type)),
		)
	const compare = compareBy<Quota>(sort, (quota, { property }) =>
		property === 'name' ? quota.name : quota.used,
	)
	return quotasOf(call)
		.filter(fits)
		.toSorted(compare)
		.map(({ id }) => id)
}

const shape = z.strictObject(queryShape)
const queryChangesArguments = z.strictObject(queryChangesShape)

export function queryQuotas(call: Call, args: Record<string, unknown>): Responses {
	const got = read(shape, args)
	checkAccount(call, got.accountId)
	const ids = results(call, got)
	return answerQuery('Quota/query', got, quotaState(call), ids)
}

export function quotaQueryChanges(call: Call, args: Record<string, unknown>): Responses {
	const got = read(queryChangesArguments, args)
	checkAccount(call, got.accountId)
	const { created, updated, destroyed } = differences(call, got.sinceQueryState)
	const touched = new Set([...created, ...updated, ...destroyed])
	return [['Quota/queryChanges', queryChanges(got, touched, results(call, got), quotaState(call))]]
}
