import type { MailFile } from './mail-file.ts'

/** Put in their places at one time: a few milliseconds of the writer. */
const SLICE = 512
/** So many wait for a quiet moment; then they are put in their places between other work. */
const MOST_WAITING = 16_384

/**
 * Which body has this hash. Hashes have no order: to put each in its place at once would write a page of the index for
 * every message, as much as all its other rows together. So new ones are appended to `body_new`, known by heart, and go
 * to their places in `body_hash` when the writer has nothing else to do. Both are told apart only here; whoever reads
 * asks the view `body_by_hash`.
 */
export class BodyIndex {
	readonly #file: MailFile
	#waiting = new Map<string, number>()

	constructor(file: MailFile) {
		this.#file = file
		this.reload()
	}

	/** What is known by heart, from the file: at the start, and when a transaction was undone. */
	reload(): void {
		const rows = this.#file.all<{ hash: string; blob: number }>(
			'SELECT lower(hex(hash)) AS hash, blob FROM body_new',
		)
		this.#waiting = new Map(rows.map(({ hash, blob }) => [hash, blob]))
	}

	/** @param hash hexadecimal */
	find(hash: string): number | undefined {
		return (
			this.#waiting.get(hash) ??
			this.#file.get<{ blob: number }>('SELECT blob FROM body_hash WHERE hash = unhex(?)', hash)?.blob
		)
	}

	add(hash: string, blob: number): void {
		this.#file.run('INSERT INTO body_new (blob, hash) VALUES (?, unhex(?))', blob, hash)
		this.#waiting.set(hash, blob)
	}

	remove(hash: string, blob: number): void {
		if (this.#waiting.delete(hash)) this.#file.run('DELETE FROM body_new WHERE blob = ?', blob)
		else this.#file.run('DELETE FROM body_hash WHERE hash = unhex(?)', hash)
	}

	get waiting(): number {
		return this.#waiting.size
	}

	get tooManyWait(): boolean {
		return this.#waiting.size > MOST_WAITING
	}

	/** Puts the oldest ones in their places; inside the caller's transaction. */
	settleSome(): void {
		const last = this.#file.get<{ blob: number }>(
			'SELECT max(blob) AS blob FROM (SELECT blob FROM body_new ORDER BY blob LIMIT ?)',
			SLICE,
		)!.blob
		this.#file.run(
			'INSERT INTO body_hash SELECT hash, blob FROM body_new WHERE blob <= ? ORDER BY hash',
			last,
		)
		this.#file.run('DELETE FROM body_new WHERE blob <= ?', last)
		for (const [hash, blob] of this.#waiting) if (blob <= last) this.#waiting.delete(hash)
	}
}
