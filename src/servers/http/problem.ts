import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { problemOf } from '../../admin/index.ts'
import type { Log } from '../../kit/index.ts'

/** Something is wrong with the request; `code` is for programs and translators, the message for people. */
export class WebProblem extends Error {
	readonly status: number
	readonly code: string
	readonly more: Record<string, unknown>

	constructor(status: number, code: string, message: string, more: Record<string, unknown> = {}) {
		super(message)
		this.status = status
		this.code = code
		this.more = more
	}
}

const TITLES: Record<number, string> = {
	400: 'The request cannot be read',
	401: 'Nobody is signed in',
	403: 'Not allowed',
	404: 'Not found',
	409: 'Cannot be done',
	413: 'Too large',
	422: 'Something in the request is wrong',
	429: 'Too many attempts',
	500: 'This server has a problem',
	503: 'Not now',
}

/** Everything that goes wrong below this becomes application/problem+json (RFC 9457). */
export function answerProblems(app: FastifyInstance, log: Log): void {
	app.setNotFoundHandler((_request, reply) =>
		sendProblem(reply, new WebProblem(404, 'no-such-page', 'There is nothing at this address.')),
	)
	app.setErrorHandler((error, request, reply) => {
		if (error instanceof WebProblem) return sendProblem(reply, error)
		const known = problemOf(error)
		if (known) return sendProblem(reply, new WebProblem(known.status, known.code, known.detail, known.more))
		const status = (error as FastifyError).statusCode ?? 500
		if (status < 500) {
			const code = status === 413 ? 'too-large' : 'request-unreadable'
			return sendProblem(reply, new WebProblem(status, code, (error as FastifyError).message))
		}
		log.error({ err: error, url: request.routeOptions.url, method: request.method }, 'web request failed')
		const sorry = 'Something failed inside this server. Try again; its log says more.'
		return sendProblem(reply, new WebProblem(500, 'internal', sorry))
	})
}

export function sendProblem(reply: FastifyReply, { status, code, message, more }: WebProblem): FastifyReply {
	if (status === 429 && typeof more.seconds === 'number') reply.header('retry-after', more.seconds)
	const title = TITLES[status] ?? 'Not done'
	return reply
		.code(status)
		.type('application/problem+json')
		.send(
			JSON.stringify({ type: `urn:panpipe:problem:${code}`, title, status, code, detail: message, ...more }),
		)
}
