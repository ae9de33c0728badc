const NONE = new Uint32Array(0)

/**
 * Uids in ascending order, each with its place from 0, as runs without gaps. Eight octets a run: a mailbox that was never
 * expunged from is one run, however large. Never changed once made, so that many may share one.
 */
export class UidRuns {
	static readonly empty = new UidRuns(NONE, NONE, 0, 0)

	/** The first uid of each run, and its place. */
	#uids: Uint32Array
	#places: Uint32Array
	#runs: number
	readonly length: number

	private constructor(uids: Uint32Array, places: Uint32Array, runs: number, length: number) {
		this.#uids = uids
		this.#places = places
		this.#runs = runs
		this.length = length
	}

	/** @param uids ascending, each once */
	static of(uids: Iterable<number>): UidRuns {
		const maker = new Maker()
		for (const uid of uids) maker.add(uid, uid)
		return UidRuns.#made(maker)
	}

	/** All from 1 to `last` but for those in `gaps` (ascending, each once). */
	static allBut(last: number, gaps: Iterable<number>): UidRuns {
		const maker = new Maker()
		let from = 1
		for (const gap of gaps) {
			if (gap > from) maker.add(from, gap - 1)
			from = gap + 1
		}
		if (last >= from) maker.add(from, last)
		return UidRuns.#made(maker)
	}

	static #made({ uids, places, length }: Maker): UidRuns {
		return new UidRuns(Uint32Array.from(uids), Uint32Array.from(places), uids.length, length)
	}

	/** 0 when there is none. */
	get last(): number {
		return this.length > 0 ? this.uid(this.length - 1) : 0
	}

	get octets(): number {
		return this.#uids.byteLength + this.#places.byteLength
	}

	/** The uid at a place that is there. */
	uid(place: number): number {
		const run = upTo(this.#places, this.#runs, place)
		return this.#uids[run]! + place - this.#places[run]!
	}

	/** The first place whose uid is not below `uid`; `length` when there is none. */
	from(uid: number): number {
		const run = upTo(this.#uids, this.#runs, uid)
		return run < 0 ? 0 : Math.min(this.#places[run]! + uid - this.#uids[run]!, this.#end(run))
	}

	/** Behind the last place of a run. */
	#end(run: number): number {
		return run + 1 < this.#runs ? this.#places[run + 1]! : this.length
	}

	/** The uids at places from ≤ place < to. */
	*between(from: number, to: number): Iterable<number> {
		if (from >= to) return
		for (let run = upTo(this.#places, this.#runs, from), place = from; place < to; run++) {
			const shift = this.#uids[run]! - this.#places[run]!
			for (const end = Math.min(this.#end(run), to); place < end; place++) yield place + shift
		}
	}

	/** With one more. @param uid above all that are here */
	plus(uid: number): UidRuns {
		const runs = this.#runs
		if (this.length > 0 && uid === this.last + 1)
			return new UidRuns(this.#uids, this.#places, runs, this.length + 1)
		let [uids, places] = [this.#uids, this.#places]
		// Room to grow belongs to whoever used it first; another one who shares it takes a copy.
		if (runs === uids.length || uids[runs] !== 0) {
			const room = runs + 4 + (runs >> 3)
			uids = new Uint32Array(room)
			places = new Uint32Array(room)
			uids.set(this.#uids.subarray(0, runs))
			places.set(this.#places.subarray(0, runs))
		}
		uids[runs] = uid
		places[runs] = this.length
		return new UidRuns(uids, places, runs + 1, this.length + 1)
	}

	/** Without these. @param places ascending, each once */
	minus(places: number[]): UidRuns {
		const maker = new Maker()
		let next = 0
		for (let run = 0; run < this.#runs; run++) {
			const shift = this.#uids[run]! - this.#places[run]!
			const end = this.#end(run)
			let from = this.#places[run]!
			while (next < places.length && places[next]! < end) {
				const gone = places[next++]!
				if (gone > from) maker.add(from + shift, gone - 1 + shift)
				from = gone + 1
			}
			if (end > from) maker.add(from + shift, end - 1 + shift)
		}
		return UidRuns.#made(maker)
	}
}

/** Puts runs together. */
class Maker {
	readonly uids: number[] = []
	readonly places: number[] = []
	length = 0
	#last = -1

	add(from: number, to: number): void {
		if (from !== this.#last + 1) {
			this.uids.push(from)
			this.places.push(this.length)
		}
		this.#last = to
		this.length += to - from + 1
	}
}

/** The last of the first `length` values that is not above `value`, which ascend; -1 when all are. */
function upTo(values: Uint32Array, length: number, value: number): number {
	let low = 0
	let high = length
	while (low < high) {
		const middle = (low + high) >>> 1
		if (values[middle]! <= value) low = middle + 1
		else high = middle
	}
	return low - 1
}
