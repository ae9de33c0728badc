import type { Socket } from 'node:net'
import type { Account } from '../../directory/index.ts'
import { isLoopback, LineReader, LineTooLong } from '../../kit/index.ts'
import { pop3 } from '../../wire/index.ts'
import { type Conversation, secure } from '../connection.ts'
import type { Comer } from '../sign-in.ts'
import type { Entrance, House } from '../types.ts'
import { walk } from '../walk.ts'
import { inChinese } from './chinese.ts'
import { perform } from './commands.ts'
import type { Maildrop } from './maildrop.ts'

// RFC 2449 section 4 says 255 octets for commands; SASL responses are longer.
const MOST_LINE = 12288
const MOST_ERRORS = 30
const LINGER_MS = 10_000

/** One POP3 connection. AUTHORIZATION state while `maildrop` is null, TRANSACTION state after that. */
export class Session implements Conversation {
	readonly house: House
	/** The node of ours at the other end, null = a client. */
	readonly node: string | null
	/** The real client's address. */
	readonly client: string
	socket: Socket
	tls: boolean
	maildrop: Maildrop | null = null
	/** What USER said. */
	user: string | null = null
	authFailures = 0
	chinese = false
	/** The next line is an answer to AUTH. */
	answer: ((line: Buffer) => void | Promise<void>) | null = null
	// QUIRK: as in IMAP, an LF alone ends a line too.
	#input = new LineReader(MOST_LINE, { bareLf: true })
	#busy = false
	#errors = 0
	#clientDone = false
	#ended = false
	#walked = false

	/** @param said what the client has said already */
	constructor(house: House, entrance: Entrance, client: string, said: Buffer) {
		this.house = house
		this.node = entrance.node
		this.client = client
		this.socket = entrance.socket
		this.tls = entrance.implicitTls
		this.#attach()
		this.ok('Panpipe at your service')
		this.#input.push(said)
		this.#work()
		if (!this.#busy) this.socket.resume()
	}

	/** Passwords are taken under TLS, and from this machine itself; our nodes need none. */
	get mayUsePassword(): boolean {
		return this.node === null && (this.tls || isLoopback(this.client))
	}

	get comer(): Comer {
		const { house, client, node, tls, socket } = this
		const secure = tls || isLoopback(client)
		return { house, address: client, secure, socket: node === null ? socket : null, node }
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
	/** RFC 1939 section 6: who goes without QUIT has deleted nothing. */
	#close = () => {
		this.#ended = true
		if (!this.#busy) this.leave()
	}
	#timeout = () => {
		// Nothing of what we said has been taken for so long: nobody is there.
		if (this.socket.writableLength > 0) return void this.socket.destroy()
		if (this.#busy) return
		if (this.#ended) this.socket.destroy()
		else this.hangUp() // RFC 1939 section 3: without a word
	}

	#attach(): void {
		this.socket.on('data', this.#data).on('end', this.#end).on('close', this.#close)
		this.socket.allowHalfOpen = true
		this.socket.setTimeout(this.house.limits.idleMs).on('timeout', this.#timeout)
	}

	#detach(): void {
		this.socket.off('data', this.#data).off('end', this.#end).off('close', this.#close)
		this.socket.setTimeout(0).off('timeout', this.#timeout)
	}

	/** What is said to people, in the language they asked for (RFC 6856 section 3). */
	words(text: string): string {
		return this.chinese ? inChinese(text) : text
	}

	ok(text: string): void {
		this.write(this.positive(text))
	}

	/** A positive answer as it goes over the line. */
	positive(text: string): string {
		return pop3.ok(this.words(text))
	}

	err(text: string, code?: pop3.ResponseCode): void {
		this.write(pop3.err(this.words(text), code))
	}

	/** False: wait for `drained()` before writing much more. */
	write(octets: string | Buffer): boolean {
		return this.socket.writable ? this.socket.write(octets) : true
	}

	/** Resolves when the client has taken most of what was written, or is gone. */
	async drained(): Promise<void> {
		const { socket } = this
		if (!socket.writableNeedDrain || socket.destroyed) return
		await new Promise<void>(resolve => {
			const go = () => {
				socket.off('drain', go).off('close', go)
				resolve()
			}
			socket.on('drain', go).on('close', go)
		})
	}

	/** Nobody is listening any more. */
	get gone(): boolean {
		return this.#ended || this.socket.destroyed
	}

	#hold(wait: Promise<unknown>): void {
		this.#busy = true
		this.socket.pause()
		wait
			.catch(error => this.#failed(error))
			.then(() => {
				this.#busy = false
				if (this.#walked) return
				if (this.#ended) this.leave()
				this.#work()
				if (!this.#busy) this.socket.resume()
			})
	}

	#work(): void {
		const { socket } = this
		socket.cork()
		while (!this.#busy && !this.#ended) {
			try {
				const line = this.#input.line()
				if (line === null) break
				const wait = this.answer ? this.answer(line) : perform(this, pop3.parseCommand(line))
				if (wait) this.#hold(wait)
				else if (socket.writableLength > 1024 * 1024) this.#hold(this.drained())
			} catch (error) {
				this.#failed(error)
			}
		}
		socket.uncork()
		if (this.#clientDone && !this.#busy && !this.#ended) this.hangUp()
	}

	/** The one place where what went wrong becomes an answer. */
	#failed(error: unknown): void {
		if (error instanceof LineTooLong) {
			this.err('The line is too long')
			return void this.hangUp()
		}
		if (error instanceof pop3.BadCommand) {
			this.err(error.message)
			if (++this.#errors >= MOST_ERRORS) this.hangUp()
			return
		}
		this.house.log.error({ err: error, client: this.client }, 'pop3 session')
		this.err('This server has a problem; try again later', 'SYS/TEMP')
	}

	/** Others may open the maildrop. */
	leave(): void {
		this.maildrop?.close()
		this.maildrop = null
	}

	/** Ends the connection when all that was written is out. Without QUIT nothing is deleted. */
	hangUp(): void {
		if (this.#ended) return
		this.#ended = true
		if (!this.#busy) this.leave()
		this.socket.end()
		this.socket.resume()
		this.socket.setTimeout(LINGER_MS)
	}

	farewell(): void {
		if (this.#walked) this.socket.destroy()
		else this.hangUp()
	}

	/** RFC 2595 section 4: from here on TLS; nothing said before counts. */
	async startTls(): Promise<void> {
		this.#input.clear()
		this.user = null
		const plain = this.socket
		this.#detach()
		await new Promise<void>((resolve, reject) => {
			plain.once('close', () => {
				this.#close()
				reject(new pop3.BadCommand('TLS failed'))
			})
			plain.write(pop3.ok(this.words('Go on with TLS')), () => {
				secure(plain, this.house.secureContext(), tls => {
					this.socket = tls
					tls.pause()
					this.#attach()
					this.tls = true
					resolve()
				})
			})
			plain.uncork()
		})
	}

	/** The account lives elsewhere: from here on this node only moves octets (law 2). */
	async walkHome(account: Account): Promise<void> {
		const { house, client, socket } = this
		this.#walked = true
		this.#detach()
		const pending = this.#input.take(Number.POSITIVE_INFINITY) ?? Buffer.alloc(0)
		await walk(house, { protocol: 'pop3', account, client, socket, pending, chinese: this.chinese })
	}
}
