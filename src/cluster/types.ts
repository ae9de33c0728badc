/** A node as its peers reach it. */
export type Member = {
	/** The node's id (26 characters of kit's `newId`), for ever. */
	id: string
	/** Address and ports other nodes connect to. */
	ip: string
	webPort: number
	clusterPort: number
}

/** What every node says of itself once a second. Other rooms add to it (`extra`). */
export type Beat = {
	node: string
	/** The sender's clock, milliseconds since 1970. */
	now: number
	version: string
	/** Set anew at every start of the process. */
	incarnation: string
	extra: Record<string, unknown>
}

export type PeerState = {
	id: string
	/** `up`: heard within the last 3 seconds, and it has not said good-bye. */
	state: 'up' | 'unreachable'
	/** When we heard it last (our clock), null = never since we started. */
	heard: number | null
	/** Its clock minus ours at that time, milliseconds. */
	clockOff: number | null
	/** Round trip of a request in milliseconds, null = not measured. */
	roundTripMs: number | null
	version: string | null
	/** Why its web port cannot be reached, though the node may be heard; null = it can, as far as anybody has tried. */
	webPort: string | null
	extra: Record<string, unknown>
}

/** What the rooms above use of the cluster. One node alone has one too: everything is silence then. */
export type Links = {
	self: string
	/** Is a nats-server running for us? */
	engineRunning: boolean
	/** Sends to every other node that is connected now; those that are not hear nothing (refresh repairs). */
	publish(subject: string, payload: Uint8Array): void
	/** Hears what others published under the subject. Returns the function that ends it. */
	subscribe(subject: string, hear: (payload: Uint8Array, from: string) => void): () => void
	/** Asks one node; @throws Unreachable when nobody answers in time. Payloads up to 8 MiB. */
	request(node: string, verb: string, payload: Uint8Array, timeoutMs?: number): Promise<Uint8Array>
	/** Answers requests of other nodes. */
	answer(verb: string, answer: (payload: Uint8Array, from: string) => Promise<Uint8Array> | Uint8Array): void
	/** Adds to what our beat says. Called for every beat. */
	addToBeat(extra: () => Record<string, unknown>): void
	/** Sends a beat now, not only at the next second. */
	beatNow(): void
	onBeat(hear: (beat: Beat) => void): () => void
	/** `anew`: it has been started again, and what was connected to it before leads nowhere. */
	onPeerUp(hear: (node: string, anew: boolean) => void): () => void
	onPeerDown(hear: (node: string) => void): () => void
	peers(): PeerState[]
	/** A TLS connection to the web port of a node, with our certificate; the caller speaks `protocol` on it. */
	connect(
		node: string,
		protocol: 'lmtp' | 'imap' | 'pop3' | 'http/1.1',
		timeoutMs?: number,
	): Promise<import('node:tls').TLSSocket>
}

/** Nobody answers there (now). */
export class Unreachable extends Error {
	/** Without saying where. */
	readonly reason: string

	constructor(message: string, reason = message) {
		super(message)
		this.reason = reason
	}
}
