import { setImmediate } from 'node:timers/promises'
import type { SearchField, TextFound } from '../types.ts'
import { type Column, mark } from './column.ts'
import { IndexFile } from './index-file.ts'
import { FIELDS, fold } from './text.ts'
import { type Clues, cluesOf } from './words.ts'

/** Octets of words kept in memory, those looked at last. */
const CACHE = 48 * 1024 * 1024
/** Milliseconds of searching before others have a turn. */
const TURN = 5

/** Looks things up in the index, on a connection of its own. */
export class Finder {
	readonly #dir: string
	readonly #damaged: (error: unknown) => void
	#file: IndexFile | null = null
	#columns = new Map<string, Column>()
	#cached = 0

	/** @param damaged is told when the index cannot be read; then everything is looked through until `reopen` */
	constructor(dir: string, damaged: (error: unknown) => void) {
		this.#dir = dir
		this.#damaged = damaged
	}

	/** There is an index, a new one perhaps. */
	reopen(): void {
		this.close()
		try {
			this.#file = IndexFile.toRead(this.#dir)
		} catch (error) {
			this.#damaged(error)
		}
	}

	close(): void {
		this.#file?.close()
		this.#file = null
		this.#columns.clear()
		this.#cached = 0
	}

	/** See Reader.searchText. */
	async find(mailbox: number, field: SearchField, text: string): Promise<TextFound | null> {
		const file = this.#file
		const clues = file && cluesOf(fold(text))
		if (!file || !clues) return null
		const fields = (field === 'text' ? (['body', 'header', 'parts'] as const) : [field]).map(each =>
			FIELDS.indexOf(each),
		)
		try {
			// Once more when segments were merged under our feet.
			for (let attempt = 0; attempt < 3 && this.#file === file; attempt++) {
				const found = await this.#look(file, mailbox, fields, clues)
				if (found) return found
			}
		} catch (error) {
			if (this.#file === file) {
				this.close()
				this.#damaged(error)
			}
		}
		return null
	}

	async #look(
		file: IndexFile,
		mailbox: number,
		fields: number[],
		{ all, exact }: Clues,
	): Promise<TextFound | null> {
		// The cursor first: segments that come after it hold only more.
		const below = file.cursor(mailbox)?.next ?? 1
		const found: TextFound = { below, uids: new Map() }
		let turn = performance.now()
		for (const { id, docs } of file.segments(mailbox)) {
			if (performance.now() - turn > TURN) {
				await setImmediate()
				if (this.#file !== file) return null
				turn = performance.now()
			}
			const segment = file.uids(id)
			if (!segment) return null
			const marks = new Uint8Array(docs)
			for (const field of fields) {
				const column = this.#column(file, id, field)
				if (!column) return null
				const here = fields.length === 1 ? marks : new Uint8Array(docs)
				markAll(column, all, here)
				if (here !== marks) for (let i = 0; i < docs; i++) marks[i]! |= here[i]!
			}
			segment.uids.forEach((uid, place) => {
				if (marks[place]) found.uids.set(uid, exact)
			})
			for (const uid of segment.unread) found.uids.set(uid, false)
		}
		return found
	}

	#column(file: IndexFile, segment: number, field: number): Column | null {
		const key = `${segment} ${field}`
		const cached = this.#columns.get(key)
		const column = cached ?? file.column(segment, field)
		if (!column) return null
		if (cached) this.#columns.delete(key)
		else this.#cached += sizeOf(column)
		this.#columns.set(key, column)
		for (const [oldest, old] of this.#columns) {
			if (this.#cached <= CACHE || old === column) break
			this.#columns.delete(oldest)
			this.#cached -= sizeOf(old)
		}
		return column
	}
}

/** Marks the messages that have them all. */
function markAll(column: Column, [first, ...others]: Clues['all'], marks: Uint8Array): void {
	mark(column, first!, marks)
	for (const clue of others) {
		const also = new Uint8Array(marks.length)
		mark(column, clue, also)
		for (let i = 0; i < marks.length; i++) marks[i]! &= also[i]!
	}
}

function sizeOf({ words, table, places }: Column): number {
	return words.byteLength + table.byteLength + places.byteLength
}
