import { connect, createServer, type Server, type Socket } from 'node:net'
import { PORTS } from './nodes.ts'

/** The way between a browser and a node's web port: it can be cut or fall silent, counts what goes to the node, and knows when. */
export class Line {
	readonly ip: string
	/** Octets that went to the node. */
	sent = 0
	isCut = false
	isSilent = false
	#node: string
	#server: Server
	#sockets = new Set<Socket>()
	#cutAt = Number.POSITIVE_INFINITY

	/** @param ip where the browser finds it, at the web port */
	constructor(ip: string, node: string) {
		this.ip = ip
		this.#node = node
		this.#server = createServer(socket => this.#join(socket))
	}

	async open(): Promise<this> {
		await new Promise<void>(resolve => this.#server.listen(PORTS.web, this.ip, resolve))
		return this
	}

	cut(): void {
		this.isCut = true
		this.#cutAt = Number.POSITIVE_INFINITY
		for (const socket of this.#sockets) socket.destroy()
	}

	/** Nothing comes through any more, and nobody is told until it is mended: then what was open is gone. */
	hush(): void {
		this.isSilent = true
		for (const socket of this.#sockets) socket.pause().removeAllListeners('data').unpipe()
	}

	/** When so many octets more have gone to the node. */
	cutAfter(octets: number): void {
		this.#cutAt = this.sent + octets
	}

	mend(): void {
		if (this.isSilent) this.cut()
		this.isCut = false
		this.isSilent = false
	}

	async close(): Promise<void> {
		this.cut()
		await new Promise(resolve => this.#server.close(resolve))
	}

	#join(socket: Socket): void {
		if (this.isCut) return void socket.destroy()
		const there = connect(PORTS.web, this.#node)
		for (const [one, other] of [
			[socket, there],
			[there, socket],
		] as const) {
			this.#sockets.add(one)
			one.on('error', () => {})
			one.on('close', () => {
				this.#sockets.delete(one)
				other.destroy()
			})
		}
		if (this.isSilent) return
		socket.on('data', chunk => {
			this.sent += chunk.length
			if (this.sent >= this.#cutAt) return this.cut()
			if (!there.write(chunk)) socket.pause()
		})
		there.on('drain', () => socket.resume())
		there.pipe(socket)
	}
}
