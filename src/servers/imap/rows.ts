import type { MessageRow } from '../../store/index.ts'
import { messagesIn } from './mailboxes.ts'
import { breathe } from './output.ts'
import type { Session } from './session.ts'
import type { Span, View } from './view.ts'

/** Messages worked on before others have a turn. */
const BATCH = 250

/**
 * Calls `work` with the places of the spans, a batch at a time; in between others have a turn, the client reads, and is
 * told how far we are when it takes long.
 */
export async function inBatches(
	session: Session,
	spans: Span[],
	work: (places: number[]) => void | Promise<void>,
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
			if (places.length === BATCH) await turn()
		}
	}
	if (places.length > 0) await turn()
}

/** The rows at the places (ascending); null where the message was expunged and the client does not know yet. */
export function rowsAt(
	session: Session,
	places: number[],
	view: View = session.view!,
): [place: number, row: MessageRow | null][] {
	const reader = messagesIn(session, view)
	const first = places[0]!
	const last = places[places.length - 1]!
	// One range scan, unless most of what lies in the range is not wanted.
	if (last - first > places.length * 4) {
		return places.map(place => {
			const uid = view.uid(place)
			return [place, reader.messages(view.mailbox, uid, uid)[0] ?? null]
		})
	}
	const rows = reader.messages(view.mailbox, view.uid(first), view.uid(last))
	let next = 0
	return places.map(place => {
		const uid = view.uid(place)
		while (next < rows.length && rows[next]!.uid < uid) next++
		return [place, next < rows.length && rows[next]!.uid === uid ? rows[next]! : null]
	})
}
