import { createServer, type Server, type Socket } from 'node:net'
import { isLoopback, normalAddress } from '../kit/index.ts'
import { type Conversation, type Serve, secure } from './connection.ts'
import type { Entrance, House } from './types.ts'

/** One address and port we listen on. */
export type Door = {
	/** For the log and for people. */
	name: string
	address: string
	/** 0 = any free one. */
	port: number
	implicitTls: boolean
	serve: Serve
	/** What a client hears that has too many connections already; without CRLF. Not said on implicit TLS. */
	busy: string
}

/** Doors that are open, and the connections that came through them. */
export type Listening = {
	/** As they are now, with the real port. */
	doors: { name: string; address: string; port: number }[]
	/** Counts a connection that was accepted elsewhere with those of its address; false when there are too many. */
	admit(socket: Socket): boolean
	/** Talks on a connection that was accepted elsewhere (the web port): it is ended with the others. */
	adopt(entrance: Entrance, serve: Serve): void
	/** Takes no more connections, lets the open ones say goodbye, ends what is left after `graceMs`. */
	close(graceMs?: number): Promise<void>
}

// How long one that has too many connections may take to read that.
const BUSY_MS = 5_000
// An idle connection of a phone is forgotten by its carrier after some minutes, and a phone that is gone says no goodbye.
const KEPT_ALIVE = { keepAlive: true, keepAliveInitialDelay: 120_000 }

/** Opens all the doors or none. @throws Error that says which one and why */
export async function listen(house: House, doors: Door[]): Promise<Listening> {
	const open = new OpenDoors(house)
	try {
		for (const door of doors) await open.add(door)
	} catch (error) {
		await open.close(0)
		throw error
	}
	return open
}

class OpenDoors implements Listening {
	#house: House
	#servers: Server[] = []
	#sockets = new Map<Socket, Conversation | null>()
	#perAddress = new Map<string, number>()
	#empty: (() => void) | null = null
	#closing = false
	doors: Listening['doors'] = []

	constructor(house: House) {
		this.#house = house
	}

	add(door: Door): Promise<void> {
		const server = createServer({ noDelay: true, ...KEPT_ALIVE }, socket => this.#accept(socket, door))
		return new Promise((resolve, reject) => {
			server.once('error', error => reject(explainListen(door, error)))
			server.listen({ host: door.address, port: door.port, backlog: 1024 }, () => {
				server.removeAllListeners('error')
				server.on('error', error => this.#house.log.error({ err: error, door: door.name }, 'listener'))
				const at = server.address() as { port: number }
				this.#servers.push(server)
				this.doors.push({ name: door.name, address: door.address, port: at.port })
				resolve()
			})
		})
	}

	#accept(socket: Socket, door: Door): void {
		socket.on('error', () => {}) // 'close' follows; that a peer went away is no event of ours
		const address = normalAddress(socket.remoteAddress)
		if (address === '' || this.#closing) return void socket.destroy()
		this.#hold(socket)
		if (!this.admit(socket)) {
			this.#house.log.info({ client: address, door: door.name }, 'too many connections')
			if (door.implicitTls) return void socket.destroy()
			socket.end(`${door.busy}\r\n`)
			socket.resume()
			return void socket.setTimeout(BUSY_MS, () => socket.destroy())
		}
		if (!door.implicitTls)
			return void this.#serve(socket, { socket, implicitTls: false, node: null }, door.serve)
		secure(socket, this.#house.secureContext(), tls => {
			this.#serve(socket, { socket: tls, implicitTls: true, node: null }, door.serve)
		})
	}

	admit(socket: Socket): boolean {
		const address = normalAddress(socket.remoteAddress)
		const { connectionsPerAddress, countLoopback } = this.#house.limits
		if (!countLoopback && isLoopback(address)) return true
		const open = this.#perAddress.get(address) ?? 0
		if (open >= connectionsPerAddress) return false
		this.#perAddress.set(address, open + 1)
		socket.once('close', () => {
			const left = this.#perAddress.get(address)! - 1
			if (left > 0) this.#perAddress.set(address, left)
			else this.#perAddress.delete(address)
		})
		return true
	}

	#hold(socket: Socket): void {
		this.#sockets.set(socket, null)
		socket.once('close', () => {
			this.#sockets.delete(socket)
			if (this.#sockets.size === 0) this.#empty?.()
		})
	}

	adopt(entrance: Entrance, serve: Serve): void {
		if (this.#closing) return void entrance.socket.destroy()
		entrance.socket.on('error', () => {})
		entrance.socket.setNoDelay(true)
		entrance.socket.setKeepAlive(KEPT_ALIVE.keepAlive, KEPT_ALIVE.keepAliveInitialDelay)
		this.#hold(entrance.socket)
		this.#serve(entrance.socket, entrance, serve)
	}

	#serve(held: Socket, entrance: Entrance, serve: Serve): void {
		if (this.#closing) return void held.destroy()
		try {
			const conversation = serve(this.#house, entrance)
			if (conversation && this.#sockets.has(held)) this.#sockets.set(held, conversation)
		} catch (error) {
			this.#house.log.error({ err: error }, 'connection not served')
			held.destroy()
		}
	}

	async close(graceMs = 3000): Promise<void> {
		this.#closing = true
		const closed = this.#servers.map(server => new Promise<void>(resolve => server.close(() => resolve())))
		for (const [socket, conversation] of this.#sockets) {
			if (conversation) conversation.farewell()
			else socket.destroy()
		}
		if (this.#sockets.size > 0) {
			await new Promise<void>(resolve => {
				const enough = setTimeout(resolve, graceMs)
				this.#empty = () => {
					clearTimeout(enough)
					resolve()
				}
			})
		}
		for (const socket of this.#sockets.keys()) socket.destroy()
		await Promise.all(closed)
	}
}

/** Why a port could not be opened, and what to do. */
export function explainListen(door: Pick<Door, 'name' | 'address' | 'port'>, error: Error): Error {
	return new Error(explain(door, error as NodeJS.ErrnoException), { cause: error })
}

function explain(door: Pick<Door, 'name' | 'address' | 'port'>, error: NodeJS.ErrnoException): string {
	const where = `port ${door.port} on ${door.address} (${door.name})`
	switch (error.code) {
		case 'EADDRINUSE':
			return `${where} is taken by another program: stop that one or choose another port`
		case 'EACCES':
			return `${where} may not be opened by this user: ports below 1024 need root, CAP_NET_BIND_SERVICE or another number`
		case 'EADDRNOTAVAIL':
			return `${where} cannot be opened: this machine has no such address`
		default:
			return `${where} cannot be opened: ${error.message}`
	}
}
