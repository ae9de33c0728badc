import type { Beat, PeerState } from './types.ts'

const SILENT_AFTER = 3_000

type Peer = {
	/** Heard last: our wall clock for people, the monotonic one for deciding. */
	heard: number | null
	heardAt: number
	up: boolean
	incarnation: string | null
	clockOff: number | null
	roundTripMs: number | null
	version: string | null
	extra: Record<string, unknown>
}

/** What we know of the other members by their beats. Pure: time comes in as arguments (milliseconds). */
export class Peers {
	#peers = new Map<string, Peer>()

	/** Returns those that were up and are members no more. */
	setMembers(ids: Iterable<string>): string[] {
		const wanted = new Set(ids)
		const gone: string[] = []
		for (const [id, peer] of this.#peers) {
			if (wanted.has(id)) continue
			this.#peers.delete(id)
			if (peer.up) gone.push(id)
		}
		for (const id of wanted) if (!this.#peers.has(id)) this.#peers.set(id, unheard())
		return gone
	}

	has(id: string): boolean {
		return this.#peers.has(id)
	}

	isUp(id: string): boolean {
		return this.#peers.get(id)?.up ?? false
	}

	/** `came`: it was not up before; `anew`: this is another run of it than the one we knew. */
	heard(beat: Beat, now: number, monotonic: number): { came: boolean; anew: boolean } {
		const peer = this.#peers.get(beat.node)!
		const outcome = {
			came: !peer.up,
			anew: peer.incarnation !== null && peer.incarnation !== beat.incarnation,
		}
		peer.up = true
		peer.heard = now
		peer.heardAt = monotonic
		peer.incarnation = beat.incarnation
		// The beat was under way for about half a round trip.
		peer.clockOff = Math.round(beat.now - now + (peer.roundTripMs ?? 0) / 2)
		peer.version = beat.version
		peer.extra = beat.extra
		return outcome
	}

	/** It said good-bye. True when it was up. */
	left(id: string): boolean {
		const peer = this.#peers.get(id)
		if (!peer?.up) return false
		silence(peer)
		return true
	}

	measured(id: string, roundTripMs: number): void {
		const peer = this.#peers.get(id)
		if (peer) peer.roundTripMs = roundTripMs
	}

	/** Marks those that fell silent, and returns them. */
	sweep(monotonic: number): string[] {
		const silent: string[] = []
		for (const [id, peer] of this.#peers) {
			if (!peer.up || monotonic - peer.heardAt <= SILENT_AFTER) continue
			silence(peer)
			silent.push(id)
		}
		return silent
	}

	list(): Omit<PeerState, 'webPort'>[] {
		return [...this.#peers].map(([id, peer]) => ({
			id,
			state: peer.up ? 'up' : 'unreachable',
			heard: peer.heard,
			clockOff: peer.clockOff,
			roundTripMs: peer.roundTripMs,
			version: peer.version,
			extra: peer.extra,
		}))
	}
}

function silence(peer: Peer): void {
	peer.up = false
	peer.roundTripMs = null
}

function unheard(): Peer {
	return {
		heard: null,
		heardAt: 0,
		up: false,
		incarnation: null,
		clockOff: null,
		roundTripMs: null,
		version: null,
		extra: {},
	}
}
