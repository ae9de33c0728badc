import { headers, type Msg, type NatsConnection, RequestError, TimeoutError } from '@nats-io/transport-node'
import { type Clock, Emitter, type Log, newId } from '../kit/index.ts'
import { readBeat } from './beat.ts'
import type { EngineAccess } from './engine.ts'
import { EngineClient } from './engine-client.ts'
import { MAX_PAYLOAD } from './engine-config.ts'
import { Peers } from './peers.ts'
import { type Beat, type Links, type PeerState, Unreachable } from './types.ts'

/*
 * Subjects, all below `panpipe.`, the sender always last:
 *   beat.<from>                 JSON, once a second
 *   bye.<from>                  it stops
 *   say.<subject>.<from>        to whoever listens
 *   ask.<node>.<verb>.<from>    one node answers
 * The engine's routes are mutually authenticated by the cluster's CA; what comes from a node that is not an
 * active member (removed or disabled, but still connected) is not heard here.
 */

type Hear = (payload: Uint8Array, from: string) => void
type Answer = Parameters<Links['answer']>[1]

const BEAT_EVERY = 1_000
const MEASURE_EVERY = 5 // beats
const PATIENCE = 5_000
const PING = 'links-ping'
const FAILED = 'Panpipe-Failed'
// Names of subjects and verbs: tokens of letters, digits and dashes, joined by dots.
const NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/
const NOTHING = new Uint8Array(0)

export type LinksOptions = {
	self: string
	version: string
	clock: Clock
	log: Log
	connect: Links['connect']
	/** Why the web port of a node cannot be reached. */
	webPort: (node: string) => string | null
	/** Told whenever the connection to the server comes (with it) or goes (null). */
	connected: (nats: NatsConnection | null) => void
	/** The server runs and does not answer. */
	hung: () => void
}

/** Links over the nats-server of this node; without one everything is silence. */
export class NatsLinks implements Links {
	self: string
	connect: Links['connect']
	#webPort: LinksOptions['webPort']
	#client: EngineClient
	#version: string
	#clock: Clock
	#log: Log
	#incarnation = newId()
	#peers = new Peers()
	#hearers = new Map<string, Set<Hear>>()
	#answers = new Map<string, Answer>()
	#extras: (() => Record<string, unknown>)[] = []
	#beats: Emitter<Beat>
	#ups: Emitter<{ node: string; anew: boolean }>
	#downs: Emitter<string>
	#timer: NodeJS.Timeout
	#count = 0
	#ticked = performance.now()

