import { Worker } from 'node:worker_threads'
import type { Clock } from '../../kit/index.ts'
import type { FromJournal, ToJournal } from './journal-thread.ts'
import { type Alert, type Figure, figuresOf, type TraceQuery, type TraceRow } from './types.ts'

const HOUR = 3600_000
// Rows cross to the thread this often, or when so many wait.
const TELL_MS = 500
const MOST_WAITING = 100
const FIGURES_MS = 10_000
// A stranger who guesses addresses does not push out the history of everybody else.
const REFUSED_A_MINUTE = 600
const MOST_ROWS = 5_000_000

/**
 * What happened to mail at this node (`note`), and figures by the hour (`count`, `level`), for 30 days. Noting costs
 * what pushing to an array costs; the disk is another thread's. The last half second may be lost when the power fails.
 */
export class Journal {
	readonly #worker: Worker
	readonly #clock: Clock
	readonly #failed: (why: string) => void
	readonly #exited: Promise<void>
	#rows: TraceRow[] = []
	#sums = new Map<string, number>()
	#levels = new Map<string, number>()
	#hour: number
	#refused = 0
	#minute = 0
	#timer: NodeJS.Timeout | null = null
	#figuresAt = 0
	#asked = 0
	#waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>()
	#over = false
	#pruning: NodeJS.Timeout

	/** @param failed is told, in words, what could not be done; mail is not concerned */
	constructor(options: { dir: string; clock: Clock; failed(why: string): void; mostRows?: number }) {
		this.#clock = options.clock
		this.#failed = options.failed
		this.#hour = hourOf(options.clock.now())
		this.#worker = new Worker(new URL('./journal-thread.ts', import.meta.url), {
			workerData: { dir: options.dir, mostRows: options.mostRows ?? MOST_ROWS },
		})
		this.#worker.on('message', (message: FromJournal) => this.#hear(message))
		this.#worker.on('error', error => this.#end(String(error)))
		this.#exited = new Promise(resolve =>
			this.#worker.once('exit', () => {
				this.#end('it has ended')
				resolve()
			}),
		)
		this.#say('prune')
		this.#pruning = setInterval(() => this.#say('prune'), HOUR)
		this.#pruning.unref()
	}

	note(row: Omit<TraceRow, 'time'>): void {
		const time = this.#clock.now()
		if (row.event === 'refused' && this.#tooMany(time)) {
			for (const name of figuresOf(row)) this.count(name)
			return
		}
		this.#rows.push({ time, ...row })
		for (const name of figuresOf(row)) this.count(name)
		if (this.#rows.length >= MOST_WAITING) this.#tell()
		else this.#timer ??= setTimeout(this.#tell, TELL_MS).unref()
	}

	#tooMany(time: number): boolean {
		const minute = Math.floor(time / 60_000)
		if (minute !== this.#minute) this.#refused = 0
		this.#minute = minute
		return ++this.#refused > REFUSED_A_MINUTE
	}

	/** One more (or `by`) in this hour. */
	count(name: string, by = 1): void {
		this.#turn()
		this.#sums.set(name, (this.#sums.get(name) ?? 0) + by)
	}

	/** So much there is of it now; of an hour the last is kept. */
	level(name: string, value: number): void {
		this.#turn()
		this.#levels.set(name, value)
		this.#timer ??= setTimeout(this.#tell, TELL_MS).unref()
	}

	/** What was counted belongs to the hour it was counted in. */
	#turn(): void {
		const hour = hourOf(this.#clock.now())
		if (hour === this.#hour) return
		this.#figuresAt = 0
		this.#tell()
		this.#hour = hour
	}

	#tell = (): void => {
		if (this.#timer) clearTimeout(this.#timer)
		this.#timer = null
		const now = this.#clock.now()
		const figures = now - this.#figuresAt >= FIGURES_MS || this.#over
		if (figures) this.#figuresAt = now
		const taken = (from: Map<string, number>): Figure[] => {
			if (!figures) return []
			const all = [...from].map(([name, value]) => ({ hour: this.#hour, name, value }))
			from.clear()
			return all
		}
		const write = { rows: this.#rows, sums: taken(this.#sums), levels: taken(this.#levels) }
		this.#rows = []
		if (write.rows.length + write.sums.length + write.levels.length > 0) this.#say({ write })
	}

	/** Rows of the messages that fit, and since when there are any. What was noted until now is among them. */
	find(query: TraceQuery): Promise<{ rows: TraceRow[]; begins: number | null }> {
		this.#tell()
		return this.#ask({ find: query })
	}

	/** By hour and name, those of this hour as they are so far. */
	figures(since: number): Promise<Figure[]> {
		this.#figuresAt = 0
		this.#tell()
		return this.#ask({ figures: hourOf(since) })
	}

	saveAlert(alert: Alert): void {
		this.#say({ alert })
	}

	/** Those that are, and those that ended later than `since`. */
	alerts(since: number): Promise<Alert[]> {
		return this.#ask({ alerts: since })
	}

	async close(): Promise<void> {
		clearInterval(this.#pruning)
		this.#figuresAt = 0
		this.#tell()
		this.#say('close')
		await this.#exited
	}

	#ask<T>(question: { find: TraceQuery } | { figures: number } | { alerts: number }): Promise<T> {
		return new Promise((resolve, reject) => {
			if (this.#over) return reject(new Error('the journal has ended'))
			const ask = ++this.#asked
			this.#waiting.set(ask, { resolve: resolve as never, reject })
			this.#say({ ask, ...question })
		})
	}

	#say(message: ToJournal): void {
		if (!this.#over) this.#worker.postMessage(JSON.stringify(message))
	}

	#hear(message: FromJournal): void {
		const who = message.ask === undefined ? undefined : this.#waiting.get(message.ask)
		if (message.ask !== undefined) this.#waiting.delete(message.ask)
		if (message.is === 'answer') who?.resolve(message.answer)
		else {
			this.#failed(message.why)
			who?.reject(new Error(message.why))
		}
	}

	#end(why: string): void {
		if (this.#over) return
		this.#over = true
		for (const { reject } of this.#waiting.values()) reject(new Error(`the journal: ${why}`))
		this.#waiting.clear()
	}
}

function hourOf(time: number): number {
	return time - (time % HOUR)
}
