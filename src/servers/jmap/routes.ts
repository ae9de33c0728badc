import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Directory } from '../../directory/index.ts'
import { jmap } from '../../wire/index.ts'
import { renewCookie } from '../http/who.ts'
import type { House } from '../types.ts'
import { walkRequest } from '../walk-http.ts'
import { answerRequest } from './api.ts'
import { LIMITS } from './call.ts'
import { download } from './download.ts'
import { readEventsQuery, sendEvents } from './events.ts'
import { type Guest, guestOf, type JmapOptions, NotServed, prepare } from './guest.ts'
import { startPushes } from './push.ts'
import { sessionOf } from './session.ts'
import { inTurn } from './turns.ts'
import { upload } from './upload.ts'

type Serve = (
	guest: Guest,
	request: FastifyRequest<{
		Params: Record<string, string>
		Querystring: Record<string, string | undefined>
	}>,
	reply: FastifyReply,
) => Promise<unknown> | unknown

/** Has what somebody once showed not been taken back? A password is not told from the one before it. */
function isGood({ access, sessions }: Directory, account: string, credential: string): boolean {
	const [, kind, id] = /^(token|session):(.*)$/.exec(credential) ?? []
	if (kind === undefined) return true
	const living: { id: string; ends: number | null }[] =
		kind === 'token' ? access.tokens(account) : sessions.list(account)
	return living.some(one => one.id === id && (one.ends === null || one.ends > Date.now()))
}

const FOR_ANY_PAGE = {
	'access-control-allow-origin': '*',
	'access-control-expose-headers': 'accept-ranges, content-disposition, content-range, www-authenticate',
	'cross-origin-resource-policy': 'cross-origin',
}
const PREFLIGHT = {
	'access-control-allow-methods': 'GET, HEAD, POST, OPTIONS',
	'access-control-allow-headers': 'authorization, content-type, accept, last-event-id, range, cache-control',
	'access-control-max-age': '86400',
}

/** JMAP over HTTP (RFC 8620 sections 2, 3, 6, 7.3). */
export async function addJmap(app: FastifyInstance, options: JmapOptions): Promise<void> {
	const { house } = options
	startPushes(house, (account, credential) => isGood(options.office.directory, account, credential))
	await app.register(async scope => {
		// Bodies are read by whoever answers, or go on to the home as they are.
		scope.removeAllContentTypeParsers()
		scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
		scope.setErrorHandler((error, _request, reply) => sendError(house, error, reply))
		// Other people's pages may ask too, by a token or password they were given: a browser sends no cookie along to `*`.
		scope.addHook('onRequest', async (_request, reply) => {
			for (const [name, value] of Object.entries(FOR_ANY_PAGE)) reply.raw.setHeader(name, value)
		})
		for (const url of ['/.well-known/jmap', '/jmap/*'])
			scope.options(url, (_request, reply) => reply.headers(PREFLIGHT).code(204).send())

		const route = (method: 'GET' | 'POST', url: string, mayChange: boolean, serve: Serve) =>
			scope.route<{ Params: Record<string, string>; Querystring: Record<string, string | undefined> }>({
				method,
				url,
				handler: async (request, reply) => {
					const guest = await guestOf(options, request, mayChange)
					// Who reads mail all day uses nothing else.
					if (guest.credential.startsWith('session:') && !guest.brought)
						renewCookie(request, reply, options.office.directory)
					if (guest.account.home !== house.self) {
						reply.hijack()
						return walkRequest(house, guest, request.raw, reply.raw)
					}
					await prepare(house, guest.account)
					return serve(guest, request, reply)
				},
			})

		scope.get('/.well-known/jmap', (_request, reply) => reply.redirect('/jmap/session', 301))
		route('GET', '/jmap/session', false, ({ account }, request, reply) =>
			reply
				.header('cache-control', 'no-cache, no-store, must-revalidate')
				.send(sessionOf(house, account, baseOf(request))),
		)
		route('POST', '/jmap/api', true, async (guest, request, reply) => {
			if (!/^application\/json *(?:;|$)/i.test(request.headers['content-type'] ?? ''))
				throw new jmap.RequestRefused('notJSON', 'a request is application/json')
			const octets = await readBody(request.raw, LIMITS.maxSizeRequest)
			const answer = await inTurn(guest.account, () => answerRequest(house, guest, jmap.parseRequest(octets)))
			return reply.header('cache-control', 'no-store').send(answer)
		})
		route('POST', '/jmap/upload/:accountId', true, (guest, request, reply) =>
			upload(house, guest, request, reply),
		)
		route('GET', '/jmap/download/:accountId/:blobId/:name', false, (guest, request, reply) =>
			download(house, guest, request, reply),
		)
		route('GET', '/jmap/events', false, ({ account }, request, reply) => {
			const query = readEventsQuery(request.query)
			if (!query) throw new NotServed(400, 'types, closeafter or ping cannot be read.')
			reply.hijack()
			sendEvents(house, account, query, request.headers['last-event-id'] as string | undefined, reply.raw)
		})
	})
}

function baseOf({ headers }: { headers: IncomingMessage['headers'] }): string {
	const host = headers.host ?? ''
	return /^[A-Za-z0-9.:[\]-]+$/.test(host) ? `https://${host}` : ''
}

/** @throws RequestRefused limit */
async function readBody(stream: IncomingMessage, most: number): Promise<Buffer> {
	const tooLarge = () =>
		new jmap.RequestRefused('limit', `a request has at most ${most} octets`, 'maxSizeRequest')
	if (Number(stream.headers['content-length'] ?? 0) > most) throw tooLarge()
	const pieces: Buffer[] = []
	let size = 0
	for await (const piece of stream) {
		size += piece.length
		if (size > most) throw tooLarge()
		pieces.push(piece)
	}
	return Buffer.concat(pieces)
}

const MOST_LET_GO = 64 * 1024 * 1024

/** Who is still sending would not hear why it is refused: what comes is let go by, so many octets of it. */
function letGo(stream: IncomingMessage, most: number): void {
	if (stream.complete) return
	let octets = 0
	stream.on('data', piece => {
		octets += piece.length
		if (octets > most) stream.destroy()
	})
	stream.resume()
}

function sendError(house: House, error: unknown, reply: FastifyReply): FastifyReply {
	const problem = problemOf(house, error)
	if (error instanceof NotServed) reply.headers(error.headers)
	letGo(reply.request.raw, error instanceof NotServed ? MOST_LET_GO / 64 : MOST_LET_GO)
	return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

export function problemOf(house: House, error: unknown): { status: number } & Record<string, unknown> {
	if (error instanceof jmap.RequestRefused) return { status: error.status, ...error.problem() }
	if (error instanceof NotServed) return { type: 'about:blank', status: error.status, detail: error.message }
	const status = (error as { statusCode?: number }).statusCode ?? 500
	if (status < 500) return { type: 'about:blank', status, detail: 'The request cannot be read.' }
	house.log.error({ err: error }, 'a JMAP request failed')
	return { type: 'about:blank', status: 500, detail: 'This server has a problem, please try again later.' }
}
