import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../kit/index.ts'
import type { DirectoryFile, Touched } from './file.ts'
import { cutLine, type Line, parseFields } from './records.ts'
import { MAX_AHEAD_MS, timeOf, writerOf } from './stamp.ts'
import type { Fields } from './types.ts'

// Mail flows on the same thread: a transaction ends when either is reached, and others get their turn.
const BATCH_RECORDS = 300
const BATCH_MS = 8

/** Merges what other nodes know into a file. */
export class Taker {
	#file: DirectoryFile
	#clock: Clock
	#touched: (touched: Touched) => void
	#ahead: (node: string, aheadMs: number) => void
	#under = 0
	#quiet: (() => void)[] = []

	/**
	 * @param touched called after each transaction that changed something
	 * @param ahead a node's stamps were not taken: its clock is that much ahead of ours
	 */
	constructor(options: {
		file: DirectoryFile
		clock: Clock
		touched: (touched: Touched) => void
		ahead: (node: string, aheadMs: number) => void
	}) {
		this.#file = options.file
		this.#clock = options.clock
		this.#touched = options.touched
		this.#ahead = options.ahead
	}

	/**
	 * A few records are merged before this returns; many in several transactions, others getting their turn between.
	 * @param goesOn asked before each transaction; false ends it
	 * @returns how many records changed here, and how many of those were new
	 */
	async take(lines: Line[], goesOn: () => boolean = () => true): Promise<{ changed: number; added: number }> {
		this.#under++
		try {
			let changed = 0
			let added = 0
			for (let at = 0; at < lines.length && goesOn(); ) {
				const batch = this.#batch(lines, at)
				at = batch.next
				changed += batch.changed
				added += batch.added
				if (at < lines.length) await setImmediate()
			}
			return { changed, added }
		} finally {
			this.#under--
			if (this.#under === 0) for (const done of this.#quiet.splice(0)) done()
		}
	}

	/** Resolves when nothing is being merged. */
	async settled(): Promise<void> {
		if (this.#under > 0) await new Promise<void>(done => this.#quiet.push(done))
	}

	#batch(lines: Line[], from: number): { next: number; changed: number; added: number } {
		const until = Math.min(lines.length, from + BATCH_RECORDS)
		const started = performance.now()
		const ahead = new Map<string, number>()
		const latest = this.#clock.now() + MAX_AHEAD_MS
		const fieldsOf = (text: string) => this.#taken(parseFields(text), latest, ahead)
		let next = from
		let changed = 0
		const before = this.#file.count
		const touched = this.#file.change('merged', () => {
			for (; next < until; next++) {
				const record = cutLine(lines[next]!)
				// All nodes of a page in one transaction: nobody may see half of the members.
				if (record?.kind !== 'node' && performance.now() - started >= BATCH_MS) break
				if (record && this.#file.putText(record.kind, record.id, record.text, fieldsOf)) changed++
			}
		})
		for (const [node, time] of ahead) this.#ahead(node, time - this.#clock.now())
		if (changed > 0) this.#touched(touched)
		return { next, changed, added: this.#file.count - before }
	}

	/** Without the fields whose stamps are too far ahead. Null when nothing remains. */
	#taken(fields: Fields | null, latest: number, ahead: Map<string, number>): Fields | null {
		if (fields === null) return null
		let any = false
		for (const name in fields) {
			const stamp = fields[name]![1]
			const time = timeOf(stamp)
			if (time > latest) {
				ahead.set(writerOf(stamp), Math.max(time, ahead.get(writerOf(stamp)) ?? 0))
				delete fields[name]
			} else {
				this.#file.stamps.observe(stamp)
				any = true
			}
		}
		return any ? fields : null
	}
}
