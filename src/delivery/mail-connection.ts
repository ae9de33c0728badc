import type { Socket } from 'node:net'
import { formatReply, type Reply, ReplyReader } from '../wire/index.ts'

/** The connection is of no use any more; `reason` in plain words. */
export class ConnectionLost extends Error {}

/**
 * One connection to an SMTP or LMTP server, from our side. Commands may be sent before the replies of earlier
 * ones have come (RFC 2920): replies are handed out in the order of the commands.
 */
export class MailConnection {
	socket: Socket
	#reader = new ReplyReader()
	/** Replies that came before they were asked for. */
	#ready: Reply[] = []
	#waiting: { resolve(reply: Reply): void; reject(error: Error): void; timeoutMs: number }[] = []
	#lost: ConnectionLost | null = null
	#timer: NodeJS.Timeout | null = null
	#timeoutMs: number
	#draining = false

	/** @param timeoutMs longest time in which nothing comes while a reply is waited for, or nothing goes while we send */
	constructor(socket: Socket, timeoutMs: number) {
		this.socket = socket
		this.#timeoutMs = timeoutMs
		this.#listen()
	}

	#listen(): void {
		this.socket.on('data', this.#data).on('error', this.#error).on('close', this.#close)
	}

	#data = (chunk: Buffer) => this.#hear(chunk)
	#error = (error: Error) => this.lose(error.message)
	#close = () => this.lose('the connection was closed')

	#hear(chunk: Buffer): void {
		try {
			this.#reader.push(chunk)
			for (let reply = this.#reader.next(); reply; reply = this.#reader.next()) {
				const who = this.#waiting.shift()
				if (who) who.resolve(reply)
				else this.#ready.push(reply)
				if (reply.code === 421) this.lose(formatReply(reply).trim())
			}
		} catch {
			this.lose('the peer does not speak SMTP')
		}
		this.#watch()
	}

	/** The next reply, e.g. the greeting. @param timeoutMs where this one may take longer. @throws ConnectionLost */
	reply(timeoutMs = this.#timeoutMs): Promise<Reply> {
		const ready = this.#ready.shift()
		if (ready) return Promise.resolve(ready)
		return new Promise((resolve, reject) => {
			if (this.#lost) return reject(this.#lost)
			this.#waiting.push({ resolve, reject, timeoutMs })
			this.#watch()
		})
	}

	/** Sends a command line (without CRLF) and returns its reply. */
	command(line: string): Promise<Reply> {
		this.send(`${line}\r\n`)
		return this.reply()
	}

	/** False: wait for `drained()` before sending much more. */
	send(bytes: string | Buffer): boolean {
		return this.#lost ? true : this.socket.write(bytes)
	}

	/** Resolves when more may be sent, or the connection is lost. */
	async drained(): Promise<void> {
		if (!this.socket.writableNeedDrain || this.#lost) return
		this.#draining = true
		this.#watch()
		await new Promise<void>(resolve => {
			const go = () => {
				this.socket.off('drain', go)
				this.socket.off('close', go)
				resolve()
			}
			this.socket.on('drain', go)
			this.socket.on('close', go)
		})
		this.#draining = false
		this.#watch()
	}

	#watch(): void {
		if (this.#timer) clearTimeout(this.#timer)
		this.#timer = null
		if ((this.#waiting.length === 0 && !this.#draining) || this.#lost) return
		this.#timer = setTimeout(
			() => this.lose('no answer in time'),
			this.#waiting[0]?.timeoutMs ?? this.#timeoutMs,
		)
	}

	/** Octets that came, and that the system has taken to send: it stays the same where nothing moves. */
	get moved(): number {
		const { bytesRead, bytesWritten, writableLength } = this.socket
		return bytesRead + bytesWritten - writableLength
	}

	get lost(): ConnectionLost | null {
		return this.#lost
	}

	/** Ends everything: who still waits for a reply is told. */
	lose(reason: string): void {
		if (this.#lost) return
		this.#lost = new ConnectionLost(reason)
		if (this.#timer) clearTimeout(this.#timer)
		for (const who of this.#waiting) who.reject(this.#lost)
		this.#waiting = []
		this.socket.destroy()
	}

	/** STARTTLS: from here on the other socket speaks (RFC 3207). */
	replaceSocket(socket: Socket): void {
		this.socket.off('data', this.#data).off('error', this.#error).off('close', this.#close)
		this.socket.on('error', () => {}) // the other one tells
		this.socket = socket
		this.#reader = new ReplyReader()
		this.#ready = [] // nothing said before TLS counts after it
		this.#listen()
	}

	/** Says goodbye; a peer that has no answer to that is not waited for. */
	async quit(): Promise<void> {
		if (this.#lost) return
		this.#timeoutMs = Math.min(this.#timeoutMs, 5_000)
		await this.command('QUIT').catch(() => {})
		this.lose('done')
	}
}
