import type { Incoming, Transaction } from '../../delivery/index.ts'
import { type Reply, reply } from '../../wire/index.ts'
import type { Session } from './session.ts'

// A message of more octets may be long on its way to the disk.
const LARGE = 64 * 1024

/** The content of one message on its way from the client to the receiver. After a failure the rest is let go unread. */
export class Transfer {
	#session: Session
	#transaction: Transaction
	#incoming: Incoming
	#size = 0
	/** Why the message cannot be taken any more. */
	refusal: Reply | null = null

	constructor(session: Session, transaction: Transaction) {
		this.#session = session
		this.#transaction = transaction
		this.#incoming = session.house.receiver.open(session.client, transaction)
		session.transfer = this
	}

	/** A promise when no more should be read for now. */
	write(octets: Buffer): void | Promise<void> {
		if (octets.length === 0) return
		this.#size += octets.length
		const { maxSize } = this.#session.house.receiver
		if (this.refusal) {
			// Who goes on for ever after that is not listened to any longer.
			if (this.#size > 3 * maxSize) this.#session.hangUp(this.refusal)
			return
		}
		if (this.#size > maxSize) return this.#fail(tooLarge(maxSize))
		try {
			return this.#incoming.write(octets)?.catch(error => this.#broke(error))
		} catch (error) {
			this.#broke(error)
		}
	}

	/** Unless it was we who broke it off. */
	#broke(error: unknown): void {
		if (!this.refusal) this.#fail(this.#session.fault(error))
	}

	#fail(refusal: Reply): void {
		if (this.refusal) return
		this.refusal = refusal
		this.#incoming.abort()
	}

	/**
	 * The content is complete. The replies come in their turn; the session goes on with the next transaction, at once
	 * or (a promise) when a large message is settled: a smaller one behind it must not be there first.
	 */
	end(): void | Promise<void> {
		const session = this.#session
		session.transfer = null
		session.transaction = null
		session.messages++
		if (!this.refusal) {
			const settled = this.#settle()
			session.sayLater(settled)
			return this.#size > LARGE ? settled.then(() => {}) : undefined
		}
		const refusals = session.client.protocol === 'lmtp' ? this.#transaction.recipients.length : 1
		for (let i = 0; i < refusals; i++) session.say(this.refusal)
	}

	async #settle(): Promise<Reply[]> {
		try {
			return await this.#incoming.end()
		} catch (error) {
			const fault = this.#session.fault(error)
			return this.#session.client.protocol === 'lmtp'
				? this.#transaction.recipients.map(() => fault)
				: [fault]
		}
	}

	/** The client is gone, or begins anew. */
	abort(): void {
		const under = this.refusal === null
		this.refusal ??= reply(451, '4.3.0', 'The message was given up')
		if (under) this.#incoming.abort()
	}
}

export function tooLarge(maxSize: number): Reply {
	return reply(552, '5.3.4', `Too large: at most ${maxSize} octets are taken here`)
}
