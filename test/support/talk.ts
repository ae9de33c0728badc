import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Serve } from '../../src/servers/connection.ts'
import { type House, type Listening, listen } from '../../src/servers/index.ts'

/** A client that says exactly what it is told and waits for exactly what it expects. */
export class Talk {
	#socket: Socket | TLSSocket
	#heard = ''
	#wake: () => void = () => {}
	ended = false

	constructor(socket: Socket | TLSSocket) {
		this.#socket = socket
		this.#listen()
	}

	static async to(port: number, implicitTls = false): Promise<Talk> {
		const socket = implicitTls
			? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
			: connect({ port, host: '127.0.0.1', allowHalfOpen: true })
		await once(socket, implicitTls ? 'secureConnect' : 'connect')
		return new Talk(socket)
	}

	#listen(): void {
		this.#socket.setEncoding('latin1')
		this.#socket.on('data', text => {
			this.#heard += text
			this.#wake()
		})
		const end = () => {
			this.ended = true
			this.#wake()
		}
		this.#socket.on('end', end).on('close', end).on('error', end)
	}

	send(octets: string | Buffer): void {
		this.#socket.write(octets)
	}

	/** Everything up to the first place where `pattern` matches (it should end in $). */
	async hear(pattern: RegExp): Promise<string> {
		while (!pattern.test(this.#heard)) {
			if (this.ended) throw new Error(`ended after ${JSON.stringify(this.#heard)}, waiting for ${pattern}`)
			await new Promise<void>(resolve => {
				this.#wake = resolve
			})
		}
		const heard = this.#heard
		this.#heard = ''
		return heard
	}

	/** One SMTP reply, or one line of POP3, to one command. */
	async say(line: string): Promise<string> {
		this.send(`${line}\r\n`)
		return this.reply()
	}

	reply(): Promise<string> {
		return this.hear(/(?:^|\r\n)(?:\d\d\d |[+-]).*\r\n$/)
	}

	/** Everything until the other side closes. */
	async rest(): Promise<string> {
		while (!this.ended) {
			await new Promise<void>(resolve => {
				this.#wake = resolve
			})
		}
		return this.#heard
	}

	/** Closes our side only. */
	halfClose(): void {
		this.#socket.end()
	}

	async startTls(): Promise<void> {
		const plain = this.#socket
		plain.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close')
		this.#socket = connectTls({ socket: plain, rejectUnauthorized: false })
		await once(this.#socket, 'secureConnect')
		this.#listen()
	}

	close(): void {
		this.#socket.destroy()
	}
}

export async function open(
	house: House,
	serve: Serve,
	implicitTls = false,
): Promise<Listening & { port: number }> {
	const listening = await listen(house, [
		{ name: 'test', address: '127.0.0.1', port: 0, implicitTls, serve, busy: '421 busy' },
	])
	return Object.assign(listening, { port: listening.doors[0]!.port })
}

/** A connection as it comes from the web port: by a node of ours. Not TLS here, which the protocol cannot see. */
export async function asNode(
	house: House,
	serve: Serve,
	node = 'there',
): Promise<{ talk: Talk; close(): Promise<void> }> {
	const listening = await listen(house, [])
	const server = createServer(socket => listening.adopt({ socket, implicitTls: true, node }, serve))
	await once(server.listen(0, '127.0.0.1'), 'listening')
	const talk = await Talk.to((server.address() as { port: number }).port)
	return {
		talk,
		async close() {
			talk.close()
			server.close()
			await listening.close(0)
		},
	}
}
