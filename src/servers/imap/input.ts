import type { Duplex } from 'node:stream'
import { imap } from '../../wire/index.ts'

/** The client is gone, or silent for too long: nobody is left to answer. */
export class Gone extends Error {}

/** Octets a client may send ahead of what we work on before we stop reading. */
const AHEAD = 256 * 1024

/** What comes from the client, taken when the session is ready for it. */
export class Input {
	#assembler = new imap.Assembler()
	#socket: Duplex
	#wake: (() => void) | null = null
	#ended = false

	/** @param pending what came before the session began */
	constructor(socket: Duplex, pending: Buffer) {
		this.#socket = socket
		this.#assembler.push(pending)
		this.attach(socket)
	}

	attach(socket: Duplex): void {
		this.#socket = socket
		if (socket.destroyed) this.#ended = true
		socket.on('data', this.#data)
		socket.on('end', this.#end)
		socket.on('close', this.#end)
		socket.resume()
	}

	/** Stops listening to the socket, paused; what came and was not used. */
	detach(): Buffer {
		this.#socket.pause()
		this.#socket.off('data', this.#data)
		this.#socket.off('end', this.#end)
		this.#socket.off('close', this.#end)
		return this.#assembler.drain()
	}

	#data = (chunk: Buffer) => {
		this.#assembler.push(chunk)
		if (this.#wake) this.#wake()
		else if (this.#assembler.waiting > AHEAD) this.#socket.pause()
	}

	#end = () => {
		this.#ended = true
		this.#wake?.()
	}

	/** Is the session waiting for the client, and not the client for us? */
	get waiting(): boolean {
		return this.#wake !== null
	}

	/** Nothing is taken any more: whoever waits is Gone. */
	end(): void {
		this.#assembler.drain()
		this.#end()
	}

	/** The next thing that is here already, else null. @throws Refusal */
	here(): imap.Assembled | null {
		return this.#assembler.next()
	}

	lineHere(): string | null {
		return this.#assembler.line()
	}

	/** Waits for octets. @throws Gone */
	async more(): Promise<void> {
		if (this.#ended) throw new Gone()
		if (this.#socket.isPaused()) this.#socket.resume()
		await new Promise<void>(resolve => {
			this.#wake = resolve
		})
		this.#wake = null
		// What came with the end is still served.
		if (this.#ended && this.#assembler.waiting === 0) throw new Gone()
	}

	/** A line outside of commands: DONE, SASL answers. @throws Gone, Refusal */
	async line(): Promise<string> {
		for (;;) {
			const line = this.lineHere()
			if (line !== null) return line
			await this.more()
		}
	}

	accept(): void {
		this.#assembler.accept()
	}

	refuse(): void {
		this.#assembler.refuse()
	}
}
