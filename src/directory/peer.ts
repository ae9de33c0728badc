import type { Cursor } from './file.ts'
import type { Said } from './pages.ts'

export type Patience = {
	/** Beats without a change on either side before differing digests are believed. */
	quietBeats: number
	/** Digests that differ so long are repaired though there is no quiet, milliseconds. */
	differMs: number
	/** Time between two repairs that did not help: the first, doubled up to the last, milliseconds. */
	repairFirstMs: number
	repairMostMs: number
}

export const PATIENCE: Patience = {
	quietBeats: 3,
	differMs: 5 * 60_000,
	repairFirstMs: 30_000,
	repairMostMs: 5 * 60_000,
}

/** `current`: nothing to do. `wait`: something is on its way. `pull`: what is new. `full`: everything. */
export type Verdict = 'current' | 'wait' | 'pull' | 'full'

/** How far we are with one peer's file, and what its beats make of that. No I/O. */
export class Peer {
	readonly id: string
	cursor: Cursor | null
	/** All of the peer's own changes up to this seq are here (pushed), though not all it merged from others. */
	own = 0
	said: Said | null = null
	#patience: Patience
	#lower = 0
	#waited = 0
	#quiet = { seq: -1, ours: -1, beats: 0 }
	#differsSince: number | null = null
	#repairs = 0
	#nextRepair = 0

	constructor(id: string, cursor: Cursor | null, patience: Patience) {
		this.id = id
		this.cursor = cursor
		this.#patience = patience
	}

	/**
	 * @param ours our file now
	 * @param others may the missing be expected from those who made it? No, when one of them cannot be reached.
	 */
	judge(
		said: Said,
		ours: { seq: number; digest: number; count: number },
		now: number,
		others: boolean,
	): Verdict {
		this.said = said
		const cursor = this.cursor
		if (!cursor || cursor.incarnation !== said.incarnation) return 'full'
		if (said.digest === ours.digest && said.count === ours.count) {
			// The same records: whatever its counter is, we have all of it. So a change that everybody heard from
			// its maker is not fetched once more from each of the others.
			this.cursor = { ...cursor, seq: said.seq, asOf: now }
			this.#agreed()
			return 'current'
		}
		if (said.seq < cursor.seq) {
			// A beat may be overtaken by an answer. Again and again it means an older copy of its file was put back.
			if (++this.#lower < this.#patience.quietBeats) return 'wait'
			this.#lower = 0
			return 'full'
		}
		this.#lower = 0
		if (said.seq === cursor.seq) {
			this.cursor = { ...cursor, asOf: now }
			return this.#stillDiffers(said.seq, ours.seq, now) ? 'full' : 'current'
		}
		if (said.own > Math.max(cursor.seq, this.own) || !others) return 'pull'
		// Only what it merged from others, which comes to us from them too.
		if (++this.#waited < this.#patience.quietBeats) return 'wait'
		this.#waited = 0
		return 'pull'
	}

	/** A push arrived and its records were merged. False: something before it is missing, pull. */
	pushed(head: { incarnation: string; prev: number; prevOwn: number; seq: number }, now: number): boolean {
		const cursor = this.cursor
		if (!cursor || cursor.incarnation !== head.incarnation) return false
		if (head.prevOwn > Math.max(cursor.seq, this.own)) return false
		this.own = Math.max(this.own, head.seq)
		if (head.prev <= cursor.seq && head.seq > cursor.seq)
			this.cursor = { ...cursor, seq: head.seq, asOf: now }
		return true
	}

	/** A page was merged: everything up to `seq` is here. At the end of a pull that counts even if it is less than before. */
	pulled(incarnation: string, seq: number, end: boolean, now: number): void {
		const same = this.cursor?.incarnation === incarnation
		if (!same) this.own = 0
		if (same && !end && this.cursor!.seq >= seq) return
		this.cursor = { incarnation, seq, asOf: end ? now : same ? this.cursor!.asOf : 0 }
	}

	#stillDiffers(seq: number, ours: number, now: number): boolean {
		const quiet = this.#quiet
		const beats = quiet.seq === seq && quiet.ours === ours ? quiet.beats + 1 : 1
		this.#quiet = { seq, ours, beats }
		this.#differsSince ??= now
		const believed = beats >= this.#patience.quietBeats || now - this.#differsSince >= this.#patience.differMs
		if (!believed || now < this.#nextRepair) return false
		const { repairFirstMs, repairMostMs } = this.#patience
		this.#nextRepair = now + Math.min(repairMostMs, repairFirstMs * 2 ** Math.min(this.#repairs++, 20))
		return true
	}

	#agreed(): void {
		this.#lower = 0
		this.#waited = 0
		this.#quiet = { seq: -1, ours: -1, beats: 0 }
		this.#differsSince = null
		this.#repairs = 0
		this.#nextRepair = 0
	}
}
