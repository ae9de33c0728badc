import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import { jmap } from '../../wire/index.ts'
import { walkUpgrade } from '../walk-http.ts'
import { answerRequest } from './api.ts'
import { LIMITS } from './call.ts'
import { type Guest, guestOf, type JmapOptions, NotServed, prepare } from './guest.ts'
import { problemOf } from './routes.ts'
import { knownStates, readKnownStates, stateChange, watchStates } from './states.ts'
import { inTurn } from './turns.ts'

/** Milliseconds between the pings by which a client that vanished is noticed. */
const PING_MS = 60_000

/** JMAP over a WebSocket (RFC 8887). @returns ends those that are open */
export function openSockets(server: Server, options: JmapOptions): () => void {
	const sockets = new WebSocketServer({
		noServer: true,
		maxPayload: LIMITS.maxSizeRequest,
		handleProtocols: protocols => (protocols.has('jmap') ? 'jmap' : false),
	})
	server.on('upgrade', (request, socket, head) => {
		socket.on('error', () => socket.destroy())
		enter(options, request, socket, head, sockets).catch(error => {
			const { status } = problemOf(options.house, error)
			const headers = error instanceof NotServed ? error.headers : {}
			const lines = Object.entries({ ...headers, 'content-length': '0', connection: 'close' })
			socket.end(`HTTP/1.1 ${status} No\r\n${lines.map(line => `${line.join(': ')}\r\n`).join('')}\r\n`)
		})
	})
	return () => {
		for (const socket of sockets.clients) socket.close(1001)
	}
}

async function enter(
	options: JmapOptions,
	request: IncomingMessage,
	socket: Duplex,
	head: Buffer,
	sockets: WebSocketServer,
): Promise<void> {
	const { house } = options
	if (request.url?.split('?')[0] !== '/jmap/ws') throw new NotServed(404, 'There is nothing at this address.')
	const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/ *, */)
	if (!offered.includes('jmap')) throw new NotServed(400, 'The subprotocol is jmap.')
	const asking = { headers: request.headers, ip: request.socket.remoteAddress, raw: request }
	const guest = await guestOf(options, asking as unknown as FastifyRequest, false)
	// A browser says whose page it is, and sends our cookie along with anybody's.
	const { origin, host, cookie } = request.headers
	if (cookie !== undefined && origin !== undefined && origin !== `https://${host}`)
		throw new NotServed(403, 'Only pages of this server may do that with its cookie.')
	if (guest.account.home !== house.self) return walkUpgrade(house, guest, request, socket, head)
	await prepare(house, guest.account)
	sockets.handleUpgrade(request, socket, head, opened => new Talk(options, guest, opened))
}

/** One connection. */
class Talk {
	readonly #options: JmapOptions
	readonly #guest: Guest
	readonly #socket: WebSocket
	#unwatch: () => void = () => {}
	#alive = true

	constructor(options: JmapOptions, guest: Guest, socket: WebSocket) {
		this.#options = options
		this.#guest = guest
		this.#socket = socket
		const pings = setInterval(() => this.#ping(), PING_MS)
		socket.on('pong', () => {
			this.#alive = true
		})
		socket.on('message', (data, binary) => {
			if (binary) return socket.close(1003, 'text, please')
			void this.#hear(data as Buffer)
		})
		socket.on('error', () => socket.terminate())
		socket.on('close', () => {
			clearInterval(pings)
			this.#unwatch()
		})
	}

	#ping(): void {
		if (!this.#alive) this.#socket.terminate()
		this.#alive = false
		this.#socket.ping()
	}

	#say(value: unknown): void {
		this.#socket.send(JSON.stringify(value))
	}

	async #hear(octets: Buffer): Promise<void> {
		const { house } = this.#options
		let id: string | null = null
		try {
			const message = jmap.parseJson(octets)
			if (!jmap.isObject(message)) throw new jmap.RequestRefused('notRequest', 'a message is an object')
			id = typeof message.id === 'string' ? message.id : null
			switch (message['@type']) {
				case 'Request': {
					const { account } = this.#guest
					// Who was signed out meanwhile, or moved to another node, comes again.
					const now = house.accountOf(account.id)
					if (!now || now.disabled || now.home !== house.self) return this.#socket.close(1008)
					const { '@type': _, id: __, ...rest } = message
					const request = jmap.requestOf({ ...rest, ...(id === null ? null : { id }) })
					const answer = await inTurn(account, () =>
						answerRequest(house, { ...this.#guest, account: now }, request),
					)
					this.#say({ '@type': 'Response', ...answer, ...(id === null ? null : { requestId: id }) })
					return
				}
				case 'WebSocketPushEnable':
					return this.#enable(message)
				case 'WebSocketPushDisable':
					return this.#unwatch()
				default:
					throw new jmap.RequestRefused('notRequest', '"@type" is not known')
			}
		} catch (error) {
			this.#say({ '@type': 'RequestError', ...problemOf(house, error), requestId: id })
		}
	}

	/** RFC 8887 section 4.3.5.2. */
	#enable({ dataTypes = null, pushState = null }: Record<string, unknown>): void {
		const fine =
			(dataTypes === null ||
				(Array.isArray(dataTypes) && dataTypes.every(type => typeof type === 'string'))) &&
			(pushState === null || typeof pushState === 'string')
		if (!fine) throw new jmap.RequestRefused('notRequest', 'dataTypes is a list, pushState a string')
		this.#unwatch()
		const { account } = this.#guest
		const known = readKnownStates((pushState as string | null) ?? undefined)
		this.#unwatch = watchStates(
			this.#options.house,
			account,
			dataTypes as string[] | null,
			known,
			(changed, all) => this.#say({ ...stateChange(account, changed), pushState: knownStates(all) }),
		)
	}
}
