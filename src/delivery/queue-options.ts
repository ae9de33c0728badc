import type { Links } from '../cluster/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Clock, Log } from '../kit/index.ts'
import type { Store, TraceRow } from '../store/index.ts'

/** What this node's id was in a cluster it is not of any more, and when that ended (milliseconds since 1970). */
export type Left = { id: string; at: number }

export type QueueOptions = {
	hostname: string
	self: string
	store: Store
	directory: Directory
	links: Links
	log: Log
	clock: Clock
	dnsServers: readonly string[]
	/** Port of mail exchangers: 25. */
	relayPort: number
	queueLifetimeMs: number
	/** The cluster this node was taken out of last. */
	left: Left | null
	/** How often it is looked for mail whose sender should hear that it takes long. */
	watchEveryMs: number
	/** For the statistics: delivered, deferred, failed. */
	count(outcome: string): void
	/** For whoever looks for his mail; absent: nobody does. */
	note?(row: Omit<TraceRow, 'time'>): void
}
