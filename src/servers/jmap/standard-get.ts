import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import { id, idOrReference, read } from './arguments.ts'
import { type Call, checkAccount, idOf, LIMITS } from './call.ts'

/* What kinds of records have in common in the methods of RFC 8620 section 5, each in a file: here /get (section 5.1). */

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
