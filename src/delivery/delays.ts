import type { Clock, Log } from '../kit/index.ts'
import type { Op, QueueItem, QueueResult, Store } from '../store/index.ts'

export type DelaysOptions = {
	store: Store
	clock: Clock
	log: Log
	/** How often it is looked for mail whose sender should hear that it takes long. */
	watchEveryMs: number
	/** The report. @param reply the last answer in words, '' when there was none */
	tell(item: QueueItem, reply: string): Promise<Op[]>
	write(ops: Op[], results: QueueResult[]): Promise<void>
	/** Mail on these routes must not wait any longer, but go back. */
	overdue(routes: Iterable<string>): void
}

// Senders told in one transaction.
const AT_ONCE = 100

/**
 * Tells senders whose mail takes long (RFC 3461 NOTIFY=DELAY, RFC 2852), each once, and sees to it that what must be
 * returned after a time is, also where the way is closed and nobody looks.
 */
export class Delays {
	readonly #options: DelaysOptions
	#timer: NodeJS.Timeout | null = null
	#telling: Promise<void> | null = null

	constructor(options: DelaysOptions) {
		this.#options = options
	}

	start(): void {
		this.#timer = setInterval(() => {
			this.tell().catch(error => this.#options.log.error({ err: error }, 'reports of delay'))
		}, this.#options.watchEveryMs)
	}

	async stop(): Promise<void> {
		if (this.#timer) clearInterval(this.#timer)
		await this.#telling?.catch(() => {})
	}

	/** Resolves when everybody is told who should be by now. Never twice at a time: nobody hears it twice. */
	tell(): Promise<void> {
		this.#telling ??= this.#tell().finally(() => {
			this.#telling = null
		})
		return this.#telling
	}

	async #tell(): Promise<void> {
		const { store, clock, tell, write, overdue } = this.#options
		for (;;) {
			const late = store.reader.queue.toWarn(clock.now(), AT_ONCE)
			if (late.length === 0) return
			const ops: Op[] = []
			const results: QueueResult[] = []
			const routes = new Set<string>()
			for (const item of late) {
				const mustReturn = item.byMode?.startsWith('R') ? item.deliverBy : null
				if (mustReturn !== null && mustReturn <= clock.now()) {
					routes.add(item.route)
					results.push({ key: item.key, is: 'warned', warn: null })
					continue
				}
				ops.push(...(await tell(item, item.lastReply)))
				results.push({ key: item.key, is: 'warned', warn: mustReturn })
			}
			await write(ops, results)
			overdue(routes)
		}
	}
}
