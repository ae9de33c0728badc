/**
 * A client that does next to nothing with what it hears: octets are counted, and only the end of them is looked at. On a
 * machine with few processors, what the client burns is taken from the server.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Mailbox } from './load.ts'

/** Octets at the end of what came that may hold the last line. */
const TAIL = 4096

abstract class WireClient {
	protected socket: Socket
	#tail = ''
	#heard: string[] | null = null
	#ends: (tail: string) => boolean = () => false
	#done: ((tail: string) => void) | null = null
	#failed: ((error: Error) => void) | null = null

	protected constructor(socket: Socket) {
		this.socket = socket
		socket.setNoDelay(true)
		socket.on('data', (chunk: Buffer) => this.#hear(chunk))
		socket.on('error', () => {})
		socket.on('close', () => this.#failed?.(new Error('the server closed the connection')))
	}

	/** Waits for an answer whose end is `ends`; that end, or all of it when `whole`. */
	protected answer(ends: (tail: string) => boolean, whole = false): Promise<string> {
		this.#tail = ''
		this.#heard = whole ? [] : null
		this.#ends = ends
		return new Promise((resolve, reject) => {
			this.#done = resolve
			this.#failed = reject
		})
	}

	#hear(chunk: Buffer): void {
		this.#heard?.push(chunk.toString('latin1'))
		this.#tail =
			chunk.length >= TAIL
				? chunk.toString('latin1', chunk.length - TAIL)
				: (this.#tail + chunk.toString('latin1')).slice(-TAIL)
		if (!this.#done || !this.#ends(this.#tail)) return
		const done = this.#done
		this.#done = null
		done(this.#heard?.join('') ?? this.#tail)
	}

	close(): void {
		this.#failed = null
		this.socket.destroy()
	}
}

export class ImapWire extends WireClient {
	#number = 0

	static async open({ host, port, login, password }: Mailbox): Promise<ImapWire> {
		const socket = connect(port, host)
		const client = new ImapWire(socket)
		const greeting = client.answer(tail => tail.endsWith('\r\n'))
		await once(socket, 'connect')
		await greeting
		await client.ask(`LOGIN ${login} ${password}`)
		return client
	}

	/** @throws when the answer is not OK. Returns its end, or all of it when `whole` */
	async ask(command: string | Buffer, whole = false): Promise<string> {
		const tag = `t${++this.#number}`
		const answer = this.answer(tail => {
			if (!tail.endsWith('\r\n')) return false
			return tail.startsWith(`${tag} `, tail.lastIndexOf('\n', tail.length - 2) + 1)
		}, whole)
		if (typeof command === 'string') this.socket.write(`${tag} ${command}\r\n`, 'latin1')
		else {
			this.socket.cork()
			this.socket.write(`${tag} `, 'latin1')
			this.socket.write(command)
			this.socket.uncork()
		}
		const said = await answer
		if (!said.includes(`${tag} OK`)) {
			const what = typeof command === 'string' ? command : command.toString('latin1', 0, 40)
			throw new Error(`${what}: ${said.slice(said.lastIndexOf(tag)).trim()}`)
		}
		return said
	}

	/** A whole message with everything around it: what follows the tag. */
	static append(mailbox: string, letter: string): Buffer {
		const octets = Buffer.from(letter)
		return Buffer.concat([
			Buffer.from(`APPEND ${mailbox} {${octets.length}+}\r\n`),
			octets,
			Buffer.from('\r\n'),
		])
	}

	/** IDLE until it is confirmed, and DONE at once. */
	async idle(): Promise<void> {
		const confirmed = this.answer(tail => /(?:^|\n)\+ [^\r\n]*\r\n/.test(tail))
		const tag = `t${++this.#number}`
		this.socket.write(`${tag} IDLE\r\n`, 'latin1')
		await confirmed
		const ended = this.answer(tail => tail.endsWith('\r\n') && tail.includes(`${tag} OK`))
		this.socket.write('DONE\r\n', 'latin1')
		await ended
	}
}

export class Pop3Wire extends WireClient {
	static async open({ host, port, login, password }: Mailbox): Promise<Pop3Wire> {
		const socket = connect(port, host)
		const client = new Pop3Wire(socket)
		const greeting = client.answer(isLine)
		await once(socket, 'connect')
		await greeting
		await client.#say(`USER ${login}`, isLine)
		await client.#say(`PASS ${password}`, isLine)
		return client
	}

	list(): Promise<void> {
		return this.#say('LIST', isText)
	}

	retr(number: number): Promise<void> {
		return this.#say(`RETR ${number}`, isText)
	}

	async quit(): Promise<void> {
		await this.#say('QUIT', isLine)
		this.close()
	}

	async #say(command: string, ends: (tail: string) => boolean): Promise<void> {
		const answer = this.answer(tail => ends(tail) || tail.startsWith('-ERR'))
		this.socket.write(`${command}\r\n`, 'latin1')
		const said = await answer
		if (said.startsWith('-ERR')) throw new Error(`${command}: ${said.trim()}`)
	}
}

const isLine = (tail: string) => tail.endsWith('\r\n')
const isText = (tail: string) => tail.endsWith('\r\n.\r\n')
