import { setTimeout as wait } from 'node:timers/promises'
import {
	connect as connectNats,
	headers,
	type Msg,
	type NatsConnection,
	RequestError,
	type Subscription,
	TimeoutError,
} from '@nats-io/transport-node'
import { type Clock, Emitter, type Log, newId } from '../kit/index.ts'
import { readBeat } from './beat.ts'
import type { EngineAccess } from './engine.ts'
import { MAX_PAYLOAD, USER } from './engine-config.ts'
import { Peers } from './peers.ts'
import { type Beat, type Links, type PeerState, Unreachable } from './types.ts'

/*
 * Subjects, all below `panpipe.`, the sender always last:
 *   beat.<from>                 JSON, once a second
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
const REDIAL = 100
const DIAL_WITHIN = 2_000
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
	/** Told whenever the connection to the server comes (with it) or goes (null). */
	connected: (nats: NatsConnection | null) => void
}

/** Links over the nats-server of this node; without one everything is silence. */
export class NatsLinks implements Links {
	self: string
	connect: Links['connect']
	#connected: LinksOptions['connected']
	#version: string
	#clock: Clock
	#log: Log
	#incarnation = newId()
	#nats: NatsConnection | null = null
	#turn = 0 // counts servers, so that a connection that is late knows it is
	#peers = new Peers()
	#hearers = new Map<string, Set<Hear>>()
	#answers = new Map<string, Answer>()
	#subscriptions = new Map<string, Subscription>()
	#extras: (() => Record<string, unknown>)[] = []
	#beats: Emitter<Beat>
	#ups: Emitter<string>
	#downs: Emitter<string>
	#timer: NodeJS.Timeout
	#count = 0

	constructor(options: LinksOptions) {
		this.self = options.self
		this.connect = options.connect
		this.#connected = options.connected
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
		return this.#nats !== null
	}

	/** The other active members. */
	setMembers(ids: string[]): void {
		for (const gone of this.#peers.setMembers(ids.filter(id => id !== this.self))) this.#downs.emit(gone)
	}

	/** Connects, and stays connected until this server goes. */
	async engineUp(access: EngineAccess): Promise<void> {
		for (const turn = ++this.#turn; turn === this.#turn; ) {
			try {
				const nats = await this.#dial(access)
				if (turn !== this.#turn) return await nats.close()
				this.#begin(nats)
				const error = await nats.closed()
				if (turn !== this.#turn) return
				this.#log.warn({ err: error }, 'lost nats-server; connecting again')
				this.#end()
			} catch (error) {
				this.#log.warn({ err: error }, 'cannot connect to nats-server; trying again')
			}
			await wait(REDIAL, undefined, { ref: false })
		}
	}

	engineDown(): void {
		this.#turn++
		const nats = this.#nats
		this.#end()
		void nats?.close().catch(() => {})
	}

	async #dial(access: EngineAccess): Promise<NatsConnection> {
		return await connectNats({
			servers: `127.0.0.1:${access.port}`,
			user: USER,
			pass: access.password,
			name: this.self,
			noEcho: true,
			maxReconnectAttempts: -1,
			reconnectTimeWait: REDIAL,
			pingInterval: 10_000,
			timeout: DIAL_WITHIN,
		})
	}

	#begin(nats: NatsConnection): void {
		this.#nats = nats
		this.#listen('panpipe.beat.*', message => this.#heardBeat(message))
		for (const subject of this.#hearers.keys()) this.#listenTo(subject)
		for (const verb of this.#answers.keys()) this.#answerTo(verb)
		this.#connected(nats)
		this.beatNow()
	}

	#end(): void {
		if (!this.#nats) return
		this.#nats = null
		this.#subscriptions.clear()
		this.#connected(null)
	}

	close(): void {
		clearInterval(this.#timer)
		this.engineDown()
	}

	publish(subject: string, payload: Uint8Array): void {
		checkName(subject)
		this.#nats?.publish(`panpipe.say.${subject}.${this.self}`, payload)
	}

	subscribe(subject: string, hear: Hear): () => void {
		checkName(subject)
		const known = this.#hearers.get(subject)
		if (known) known.add(hear)
		else {
			this.#hearers.set(subject, new Set([hear]))
			this.#listenTo(subject)
		}
		return () => {
			const hearers = this.#hearers.get(subject)
			if (!hearers?.delete(hear) || hearers.size > 0) return
			this.#hearers.delete(subject)
			const pattern = `panpipe.say.${subject}.*`
			this.#subscriptions.get(pattern)?.unsubscribe()
			this.#subscriptions.delete(pattern)
		}
	}

	async request(node: string, verb: string, payload: Uint8Array, timeoutMs = PATIENCE): Promise<Uint8Array> {
		checkName(verb)
		if (payload.length > MAX_PAYLOAD) throw new Error(`a request of ${payload.length} octets is too large`)
		if (node === this.self) return await this.#askOurselves(verb, payload)
		if (!this.#peers.has(node)) throw new Unreachable(`${node} is not a member of the cluster`)
		if (!this.#nats) throw new Unreachable('no nats-server runs at this node')
		let reply: Msg
		try {
			reply = await this.#nats.request(`panpipe.ask.${node}.${verb}.${this.self}`, payload, {
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
		if (!known) this.#answerTo(verb)
	}

	addToBeat(extra: () => Record<string, unknown>): void {
		this.#extras.push(extra)
	}

	beatNow(): void {
		if (!this.#nats) return
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
		this.#nats.publish(`panpipe.beat.${this.self}`, JSON.stringify(beat))
	}

	onBeat(hear: (beat: Beat) => void): () => void {
		return this.#beats.on(hear)
	}

	onPeerUp(hear: (node: string) => void): () => void {
		return this.#ups.on(hear)
	}

	onPeerDown(hear: (node: string) => void): () => void {
		return this.#downs.on(hear)
	}

	peers(): PeerState[] {
		return this.#peers.list()
	}

	#tick(): void {
		this.beatNow()
		for (const silent of this.#peers.sweep(performance.now())) {
			this.#log.warn({ peer: silent }, 'a node is not heard any more')
			this.#downs.emit(silent)
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
		const outcome = this.#peers.heard(beat, this.#clock.now(), performance.now())
		if (outcome !== 'goes on') {
			this.#log.info({ peer: from, version: beat.version }, 'a node is heard')
			this.beatNow() // it has not heard us either, most likely
			if (outcome === 'restarted') this.#downs.emit(from)
			this.#ups.emit(from)
			void this.#measure(from)
		}
		this.#beats.emit(beat)
	}

	#listenTo(subject: string): void {
		this.#listen(`panpipe.say.${subject}.*`, message => {
			const from = senderOf(message)
			if (!this.#peers.has(from)) return
			for (const hear of this.#hearers.get(subject) ?? []) {
				try {
					hear(message.data, from)
				} catch (error) {
					this.#log.error({ err: error, subject, from }, 'a message from another node could not be handled')
				}
			}
		})
	}

	#answerTo(verb: string): void {
		this.#listen(`panpipe.ask.${this.self}.${verb}.*`, message => {
			const from = senderOf(message)
			if (this.#peers.has(from)) void this.#reply(verb, message, from)
		})
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

	#listen(pattern: string, hear: (message: Msg) => void): void {
		if (!this.#nats) return
		const subscription = this.#nats.subscribe(pattern, {
			callback: (error, message) => {
				if (error) this.#log.warn({ err: error, pattern }, 'a subscription ended')
				else hear(message)
			},
		})
		this.#subscriptions.set(pattern, subscription)
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
