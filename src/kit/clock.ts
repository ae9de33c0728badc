/** Time as an argument, so that tests can turn it. */
export type Clock = {
	/** Milliseconds since 1970 (UTC). */
	now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
