import { no, Rejected } from './done.ts'
import type { Session } from './session.ts'
import type { Span, View } from './view.ts'

/*
 * MESSAGELIMIT (RFC 9738): how many messages one command works on. What only reads, changes flags or expunges by UID
 * works on the newest and says from which uid on; what copies does all or nothing.
 */

export type Limited = {
	spans: Span[]
	/** The response code, when not all of the messages are in `spans`. */
	code: string | null
}

export function countOf(spans: Span[]): number {
	return spans.reduce((sum, [from, to]) => sum + to - from, 0)
}

/** The newest of the places, as many as one command may work on. */
export function newest(session: Session, view: View, spans: Span[]): Limited {
	const limit = session.house.limits.messagesPerCommand
	let over = countOf(spans) - limit
	if (over <= 0) return { spans, code: null }
	const kept: Span[] = []
	for (const [from, to] of spans) {
		const cut = Math.min(over, to - from)
		over -= cut
		if (from + cut < to) kept.push([from + cut, to])
	}
	return { spans: kept, code: `MESSAGELIMIT ${limit} ${view.uid(kept[0]![0])}` }
}

/** For all or nothing. @throws Rejected */
export function mustBeFew({ house }: Session, messages: number): void {
	const { messagesPerCommand: limit } = house.limits
	if (messages > limit)
		throw new Rejected(no('so many messages at once are too many', `MESSAGELIMIT ${limit}`))
}
