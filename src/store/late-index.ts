import type { MailFile } from './mail-file.ts'

/** Put in their places at one time: a few milliseconds of the writer. */
const SLICE = 512
/** So many wait for a quiet moment; then they are put in their places between other work. */
const MOST_WAITING = 16_384

/** The statements of one index; `place` is where a new entry stands in the order of arrival. */
export type LateSql = {
	/** → key, place, value; in order of arrival. */
	waiting: string
	/** key, value, …: its row number is its place. */
	add: string
	/** key → value */
	find: string
	/** place */
	removeWaiting: string
	/** key */
	remove: string
	/** Up to a place: into the index, and out of the row of those that wait. */
	settle: [into: string, out: string]
	/** How many → the last place of the first so many. */
	last: string
}

type Key = string | number

/**
 * An index of keys that have no order, like hashes. To put each into its place at once would write a page of the index
 * for every message, as much as all its other rows together. So new ones are appended, known by heart, and go to their
 * places when the writer has nothing else to do.
 */
export class LateIndex<K extends Key> {
	readonly #file: MailFile
	readonly #sql: LateSql
	#waiting = new Map<K, { place: number; value: number }>()
	/** Looked for last, and not found in the file: whoever comes next asks for the same before it is added. */
	#missing: K | undefined

	constructor(file: MailFile, sql: LateSql) {
		this.#file = file
		this.#sql = sql
		this.reload()
	}

	/** What is known by heart, from the file: at the start, and when a transaction was undone. */
	reload(): void {
		const rows = this.#file.all<{ key: K; place: number; value: number }>(this.#sql.waiting)
		this.#waiting = new Map(rows.map(({ key, place, value }) => [key, { place, value }]))
		this.#missing = undefined
	}

	find(key: K): number | undefined {
		const waiting = this.#waiting.get(key)
		if (waiting) return waiting.value
		if (key === this.#missing) return undefined
		const found = this.#file.get<{ value: number }>(this.#sql.find, key)?.value
		if (found === undefined) this.#missing = key
		return found
	}

	/** A key that is not there yet. */
	add(key: K, value: number, ...more: number[]): void {
		const { lastInsertRowid: place } = this.#file.run(this.#sql.add, key, value, ...more)
		this.#waiting.set(key, { place, value })
	}

	remove(key: K): void {
		const waiting = this.#waiting.get(key)
		if (waiting) this.#file.run(this.#sql.removeWaiting, waiting.place)
		else this.#file.run(this.#sql.remove, key)
		this.#waiting.delete(key)
	}

	get waiting(): number {
		return this.#waiting.size
	}

	get tooManyWait(): boolean {
		return this.#waiting.size > MOST_WAITING
	}

	/** Puts the oldest ones in their places; inside the caller's transaction. */
	settleSome(): void {
		const { last } = this.#file.get<{ last: number | null }>(this.#sql.last, SLICE)!
		if (last === null) return
		this.#missing = undefined
		for (const sql of this.#sql.settle) this.#file.run(sql, last)
		for (const [key, { place }] of this.#waiting) if (place <= last) this.#waiting.delete(key)
	}
}

/** Bodies by their hash (hexadecimal). Whoever reads asks the view `body_by_hash`. */
export const BODIES: LateSql = {
	waiting: 'SELECT lower(hex(hash)) AS key, blob AS place, blob AS value FROM body_new ORDER BY blob',
	add: 'INSERT INTO body_new (hash, blob) VALUES (unhex(?), ?)',
	find: 'SELECT blob AS value FROM body_hash WHERE hash = unhex(?)',
	removeWaiting: 'DELETE FROM body_new WHERE blob = ?',
	remove: 'DELETE FROM body_hash WHERE hash = unhex(?)',
	settle: [
		'INSERT INTO body_hash SELECT hash, blob FROM body_new WHERE blob <= ? ORDER BY hash',
		'DELETE FROM body_new WHERE blob <= ?',
	],
	last: 'SELECT max(blob) AS last FROM (SELECT blob FROM body_new ORDER BY blob LIMIT ?)',
}

/** Threads by what their messages name (threads.ts). */
export const REFERENCES: LateSql = {
	waiting: 'SELECT hash AS key, place, thread AS value FROM reference_new ORDER BY place',
	add: 'INSERT INTO reference_new (hash, thread, owner) VALUES (?, ?, ?)',
	find: 'SELECT thread AS value FROM reference WHERE hash = ?',
	removeWaiting: 'DELETE FROM reference_new WHERE place = ?',
	remove: 'DELETE FROM reference WHERE hash = ?',
	settle: [
		'INSERT INTO reference SELECT hash, thread, owner FROM reference_new WHERE place <= ? ORDER BY hash',
		'DELETE FROM reference_new WHERE place <= ?',
	],
	last: 'SELECT max(place) AS last FROM (SELECT place FROM reference_new ORDER BY place LIMIT ?)',
}
