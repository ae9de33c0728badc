const MINUTE = 60_000
/** How far back "lately" goes: long enough to see a branch's mail, short enough to see that it has stopped. */
const MINUTES = 5

/** What went where lately, by the minute. In memory only: it is for whoever looks at the cluster now. */
export class Flow {
	#minutes = new Map<string, Map<number, number>>()

	/** @param now milliseconds since 1970 */
	add(route: string, now: number): void {
		const minutes = this.#minutes.get(route) ?? new Map<number, number>()
		this.#minutes.set(route, minutes)
		const minute = Math.floor(now / MINUTE)
		minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
		for (const old of minutes.keys()) if (old <= minute - MINUTES) minutes.delete(old)
	}

	/** Recipients in the last five minutes. */
	lately(route: string, now: number): number {
		const since = Math.floor(now / MINUTE) - MINUTES
		let sum = 0
		for (const [minute, count] of this.#minutes.get(route) ?? []) if (minute > since) sum += count
		return sum
	}
}
