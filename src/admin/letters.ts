import type { PeerState } from '../cluster/index.ts'
import type { Alert } from '../store/index.ts'

/**
 * Who writes of what several nodes see, each from its own place: a node that cannot be reached, a clock. The beat says
 * which alerts a node has, and whether a letter of each was written. It is left to the smallest id among those that have
 * the same alert and hear each other: whoever sees nothing amiss, though its id is smaller, would never write. Pure.
 */
export class Letters {
	readonly #self: string
	/** Of these nobody has written yet, as far as we know. */
	#open = new Map<string, Alert>()
	#written = new Set<string>()

	constructor(self: string) {
		this.#self = self
	}

	/** What our beat says: was it written of? By the alert's key. */
	say(): Record<string, boolean> {
		const written = [...this.#written].map(key => [key, true] as const)
		return Object.fromEntries([...[...this.#open.keys()].map(key => [key, false] as const), ...written])
	}

	/** An alert has begun. Who else has it is heard with the next beats: ask for what is due some time later. */
	add(alert: Alert): void {
		if (!this.#written.has(alert.key)) this.#open.set(alert.key, alert)
	}

	/** Those of which it is for us to write now. */
	due(peers: Pick<PeerState, 'id' | 'state' | 'extra'>[]): Alert[] {
		const others = peers.filter(({ state }) => state === 'up')
		const due: Alert[] = []
		for (const [key, alert] of this.#open) {
			const having = others.filter(({ extra }) => saidOf(extra, key) !== undefined)
			if (having.some(({ extra }) => saidOf(extra, key))) this.written(key)
			else if (having.every(({ id }) => this.#self < id)) due.push(alert)
		}
		return due
	}

	written(key: string): void {
		this.#open.delete(key)
		this.#written.add(key)
	}

	/** It has ended so long ago that the next is another one. */
	forget(key: string): void {
		this.#written.delete(key)
	}
}

function saidOf({ alerts }: Record<string, unknown>, key: string): boolean | undefined {
	if (typeof alerts !== 'object' || alerts === null || !Object.hasOwn(alerts, key)) return undefined
	return (alerts as Record<string, unknown>)[key] === true
}
