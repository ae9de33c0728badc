import { z } from 'zod'
import { jmap } from '../../wire/index.ts'
import { id, read } from './arguments.ts'
import { type Call, checkAccount, LIMITS } from './call.ts'

/* /changes (RFC 8620 section 5.2). */

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
