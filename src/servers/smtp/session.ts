import type { Socket } from 'node:net'
import type { Client, Transaction } from '../../delivery/index.ts'
import { isLoopback, newId, normalAddress } from '../../kit/index.ts'
import { type Command, parseCommand, Refused, type Reply, reply } from '../../wire/index.ts'
import { type Conversation, secure } from '../connection.ts'
import type { Comer } from '../sign-in.ts'
import type { Entrance, House } from '../types.ts'
import { perform } from './commands.ts'
import { Input, TOO_LONG } from './input.ts'
import { Replies } from './replies.ts'
import type { Transfer } from './transfer.ts'

// RFC 5321 section 4.5.3.1.4 says 512 octets, every extension adds to it; RFC 4954 section 4 says 12288 for AUTH.
const MOST_COMMAND = 2048
const MOST_AUTH_LINE = 12288
const MOST_ERRORS = 20
// Messages given to the disk and not yet answered.
const MOST_UNDER_WAY = 200
// How long a client may take to close its side after we closed ours.
const LINGER_MS = 10_000

/** Where octets go that are no command: the content of a message. */
type Reading = (input: Input) => void | Promise<void>
/** The next line is no command but an answer: AUTH. */
type Answer = (line: Buffer) => void | Promise<void>

/**
 * One connection of SMTP, submission or LMTP. It assembles, parses and hands on; what a command does is in the
 * command's own file. As long as nobody has to be waited for everything runs synchronously.
 */
export class Session implements Conversation {
	readonly house: House
	readonly client: Client
	socket: Socket
	transaction: Transaction | null = null
	/** A message of which some, but not all, has come. */
	transfer: Transfer | null = null
	reading: Reading | null = null
	answer: Answer | null = null
	/** Messages begun, sign-ins failed, recipients refused on this connection. */
	messages = 0
	authFailures = 0
	refusedRecipients = 0
	#replies = new Replies(text => this.#send(text))
	#input = new Input()
	/** What has to be over before the client is read again. */
	#holds = 0
	#errors = 0
	#clientDone = false
	#ended = false

	constructor(house: House, entrance: Entrance, protocol: Client['protocol']) {
		this.house = house
		this.socket = entrance.socket
		this.client = {
			id: newId(),
			protocol,
			address: normalAddress(entrance.socket.remoteAddress),
			helo: '',
			extended: false,
			tls: entrance.implicitTls,
			account: null,
			node: entrance.node,
		}
		this.#attach()
		const language = protocol === 'lmtp' ? 'LMTP' : 'ESMTP'
		this.say(reply(220, null, `${house.hostname} ${language} Panpipe`))
		this.#replies.flush()
	}

	/** Passwords are taken under TLS, and from this machine itself. */
	get mayAuthenticate(): boolean {
		return this.client.protocol !== 'lmtp' && (this.client.tls || isLoopback(this.client.address))
	}

	get comer(): Comer {
		const { house, client, socket } = this
		// QUIRK: neomutt with GNU SASL takes PLUS in SMTP wherever it sees it, though it cannot do it, and gives up.
		const quirk = { plusUnannounced: true }
		return { house, address: client.address, secure: this.mayAuthenticate, socket, node: null, ...quirk }
	}

	get mayStartTls(): boolean {
		return this.client.protocol !== 'lmtp' && !this.client.tls
	}

