import { whoAmI } from '../../shared/session.ts'
import type { Jmap } from './client.ts'
import type { StateChange } from './types.ts'

// Milliseconds.
const FIRST = 1000
const MOST = 30_000

export type Line = 'open' | 'lost'

/**
 * Hears of changes (RFC 8620 section 7.3) until it is closed; a lost line is taken up again by itself.
 * @param changed new states by type: 'Email', 'Mailbox' …; null = the line was away: anything may have changed
 */
export function listen(
	jmap: Jmap,
	changed: (states: Record<string, string> | null) => void,
	line: (state: Line) => void,
): () => void {
	const url = jmap.session.eventSourceUrl
		.replace('{types}', '*')
		.replace('{closeafter}', 'no')
		.replace('{ping}', '60')
	let source: EventSource | null = null
	let timer: ReturnType<typeof setTimeout> | undefined
	let failures = 0
	let wasAway = false
	let closed = false

	function open(): void {
		clearTimeout(timer)
		if (closed) return
		source?.close()
		source = new EventSource(url)
		source.addEventListener('open', () => {
			failures = 0
			line('open')
			if (wasAway) changed(null)
			wasAway = false
		})
		source.addEventListener('state', event => {
			const { changed: byAccount } = JSON.parse(event.data) as StateChange
			const states = byAccount[jmap.account]
			if (states) changed(states)
		})
		// The browser would try again by itself, but not after a status like 502.
		source.addEventListener('error', () => {
			source?.close()
			wasAway = true
			line('lost')
			// It says not why: when the session is over, the page hears so by this question.
			void whoAmI().catch(() => {})
			timer = setTimeout(open, Math.min(MOST, FIRST * 2 ** failures++) * (0.8 + Math.random() * 0.4))
		})
	}
	const atOnce = () => {
		if (source?.readyState !== EventSource.OPEN) open()
	}
	addEventListener('online', atOnce)
	open()
	return () => {
		closed = true
		clearTimeout(timer)
		removeEventListener('online', atOnce)
		source?.close()
	}
}
