import type { imap } from '../../wire/index.ts'
import type { Span } from './view.ts'

/** Which of `length` results a partial-range means (RFC 9394 section 3.1): from ≤ index < to. */
export function partOf([a, b]: imap.PartialRange, length: number): [from: number, to: number] {
	const [low, high] = [Math.min(Math.abs(a), Math.abs(b)), Math.max(Math.abs(a), Math.abs(b))]
	if (a > 0) return [Math.min(low - 1, length), Math.min(high, length)]
	return [Math.max(0, length - high), Math.max(0, length - low + 1)]
}

/** The places of the spans that a partial-range means. */
export function partOfSpans(range: imap.PartialRange, spans: Span[]): Span[] {
	const length = spans.reduce((sum, [from, to]) => sum + to - from, 0)
	const [first, end] = partOf(range, length)
	const out: Span[] = []
	let at = 0
	for (const [from, to] of spans) {
		const start = Math.max(from, from + first - at)
		const stop = Math.min(to, from + end - at)
		if (start < stop) out.push([start, stop])
		at += to - from
	}
	return out
}