	constructor(options: LinksOptions) {
		this.self = options.self
		this.connect = options.connect
		this.#webPort = options.webPort
		const connected = (nats: NatsConnection | null) => {
			options.connected(nats)
			this.beatNow()
		}
		this.#client = new EngineClient(options.log, connected, options.hung)
		this.#client.listen(
			'beat',
			() => 'panpipe.beat.*',
			message => this.#heardBeat(message),
		)
		this.#client.listen(
			'bye',
			() => 'panpipe.bye.*',
			message => this.#heardBye(message),
		)
		this.#version = options.version
		this.#clock = options.clock
		this.#log = options.log
		const failed = (error: unknown) => this.#log.error({ err: error }, 'a listener of the links failed')
		this.#beats = new Emitter(failed)
		this.#ups = new Emitter(failed)
		this.#downs = new Emitter(failed)
		this.answer(PING, () => NOTHING)
		this.#timer = setInterval(() => this.#tick(), BEAT_EVERY)
		this.#timer.unref()
	}

	get engineRunning(): boolean {
		return this.#client.nats !== null
	}

	/** The other active members. */
	setMembers(ids: string[]): void {
		for (const gone of this.#peers.setMembers(ids.filter(id => id !== this.self))) this.#downs.emit(gone)
	}

	engineUp(access: EngineAccess): void {
		void this.#client.up(access)
	}

	engineDown(): void {
		this.#client.down()
	}

	/** Says good-bye: the others need not wait for our beats to be missed. */
	async close(): Promise<void> {
		clearInterval(this.#timer)
		this.#client.nats?.publish(`panpipe.bye.${this.self}`)
		await this.#client.flush()
		this.engineDown()
	}

	publish(subject: string, payload: Uint8Array): void {
		checkName(subject)
		this.#client.nats?.publish(`panpipe.say.${subject}.${this.self}`, payload)
	}

	subscribe(subject: string, hear: Hear): () => void {
		checkName(subject)
		const name = `say.${subject}`
		const hearers = this.#hearers.get(subject) ?? new Set()
		if (hearers.size === 0) {
			this.#hearers.set(subject, hearers)
			this.#client.listen(
				name,
				() => `panpipe.say.${subject}.*`,
				message => this.#heard(subject, message),
			)
		}
		hearers.add(hear)
		return () => {
			if (!hearers.delete(hear) || hearers.size > 0) return
			this.#hearers.delete(subject)
			this.#client.unlisten(name)
		}
	}

	async request(node: string, verb: string, payload: Uint8Array, timeoutMs = PATIENCE): Promise<Uint8Array> {
		checkName(verb)
		if (payload.length > MAX_PAYLOAD) throw new Error(`a request of ${payload.length} octets is too large`)
		if (node === this.self) return await this.#askOurselves(verb, payload)
		if (!this.#peers.has(node)) throw new Unreachable(`${node} is not a member of the cluster`)
		const { nats } = this.#client
		if (!nats) throw new Unreachable('no nats-server runs at this node')
		let reply: Msg
		try {
			reply = await nats.request(`panpipe.ask.${node}.${verb}.${this.self}`, payload, {
				timeout: timeoutMs,
			})
		} catch (error) {
			throw new Unreachable(`${node} does not answer: ${reasonOf(error, timeoutMs)}`)
		}
		if (reply.headers?.has(FAILED)) throw new Error(reply.string())
		return reply.data
	}

	answer(verb: string, answer: Answer): void {
		checkName(verb)
		const known = this.#answers.has(verb)
		this.#answers.set(verb, answer)
		if (known) return
		this.#client.listen(
			`ask.${verb}`,
			() => `panpipe.ask.${this.self}.${verb}.*`,
			message => {
				const from = senderOf(message)
				if (this.#peers.has(from)) void this.#reply(verb, message, from)
			},
		)
	}

	addToBeat(extra: () => Record<string, unknown>): void {
		this.#extras.push(extra)
	}

	beatNow(): void {
		const { nats } = this.#client
		if (!nats) return
		const extra: Record<string, unknown> = {}
		for (const add of this.#extras) {
			try {
				Object.assign(extra, add())
			} catch (error) {
				this.#log.error({ err: error }, 'an addition to the beat failed')
			}
		}
		const beat: Beat = {
			node: this.self,
			now: this.#clock.now(),
			version: this.#version,
			incarnation: this.#incarnation,
			extra,
		}
		nats.publish(`panpipe.beat.${this.self}`, JSON.stringify(beat))
	}

	onBeat(hear: (beat: Beat) => void): () => void {
		return this.#beats.on(hear)
	}

	onPeerUp(hear: (node: string, anew: boolean) => void): () => void {
		return this.#ups.on(({ node, anew }) => hear(node, anew))
	}

	onPeerDown(hear: (node: string) => void): () => void {
		return this.#downs.on(hear)
	}

	isUp(node: string): boolean {
		return this.#peers.isUp(node)
	}

	peers(): PeerState[] {
		return this.#peers.list().map(peer => ({ ...peer, webPort: this.#webPort(peer.id) }))
	}

	#tick(): void {
		this.beatNow()
		const now = performance.now()
		// If this thread itself was held up, beats are still waiting to be read: they come first.
		const silent = now - this.#ticked < 2 * BEAT_EVERY ? this.#peers.sweep(now) : []
		this.#ticked = now
		for (const peer of silent) {
			this.#log.warn({ peer }, 'a node is not heard any more')
			this.#downs.emit(peer)
		}
		if (this.#count++ % MEASURE_EVERY === 0) {
			for (const peer of this.#peers.list()) if (peer.state === 'up') void this.#measure(peer.id)
		}
	}

	async #measure(node: string): Promise<void> {
		const sent = performance.now()
		try {
			await this.request(node, PING, NOTHING, PATIENCE)
			this.#peers.measured(node, Math.round((performance.now() - sent) * 100) / 100)
		} catch {
			// its silence will tell
		}
	}

	#heardBeat(message: Msg): void {
		const from = senderOf(message)
		if (!this.#peers.has(from)) return
		const beat = readBeat(message.data, from)
		if (!beat) return
		const { came, anew } = this.#peers.heard(beat, this.#clock.now(), performance.now())
		if (came || anew) {
			this.#log.info({ peer: from, version: beat.version }, 'a node is heard')
			this.beatNow() // it has not heard us either, most likely
			if (!came) this.#downs.emit(from)
			this.#ups.emit({ node: from, anew })
			void this.#measure(from)
		}
		this.#beats.emit(beat)
	}

	#heardBye(message: Msg): void {
		const from = senderOf(message)
		if (!this.#peers.left(from)) return
		this.#log.info({ peer: from }, 'a node says good-bye')
		this.#downs.emit(from)
	}

	#heard(subject: string, message: Msg): void {
		const from = senderOf(message)
		if (!this.#peers.has(from)) return
		for (const hear of this.#hearers.get(subject) ?? []) {
			try {
				hear(message.data, from)
			} catch (error) {
				this.#log.error({ err: error, subject, from }, 'a message from another node could not be handled')
			}
		}
	}

	async #reply(verb: string, message: Msg, from: string): Promise<void> {
		try {
			try {
				const payload = await this.#answers.get(verb)!(message.data, from)
				if (payload.length > MAX_PAYLOAD)
					throw new Error(`an answer of ${payload.length} octets is too large`)
				message.respond(payload)
			} catch (error) {
				this.#log.debug({ err: error, verb, from }, 'a request of another node failed')
				const mark = headers()
				mark.set(FAILED, '1')
				message.respond((error as Error).message ?? String(error), { headers: mark })
			}
		} catch {
			// the connection has gone meanwhile: the asker's time-out tells
		}
	}

	async #askOurselves(verb: string, payload: Uint8Array): Promise<Uint8Array> {
		const answer = this.#answers.get(verb)
		if (!answer) throw new Unreachable(`nobody answers ${verb} here`)
		return await answer(payload, this.self)
	}
}

function senderOf(message: Msg): string {
	return message.subject.slice(message.subject.lastIndexOf('.') + 1)
}

function checkName(name: string): void {
	if (!NAME.test(name)) throw new Error(`not a name for a subject: ${name}`)
}

function reasonOf(error: unknown, timeoutMs: number): string {
	if (error instanceof RequestError && error.isNoResponders()) return 'it is not connected'
	const cause = error instanceof Error && error.cause ? error.cause : error
	if (cause instanceof TimeoutError) return `nothing within ${timeoutMs / 1000} s`
	return cause instanceof Error ? cause.message : 'no connection'
}
