import { type FlagsRow, LARGE_MESSAGE, type MessageRow } from '../../store/index.ts'
import { Fetched } from './fetched.ts'
import { messagesIn } from './mailboxes.ts'
import { breathe } from './output.ts'
import type { Session } from './session.ts'
import type { Span, View } from './view.ts'

/** Messages worked on before others have a turn. */
const BATCH = 250
/** The same where their octets are in memory, and where only their rows are. */
export const BODIES = 50
export const ROWS = 1000

/**
 * Calls `work` with the places of the spans, a batch at a time; in between others have a turn, the client reads, and is
 * told how far we are when it takes long.
 */
export async function inBatches(
	session: Session,
	spans: Span[],
	work: (places: number[]) => void | Promise<void>,
	size = BATCH,
): Promise<void> {
	let places: number[] = []
	let first = true
	let done = 0
	const goal = spans.reduce((sum, [from, to]) => sum + to - from, 0)
	const turn = async () => {
		if (!first) {
			session.tellProgress(done, goal)
			await session.out.drained()
			await breathe()
		}
		first = false
		const working = work(places)
		if (working) await working
		done += places.length
		places = []
	}
	for (const [from, to] of spans) {
		for (let place = from; place < to; place++) {
			places.push(place)
			if (places.length === size) await turn()
		}
	}
	if (places.length > 0) await turn()
}

/** The rows at the places (ascending); null where the message was expunged and the client does not know yet. */
export function rowsAt(
	session: Session,
	places: number[],
	view: View = session.view!,
	few = false,
): (MessageRow | null)[] {
	const reader = messagesIn(session, view)
	return aligned(view, places, (from, to) => reader.messages(view.mailbox, from, to, few))
}

/** The same for those who want to know no more than the flags. */
export function flagsAt(
	session: Session,
	places: number[],
	view: View = session.view!,
	few = false,
): (FlagsRow | null)[] {
	const reader = messagesIn(session, view)
	return aligned(view, places, (from, to) => reader.flags(view.mailbox, from, to, few))
}

function aligned<Row extends FlagsRow>(
	view: View,
	places: number[],
	read: (from: number, to: number) => Row[],
): (Row | null)[] {
	const first = places[0]!
	const last = places[places.length - 1]!
	// One range scan, unless most of what lies in the range is not wanted.
	if (last - first > places.length * 4) {
		return places.map(place => {
			const uid = view.uid(place)
			return read(uid, uid)[0] ?? null
		})
	}
	const rows = read(view.uid(first), view.uid(last))
	let next = 0
	return places.map(place => {
		const uid = view.uid(place)
		while (next < rows.length && rows[next]!.uid < uid) next++
		return next < rows.length && rows[next]!.uid === uid ? rows[next]! : null
	})
}

/** The messages of rows with what is needed of them read; null where one is no more: expunged since its row was read. */
export function fetchedOf(
	session: Session,
	mailbox: number,
	rows: (MessageRow | null)[],
	needs: { head: boolean; body: boolean },
): (Fetched | null)[] {
	const { reader } = session.house
	const there = rows.filter(row => row !== null)
	const heads = needs.head ? reader.heads(there.map(row => row.blob)) : null
	const bodies = needs.body
		? reader.bodies(there.filter(row => row.size <= LARGE_MESSAGE).map(row => row.blob))
		: null
	return rows.map(row => {
		if (!row) return null
		const message = new Fetched(reader, row, heads?.get(row.blob), bodies?.get(row.blob))
		return message.ready(needs, mailbox) ? message : null
	})
}
