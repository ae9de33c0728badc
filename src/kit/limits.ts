import { type Clock, systemClock } from './clock.ts'

/**
 * Counts what happens per key (a client address, mostly) in a sliding window of two halves,
 * and how much of it is under way. Memory is bounded: keys of past windows are forgotten.
 */
export class Limiter {
	#clock: Clock
	#windowMs: number
	#current = new Map<string, number>()
	#previous = new Map<string, number>()
	#turned: number

	/** @param windowMs length of the window in milliseconds */
	constructor(windowMs: number, clock: Clock = systemClock) {
		this.#clock = clock
		this.#windowMs = windowMs
		this.#turned = clock.now()
	}

	#turn(): void {
		const half = this.#windowMs / 2
		const passed = this.#clock.now() - this.#turned
		if (passed < half) return
		this.#previous = passed < this.#windowMs ? this.#current : new Map()
		this.#current = new Map()
		this.#turned = this.#clock.now()
	}

	/** How often `add` was called for the key within about one window. */
	count(key: string): number {
		this.#turn()
		return (this.#current.get(key) ?? 0) + (this.#previous.get(key) ?? 0)
	}

	/** Counts one more (or `by`), returns the new count. */
	add(key: string, by = 1): number {
		this.#turn()
		this.#current.set(key, (this.#current.get(key) ?? 0) + by)
		return this.count(key)
	}

	forget(key: string): void {
		this.#current.delete(key)
		this.#previous.delete(key)
	}
}
