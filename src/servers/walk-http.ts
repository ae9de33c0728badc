import {
	Agent,
	type ClientRequest,
	type IncomingHttpHeaders,
	type IncomingMessage,
	request,
	type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream'
import type { Account } from '../directory/index.ts'
import type { House } from './types.ts'

/*
 * HTTP of somebody whose account lives elsewhere: the request goes to the home's web port over a connection with our
 * certificate, which may say who it is for. What `walk.ts` is for IMAP and POP3.
 */

/** For whom a node of ours asks: the account's id, the real client's address, and what he showed there. */
export const FOR_ACCOUNT = 'panpipe-account'
export const FOR_CLIENT = 'panpipe-client'
export const FOR_CREDENTIAL = 'panpipe-credential'

/** Who walks home. */
export type Walker = { account: Account; client: string; credential: string }

const UNREACHABLE = 'The server your mail lives on cannot be reached right now, please try again later.'

// What belongs to one connection, or to how somebody showed here who he is.
const NOT_FORWARDED = new Set([
	'connection',
	'keep-alive',
	'proxy-connection',
	'te',
	'trailer',
	'upgrade',
	'authorization',
	'cookie',
	FOR_ACCOUNT,
	FOR_CLIENT,
	FOR_CREDENTIAL,
])

/** Connections to homes are kept a while: not long, the line may break meanwhile without anybody hearing of it. */
const KEPT_MS = 4000

/** A home that says nothing for so long before it answers: the line broke after it was taken. */
const SILENT_MS = 60_000

class HomeAgent extends Agent {
	readonly #house: House

	constructor(house: House) {
		super({ keepAlive: true, maxFreeSockets: 16 })
		this.#house = house
	}

	override keepSocketAlive(socket: Duplex): boolean {
		const kept = super.keepSocketAlive(socket) as unknown as boolean
		if (kept) (socket as Socket).setTimeout(KEPT_MS)
		return kept
	}

	override createConnection(
		options: { host?: string | null | undefined },
		made?: (error: Error | null, stream: Duplex) => void,
	): undefined {
		this.#house.connect(options.host!, 'http/1.1').then(
			socket => made!(null, socket),
			error => made!(error, null as never),
		)
	}
}

const agents = new WeakMap<House, HomeAgent>()

function agentOf(house: House): HomeAgent {
	let agent = agents.get(house)
	if (!agent) agents.set(house, (agent = new HomeAgent(house)))
	return agent
}

function headersFor(
	headers: IncomingHttpHeaders,
	{ account, client, credential }: Walker,
): IncomingHttpHeaders {
	const kept = Object.entries(headers).filter(([name]) => !NOT_FORWARDED.has(name))
	return {
		...Object.fromEntries(kept),
		[FOR_ACCOUNT]: account.id,
		[FOR_CLIENT]: client,
		[FOR_CREDENTIAL]: credential,
	}
}

/** The request fails when the home keeps silent, until it answers. */
function impatient(onward: ClientRequest, house: House): void {
	onward.setTimeout(Math.min(SILENT_MS, house.limits.idleMs), () => {
		// Whoever is asking may himself rest in the middle of what he sends.
		if (onward.writableFinished || onward.writableLength > 0)
			onward.destroy(new Error('the home keeps silent'))
	})
	const patient = () => void onward.setTimeout(0)
	onward.on('response', patient).on('upgrade', patient)
}

/** Has the home answer a request, octet by octet. */
export function walkRequest(
	house: House,
	walker: Walker,
	incoming: IncomingMessage,
	response: ServerResponse,
): void {
	const { account } = walker
	const onward = request({
		agent: agentOf(house),
		host: account.home,
		method: incoming.method,
		path: incoming.url,
		headers: headersFor(incoming.headers, walker),
	})
	impatient(onward, house)
	onward.on('response', answer => {
		const headers = Object.entries(answer.headers).filter(([name]) => !NOT_FORWARDED.has(name))
		response.writeHead(answer.statusCode!, Object.fromEntries(headers))
		// Events go out as they come.
		response.flushHeaders()
		pipeline(answer, response, () => {})
	})
	onward.on('error', error => {
		house.log.warn({ err: error, account: account.id, home: account.home }, 'home not reached')
		if (response.headersSent) return void response.destroy()
		response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '30' })
		response.end(JSON.stringify({ type: 'about:blank', status: 503, title: 'Not now', detail: UNREACHABLE }))
	})
	response.on('close', () => onward.destroy())
	incoming.pipe(onward)
}

/** The same for a connection that wants to become a WebSocket. */
export function walkUpgrade(
	house: House,
	walker: Walker,
	incoming: IncomingMessage,
	socket: Duplex,
	head: Buffer,
): void {
	const { account } = walker
	const onward = request({
		agent: agentOf(house),
		host: account.home,
		path: incoming.url,
		headers: {
			...headersFor(incoming.headers, walker),
			connection: 'Upgrade',
			upgrade: incoming.headers.upgrade,
		},
	})
	impatient(onward, house)
	onward.on('upgrade', (answer, home, rest) => {
		socket.write(`HTTP/1.1 101 Switching Protocols\r\n${rawHeaders(answer)}\r\n`)
		if (rest.length > 0) socket.write(rest)
		if (head.length > 0) home.write(head)
		pipeline(socket, home, socket, () => {})
	})
	onward.on('response', answer => {
		socket.end(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${rawHeaders(answer)}\r\n`)
		answer.resume()
	})
	onward.on('error', error => {
		house.log.warn({ err: error, account: account.id, home: account.home }, 'home not reached')
		socket.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n')
	})
	socket.on('close', () => onward.destroy())
	onward.end()
}

function rawHeaders({ rawHeaders }: IncomingMessage): string {
	let out = ''
	for (let i = 0; i < rawHeaders.length; i += 2) out += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
	return out
}
