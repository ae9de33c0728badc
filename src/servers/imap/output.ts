import type { Duplex } from 'node:stream'
import { Gone } from './input.ts'

/** Text is gathered up to this many octets before it goes to the socket. */
const GATHER = 64 * 1024
/** Octets below this are joined to the text, others go as they lie. */
const SMALL = 8 * 1024

/** What goes to the client, in few writes. Strings are binary: one character an octet. */
export class Output {
	#socket: Duplex
	#text = ''
	/** A response is begun and not ended: an error now cannot be answered any more. */
	inside = false

	constructor(socket: Duplex) {
		this.#socket = socket
	}

	/** After STARTTLS. */
	attach(socket: Duplex): void {
		this.#socket = socket
	}

	text(text: string): void {
		this.#text += text
		if (this.#text.length >= GATHER) this.flush()
	}

	/** Octets of a message, byte for byte. */
	octets(octets: Buffer): void {
		if (octets.length <= SMALL) this.text(octets.toString('latin1'))
		else {
			this.flush()
			this.#socket.write(octets)
		}
	}

	flush(): void {
		if (this.#text === '') return
		this.#socket.write(this.#text, 'latin1')
		this.#text = ''
	}

	/** Is the client slower than we are? Then `drained` before more is written. */
	get full(): boolean {
		return this.#socket.writableNeedDrain
	}

	/** Flushes and waits until the socket takes more. @throws Gone */
	async drained(): Promise<void> {
		this.flush()
		const socket = this.#socket
		if (socket.destroyed) throw new Gone()
		if (!socket.writableNeedDrain) return
		await new Promise<void>((resolve, reject) => {
			const drain = () => {
				socket.off('close', close)
				resolve()
			}
			const close = () => {
				socket.off('drain', drain)
				reject(new Gone())
			}
			socket.once('drain', drain)
			socket.once('close', close)
		})
	}
}

/** Milliseconds that others wait without noticing. */
const LONG_MS = 30

/** For work that may be much at each step: others have a turn when this one has lasted, and it ends with its client. */
export class Turn {
	readonly #out: Output
	#since = performance.now()

	constructor(out: Output) {
		this.#out = out
	}

	get isLong(): boolean {
		return performance.now() - this.#since > LONG_MS
	}

	/** @throws Gone */
	async mayEnd(): Promise<void> {
		if (!this.isLong) return
		await this.#out.drained()
		await breathe()
		this.#since = performance.now()
	}
}

/** Lets other connections have a turn. */
export function breathe(): Promise<void> {
	return new Promise(resolve => setImmediate(resolve))
}
