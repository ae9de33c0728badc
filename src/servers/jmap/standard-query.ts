import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import { id, int, object, unsigned } from './arguments.ts'
import { LIMITS, type Responses } from './call.ts'

/* /query and /queryChanges (RFC 8620 sections 5.5 and 5.6). */

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
