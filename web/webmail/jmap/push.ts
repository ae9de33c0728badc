import { whoAmI } from '../../shared/session.ts'
import type { Jmap } from './client.ts'
import type { StateChange } from './types.ts'

// Seconds.
const PING = 30
// Milliseconds.
const FIRST = 1000
const MOST = 30_000
/** Two pings are missing: the line is dead, though nobody said so (a cut, another network, a computer that slept). */
const SILENCE = 2.5 * PING * 1000

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
		.replace('{ping}', String(PING))
	let source: EventSource | null = null
	/** To try again, or to give up what keeps silent. */
	let timer: ReturnType<typeof setTimeout> | undefined
	let failures = 0
	let wasAway = false
	let closed = false

	function open(): void {
		if (closed) return
		source?.close()
		source = new EventSource(url)
		heard()
		source.addEventListener('open', () => {
			heard()
			failures = 0
			line('open')
			if (wasAway) changed(null)
			wasAway = false
		})
		source.addEventListener('ping', heard)
		source.addEventListener('state', event => {
			heard()
			const { changed: byAccount } = JSON.parse(event.data) as StateChange
			const states = byAccount[jmap.account]
			if (states) changed(states)
		})
		// The browser would try again by itself, but not after a status like 502.
		source.addEventListener('error', lost)
	}
	function heard(): void {
		clearTimeout(timer)
		timer = setTimeout(lost, SILENCE)
	}
	function lost(): void {
		source?.close()
		wasAway = true
		line('lost')
		// An error says not why: when the session is over, the page hears so by this question.
		void whoAmI().catch(() => {})
		clearTimeout(timer)
		timer = setTimeout(open, Math.min(MOST, FIRST * 2 ** failures++) * (0.8 + Math.random() * 0.4))
	}
	/** Perhaps in another network: the old line would keep silent. */
	function atOnce(): void {
		wasAway = true
		open()
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
