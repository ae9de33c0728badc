import type { Directory } from '../directory/index.ts'
import type { Clock, Log } from '../kit/index.ts'
import type { Store, TraceRow } from '../store/index.ts'

/** What messages are received with: how large they may be, how long they may wait, and who hears of them. */
export type ReceiveOptions = {
	hostname: string
	self: string
	store: Store
	directory: Directory
	log: Log
	clock: Clock
	maxSize: number
	maxRecipients: number
	/** Milliseconds a message may wait in the queue. */
	queueLifetimeMs: number
	/** The sender is told when a message has waited so long. */
	delayReportMs: number
	/** How long a message may be held back (RFC 4865). */
	maxHoldSeconds: number
	/** Called after a commit with the routes that have something new. */
	queued(routes: Iterable<string>): void
	/** For the statistics: accepted, refused. */
	count(outcome: string): void
	/** For whoever looks for his mail; absent: nobody does. */
	note?(row: Omit<TraceRow, 'time'>): void
}
