import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket, TlsOptions } from 'node:tls'
import fastify, { type FastifyInstance } from 'fastify'
import type { Office } from '../../admin/index.ts'
import type { Emitter, Log } from '../../kit/index.ts'
import { addJmap, openSockets } from '../jmap/index.ts'
import { explainListen } from '../listen.ts'
import type { House } from '../types.ts'
import { addApi } from './api/index.ts'
import { addCluster } from './cluster.ts'
import { compressAnswers } from './compressed.ts'
import { addDiscovery } from './discovery.ts'
import { type FirstStart, guardFirstStart } from './first-start.ts'
import { addHealth } from './health.ts'
import { servePages } from './pages.ts'

export type WebOptions = {
	log: Log
	/** What is asked of this node is done on these. */
	office: Office
	house: House
	firstStart: FirstStart
	/** What to show, and when that has changed. */
	tls: { options(): TlsOptions; changed: Emitter<void> }
	/** Counts a connection of somebody; false when its address has too many. */
	admit(socket: Socket): boolean
	/** Our node at the other end of a connection, by its certificate; null = anybody. */
	nodeOf(socket: TLSSocket): string | null
	/** What nodes speak on this port beside HTTP; the id of the node is known. */
	enter: Record<'lmtp' | 'imap' | 'pop3', (socket: TLSSocket, node: string) => void>
	/** Join requests (POST /cluster/join/...). */
	answerJoin(path: string, body: unknown, client: string): Promise<{ status: number; body: unknown }>
	/** Mail of an account that becomes part of this one, from its home. False: the account does not live here. */
	takeIn(account: string, parcel: AsyncIterable<Buffer>): Promise<boolean>
	/** Text for Prometheus. */
	metrics(): Promise<{ type: string; text: string }>
	metricsForAnyone: boolean
	/** Is a node whose certificate our cluster signed still in the list? Null: not our certificate. */
	membership(socket: TLSSocket): boolean | null
	healthy(): boolean
	address: string
	port: number
}

// A stranger has so long for the header of a request, and for all of it (milliseconds); a file may take its time.
const PATIENCE = {
	headersTimeout: 20_000,
	requestTimeout: 30 * 60_000,
	connectionsCheckingInterval: 5_000,
	// For the next click: on a slow line a new connection takes seconds (Node lets it go after five).
	keepAliveTimeout: 60_000,
}
const BODY_MS = 60_000
// Octets: a join names all members of a large cluster.
const MOST_BODY = 4 * 1024 * 1024

/**
 * The web port: TLS, and by ALPN (RFC 7301) browsers get HTTP, nodes LMTP, IMAP, POP3 or HTTP.
 * A stranger who asks for what is for nodes is cut off without a word.
 */
export async function openWeb(options: WebOptions): Promise<{ close(): Promise<void> }> {
	// It listens itself: only then does node:http look after requests that are slow to come.
	const server = createServer({ ...options.tls.options(), ...PATIENCE, handshakeTimeout: 10_000 })
	const unhear = options.tls.changed.on(() => server.setSecureContext(options.tls.options()))
	const toHttp = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[]
	server.removeAllListeners('secureConnection')
	const app = await makeApp(options, server)
	const closeSockets = openSockets(server, options)
	const open = new Set<Socket>()
	server.on('secureConnection', (socket: TLSSocket) => {
		socket.on('error', () => socket.destroy())
		const protocol = socket.alpnProtocol
		if (protocol === 'lmtp' || protocol === 'imap' || protocol === 'pop3') {
			const node = options.nodeOf(socket)
			if (node === null) socket.destroy()
			else options.enter[protocol](socket, node)
			return
		}
		if (!options.admit(socket)) return void socket.destroy()
		open.add(socket)
		socket.once('close', () => open.delete(socket))
		for (const serve of toHttp) serve.call(server, socket)
	})
	server.on('tlsClientError', () => {})
	if (options.port !== 0) await opened(server, options)
	return {
		async close() {
			unhear()
			const closed = new Promise<void>(resolve =>
				server.listening ? server.close(() => resolve()) : resolve(),
			)
			closeSockets()
			// Those who entered are said goodbye to in their own words.
			for (const socket of open) socket.destroy()
			await app.close()
			await closed
		},
	}
}

function opened(server: Server, { address, port, log }: WebOptions): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once('error', error => reject(explainListen({ name: 'web', address, port }, error)))
		server.listen(port, address, () => {
			server.removeAllListeners('error')
			server.on('error', error => log.error({ err: error }, 'web port'))
			resolve()
		})
	})
}

async function makeApp(options: WebOptions, server: Server): Promise<FastifyInstance> {
	const app = fastify({
		logger: false,
		bodyLimit: MOST_BODY,
		routerOptions: { maxParamLength: 500 }, // an address has up to 254 octets, escaped more
		serverFactory: handler => {
			server.on('request', handler)
			return server
		},
	})
	app.addHook('onRequest', async (request, reply) => {
		if (request.url.startsWith('/jmap/upload/') || request.url.startsWith('/cluster/mail/')) return
		const late = setTimeout(() => {
			if (!request.raw.complete) request.raw.destroy()
		}, BODY_MS)
		reply.raw.once('close', () => clearTimeout(late))
	})
	compressAnswers(app)
	app.register(servePages)
	app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'not found' }))
	app.setErrorHandler((error, _request, reply) => {
		const status = (error as { statusCode?: number }).statusCode ?? 500
		if (status >= 500) options.log.error({ err: error }, 'web request failed')
		return reply.code(status).send({ error: status >= 500 ? 'this server has a problem' : 'bad request' })
	})
	guardFirstStart(app, options.firstStart)
	addHealth(app, options)
	addCluster(app, options)
	addDiscovery(app, options)
	await addApi(app, options)
	await addJmap(app, options)
	await app.ready()
	return app
}
