import { setImmediate } from 'node:timers/promises'
import type { PeerState } from '../cluster/index.ts'
import type { Clock } from '../kit/index.ts'
import type { DirectoryFile } from './file.ts'
import { cutLine, parseFields } from './records.ts'
import { MAX_AHEAD_MS, StampClock, timeOf } from './stamp.ts'
import type { Fields, Kind } from './types.ts'

/*
 * A node whose clock ran ahead has written stamps that no other node takes, and goes on with greater ones when its clock
 * has been set right, until that time has come. So what bears them is stamped anew, as if it were written now.
 */

/** Clocks that differ by less than this agree. */
const AGREE_MS = 60_000
/** Characters of records in one transaction. */
const PAGE = 64 * 1024

/**
 * May stamps from our future be taken for wrong? Only when everybody is here and has the time we have: else it may be our
 * clock that is behind, and what looks wrong is right.
 */
export function isTimeSettled(members: readonly Pick<PeerState, 'state' | 'clockOff'>[]): boolean {
	const agrees = ({ state, clockOff }: Pick<PeerState, 'state' | 'clockOff'>) =>
		state === 'up' && clockOff !== null && Math.abs(clockOff) < AGREE_MS
	return members.length > 0 && members.every(agrees)
}

/** Is there, or was there, something in the file that others would not take? */
export function isAhead(file: DirectoryFile, clock: Clock): boolean {
	return timeOf(file.stamps.position) > clock.now() + MAX_AHEAD_MS
}

/**
 * Looks through the whole file, a page at a time. Fields keep the order in which they were written.
 * @param write a transaction of our own, that others hear of
 * @returns how many records it changed
 */
export async function stampAnew(
	file: DirectoryFile,
	{ clock, self }: { clock: Clock; self: string },
	write: (work: () => void) => void,
): Promise<number> {
	const fresh = new StampClock({ clock, node: self })
	let changed = 0
	for (let seq = 0; ; ) {
		const { lines, next, end } = file.since(seq, PAGE)
		seq = next
		const anew: { kind: Kind; id: string; fields: Fields }[] = []
		for (const line of lines) {
			const { kind, id, text } = cutLine(line)!
			const fields = stamped(parseFields(text) ?? {}, fresh, clock.now() + MAX_AHEAD_MS)
			if (fields) anew.push({ kind, id, fields })
		}
		const all = () => {
			for (const { kind, id, fields } of anew) file.restamp(kind, id, fields)
		}
		if (anew.length > 0) write(all)
		changed += anew.length
		if (end) {
			// Nothing is left in the file that ours must be greater than.
			file.stamps.setBack(fresh.position)
			return changed
		}
		await setImmediate()
	}
}

/** Null when none is later than `latest`; `fresh` has seen those that stay. */
function stamped(fields: Fields, fresh: StampClock, latest: number): Fields | null {
	const anew: Fields = { ...fields }
	const ahead: string[] = []
	for (const [name, [, stamp]] of Object.entries(fields)) {
		if (timeOf(stamp) > latest) ahead.push(name)
		else fresh.observe(stamp)
	}
	const order = [...new Set(ahead.map(name => fields[name]![1]))].sort()
	const given = new Map(order.map(stamp => [stamp, fresh.next()]))
	for (const name of ahead) anew[name] = [fields[name]![0], given.get(fields[name]![1])!]
	return ahead.length > 0 ? anew : null
}
