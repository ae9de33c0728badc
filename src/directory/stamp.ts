import type { Clock } from '../kit/index.ts'
import type { Stamp } from './types.ts'

/** A stamp further ahead of our clock than this is not taken: it would beat every honest writing until then. */
export const MAX_AHEAD_MS = 10 * 60_000

const SHAPE = /^[0-9a-f]{16}-[\w-]{1,64}$/

export function isStamp(text: unknown): text is Stamp {
	return typeof text === 'string' && SHAPE.test(text)
}

/** Milliseconds since 1970 by the clock of the node that wrote. */
export function timeOf(stamp: Stamp): number {
	return Number.parseInt(stamp.slice(0, 12), 16)
}

/** Who wrote. */
export function writerOf(stamp: Stamp): string {
	return stamp.slice(17)
}

/** The stamp by `node` that is newer than this one and older than (nearly) every other newer one. */
export function justAfter(stamp: Stamp, node: string): Stamp {
	return `${(BigInt(`0x${stamp.slice(0, 16)}`) + 1n).toString(16).padStart(16, '0')}-${node}`
}

/**
 * A hybrid logical clock: follows the wall clock, never goes back, and is never behind a stamp it has seen, so
 * that whoever changes a field after reading it has the newer stamp, however wrong the wall clocks are.
 */
export class StampClock {
	#clock: Clock
	#node: string
	#ms = 0
	#counter = 0

	/** @param last the `position` of an earlier life, '' = none */
	constructor(options: { clock: Clock; node: string; last?: string }) {
		this.#clock = options.clock
		this.#node = options.node
		if (options.last) this.observe(options.last)
	}

	next(): Stamp {
		const now = this.#clock.now()
		if (now > this.#ms) {
			this.#ms = now
			this.#counter = 0
		} else if (++this.#counter > 0xffff) {
			this.#ms++
			this.#counter = 0
		}
		return `${this.position}-${this.#node}`
	}

	/** Another's stamp was taken: ours will be greater from now on. */
	observe(stamp: Stamp): void {
		const ms = timeOf(stamp)
		const counter = Number.parseInt(stamp.slice(12, 16), 16)
		if (ms < this.#ms || (ms === this.#ms && counter <= this.#counter)) return
		this.#ms = ms
		this.#counter = counter
	}

	/** The greatest time given or seen, as the first 16 digits of a stamp. */
	get position(): string {
		return this.#ms.toString(16).padStart(12, '0') + this.#counter.toString(16).padStart(4, '0')
	}

	/** To an earlier `position`: nothing has a greater stamp any more. */
	setBack(position: string): void {
		this.#ms = 0
		this.#counter = 0
		this.observe(position)
	}

	/** This node goes on under another id. */
	becomes(node: string): void {
		this.#node = node
	}
}
