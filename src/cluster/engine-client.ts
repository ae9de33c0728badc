import { setTimeout as wait } from 'node:timers/promises'
import { connect, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node'
import type { Log } from '../kit/index.ts'
import type { EngineAccess } from './engine.ts'
import { USER } from './engine-config.ts'

const REDIAL = 100
const DIAL_WITHIN = 2_000
const FLUSH_WITHIN = 500
const LOOK_EVERY = 1_000
// A server that does not answer so long hangs.
const HUNG_AFTER = 8_000

type Listening = { subject: () => string; hear: (message: Msg) => void; subscription: Subscription | null }

/** Our connection to our own nats-server, while there is one; what is listened to is listened to again each time. */
export class EngineClient {
	#log: Log
	#changed: (nats: NatsConnection | null) => void
	#hung: () => void
	#nats: NatsConnection | null = null
	#turn = 0 // counts servers, so that a connection that is late knows it is
	#listening = new Map<string, Listening>()

	/**
	 * @param changed told whenever the connection comes (with it) or goes (null)
	 * @param hung told when the server keeps silent
	 */
	constructor(log: Log, changed: (nats: NatsConnection | null) => void, hung: () => void) {
		this.#log = log
		this.#changed = changed
		this.#hung = hung
	}

	get nats(): NatsConnection | null {
		return this.#nats
	}

	/** Connects, and stays connected until this server goes. */
	async up(access: EngineAccess): Promise<void> {
		for (const turn = ++this.#turn; turn === this.#turn; ) {
			try {
				const nats = await dial(access)
				if (turn !== this.#turn) return await nats.close()
				this.#begin(nats)
				const error = await this.#closed(nats)
				if (turn !== this.#turn) return
				this.#log.warn({ err: error }, 'lost nats-server; connecting again')
				this.#end()
			} catch (error) {
				if (turn !== this.#turn) return
				this.#log.warn({ err: error }, 'cannot connect to nats-server; trying again')
			}
			await wait(REDIAL, undefined, { ref: false })
		}
	}

	/** Resolves when the connection has ended; looks now and then whether somebody still answers on it. */
	async #closed(nats: NatsConnection): Promise<undefined | Error> {
		let answered = performance.now()
		let asked = answered
		const timer = setInterval(() => {
			const now = performance.now()
			// What we could not hear because this thread was busy is not held against it.
			if (now - asked > 3 * LOOK_EVERY) answered = now
			asked = now
			if (now - answered > HUNG_AFTER) {
				answered = now
				this.#log.error('nats-server does not answer; it is started anew')
				this.#hung()
			}
			nats.flush().then(
				() => (answered = performance.now()),
				() => {}, // not connected just now: also no answer
			)
		}, LOOK_EVERY)
		timer.unref()
		try {
			return (await nats.closed()) ?? undefined
		} finally {
			clearInterval(timer)
		}
	}

	/** Resolves when what was published is with the server, or can't get there. */
	async flush(): Promise<void> {
		const patience = wait(FLUSH_WITHIN, undefined, { ref: false })
		await Promise.race([this.#nats?.flush().catch(() => {}), patience])
	}

	down(): void {
		this.#turn++
		const nats = this.#nats
		this.#end()
		void nats?.close().catch(() => {})
	}

	/** @param subject asked at every connection: our own id in it may change */
	listen(name: string, subject: () => string, hear: (message: Msg) => void): void {
		const listening = { subject, hear, subscription: null }
		this.#listening.set(name, listening)
		this.#subscribe(listening)
	}

	unlisten(name: string): void {
		this.#listening.get(name)?.subscription?.unsubscribe()
		this.#listening.delete(name)
	}

	#subscribe(listening: Listening): void {
		if (!this.#nats) return
		const subject = listening.subject()
		listening.subscription = this.#nats.subscribe(subject, {
			callback: (error, message) => {
				if (error) this.#log.warn({ err: error, subject }, 'a subscription ended')
				else listening.hear(message)
			},
		})
	}

	#begin(nats: NatsConnection): void {
		this.#nats = nats
		for (const listening of this.#listening.values()) this.#subscribe(listening)
		this.#changed(nats)
	}

	#end(): void {
		if (!this.#nats) return
		this.#nats = null
		for (const listening of this.#listening.values()) listening.subscription = null
		this.#changed(null)
	}
}

async function dial(access: EngineAccess): Promise<NatsConnection> {
	return await connect({
		servers: `127.0.0.1:${access.port}`,
		user: USER,
		pass: access.password,
		noEcho: true,
		maxReconnectAttempts: -1,
		reconnectTimeWait: REDIAL,
		pingInterval: 10_000,
		timeout: DIAL_WITHIN,
	})
}
