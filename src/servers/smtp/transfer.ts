import type { Incoming, Transaction } from '../../delivery/index.ts'
import { type Reply, reply } from '../../wire/index.ts'
import type { Session } from './session.ts'

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
			return this.#incoming.write(octets)?.catch(error => this.#fail(this.#session.fault(error)))
		} catch (error) {
			this.#fail(this.#session.fault(error))
		}
	}

	#fail(refusal: Reply): void {
		if (this.refusal) return
		this.refusal = refusal
		this.#incoming.abort()
	}

	/** The content is complete. The replies come in their turn; the session goes on with the next transaction. */
	end(): void {
		const session = this.#session
		session.transfer = null
		session.transaction = null
		session.messages++
		if (!this.refusal) return void session.sayLater(this.#settle())
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
		if (!this.refusal) this.#incoming.abort()
		this.refusal = reply(451, '4.3.0', 'The message was given up')
	}
}

export function tooLarge(maxSize: number): Reply {
	return reply(552, '5.3.4', `Too large: at most ${maxSize} octets are taken here`)
}