	#data = (chunk: Buffer) => {
		if (this.#ended) return
		this.#input.push(chunk)
		this.#work()
	}
	#end = () => {
		this.#clientDone = true
		this.#work()
	}
	#close = () => {
		this.#ended = true
		this.reset()
	}
	#timeout = () => {
		// Nothing of what we said has been taken for so long: nobody is there.
		if (this.socket.writableLength > 0) return void this.socket.destroy()
		// Waiting for us is not being idle.
		if (this.#busy || this.#replies.waiting > 0) return
		if (this.#ended) return void this.socket.destroy()
		this.hangUp(reply(421, '4.4.2', 'Nothing heard for too long; connect again'))
	}

	#attach(): void {
		this.socket.on('data', this.#data).on('end', this.#end).on('close', this.#close)
		// A client that has said everything may close its side and still hear our answers.
		this.socket.allowHalfOpen = true
		this.socket.setTimeout(this.house.limits.idleMs).on('timeout', this.#timeout)
	}

	#detach(): void {
		this.socket.off('data', this.#data).off('end', this.#end).off('close', this.#close)
		this.socket.setTimeout(0).off('timeout', this.#timeout)
	}

	say(one: Reply): void {
		this.#replies.say(one)
	}

	/** The replies to a message; reading goes on meanwhile. `replies` must not reject. */
	sayLater(replies: Promise<Reply[]>): void {
		this.#replies.sayLater(replies)
		if (this.#replies.waiting > MOST_UNDER_WAY) this.#hold(this.#replies.atMost(MOST_UNDER_WAY))
	}

	/** Everything said so far is known and sent. */
	everythingSaid(): Promise<void> {
		return this.#replies.atMost(0)
	}

	#send(text: string): void {
		const { socket } = this
		const draining = socket.writableNeedDrain
		if (!socket.writable || socket.write(text) || draining) return
		// A client that does not read its replies is not read either.
		this.#hold(
			new Promise<void>(resolve => {
				const go = () => {
					socket.off('drain', go).off('close', go)
					resolve()
				}
				socket.on('drain', go).on('close', go)
			}),
		)
	}

	get #busy(): boolean {
		return this.#holds > 0
	}

	/** Reads nothing more until `wait` is over, and all others that are waited for. */
	#hold(wait: Promise<unknown>): void {
		this.#holds++
		this.socket.pause()
		wait
			.catch(error => this.#failed(error))
			.then(() => {
				this.#holds--
				this.#work()
				if (!this.#busy) this.socket.resume()
			})
	}

	#work(): void {
		while (!this.#busy && !this.#ended) {
			try {
				const wait = this.#step()
				if (wait === null) break
				if (wait) this.#hold(wait)
			} catch (error) {
				this.#failed(error)
			}
		}
		if (this.#clientDone && !this.#busy && !this.#ended) this.#finish()
		this.#replies.flushSoon()
	}

	/** One command or one piece of a message; null when nothing whole is there. */
	#step(): void | Promise<void> | null {
		if (this.reading) return this.#input.length > 0 ? this.reading(this.#input) : null
		const line = this.#input.line(MOST_AUTH_LINE)
		if (line === null) return null
		if (line === TOO_LONG) {
			this.answer = null
			throw new Refused(reply(500, '5.5.6', 'The line is too long'))
		}
		if (this.answer) return this.answer(line)
		let command: Command
		try {
			command = parseCommand(line)
		} catch (error) {
			// Nobody knows where the octets end that follow: what may be a message is not to be read as commands.
			if (error instanceof Refused && /^bdat/i.test(line.toString('latin1', 0, 4)))
				return void this.hangUp(error.reply)
			throw error
		}
		if (line.length > MOST_COMMAND && command.verb !== 'AUTH') {
			throw new Refused(reply(500, '5.5.6', 'The line is too long'))
		}
		return perform(this, command)
	}

	/** The one place where what went wrong becomes a reply. */
	#failed(error: unknown): void {
		if (!(error instanceof Refused)) return void this.say(this.fault(error))
		this.say(error.reply)
		if (this.client.node === null && ++this.#errors >= MOST_ERRORS) {
			this.hangUp(reply(421, '4.7.0', 'Too many errors; look at your mail program'))
		}
	}

	/** Our own fault: the log hears the cause, the client that it is temporary. */
	fault(error: unknown): Reply {
		const { id, address } = this.client
		this.house.log.error({ err: error, connection: id, client: address }, 'smtp session')
		return reply(451, '4.3.0', 'This server has a problem; try again later')
	}

	/** Forgets the transaction, and what has come of a message. */
	reset(): void {
		this.transfer?.abort()
		this.transfer = null
		this.reading = null
		this.answer = null
		this.transaction = null
	}

	/** Says the last thing; ends the connection when all earlier replies are out. */
	hangUp(last: Reply): void {
		if (this.#ended) return
		this.say(last)
		this.#finish()
	}

	#finish(): void {
		this.#ended = true
		this.reset()
		this.everythingSaid().then(() => {
			this.socket.end()
			this.socket.resume() // what the client still sends is let go, so that it can read our last words
			this.socket.setTimeout(LINGER_MS)
		})
	}

	farewell(): void {
		this.hangUp(reply(421, '4.3.2', 'This server is being stopped; try again soon'))
	}

	/** RFC 3207: from here on TLS; nothing said before counts. */
	async startTls(): Promise<void> {
		await this.everythingSaid()
		this.#input.clear()
		const plain = this.socket
		this.#detach()
		await new Promise<void>((resolve, reject) => {
			plain.once('close', () => {
				this.#close()
				reject(new Refused(reply(421, '4.7.0', 'TLS failed')))
			})
			plain.write('220 2.0.0 Go on with TLS\r\n', () => {
				secure(plain, this.house.secureContext(), tls => {
					this.socket = tls
					tls.pause()
					this.#attach()
					this.client.tls = true
					resolve()
				})
			})
		})
	}
}
