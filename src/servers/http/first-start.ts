import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback } from '../../kit/index.ts'
import { sendProblem, WebProblem } from './problem.ts'
import { clientOf, cookieNamed } from './who.ts'

/** Is there nobody yet who may administer, and who may then come in? */
export type FirstStart = {
	needed(): boolean
	/** What `panpipe serve` prints: whoever has it need not be at this machine. */
	token: string
	/** A visitor from this very machine needs no token. */
	trustLoopback: boolean
}

const COOKIE = 'panpipe-setup'
/** What is for people and programs of theirs. Mail, health and what nodes say to each other do not wait for it. */
const GATED = /^\/($|\?|api(\/|$)|admin(\/|$)|mail(\/|$)|assets\/)/
const OPEN = /^\/api\/(v1\/setup|docs)(\/|\?|$)/

/** Until somebody may administer, only the set-up answers, and only to those who may do it. */
export function guardFirstStart(app: FastifyInstance, first: FirstStart): void {
	app.addHook('onRequest', async (request, reply) => {
		if (!GATED.test(request.url) || !first.needed()) return
		if (!maySetUp(request, first)) {
			const words =
				'This server is not set up yet. Open it from its own machine, or by the address it printed when it was started.'
			return sendProblem(reply, new WebProblem(403, 'setup-elsewhere', words))
		}
		keepToken(request, reply, first)
		if (request.url.startsWith('/api/') && !OPEN.test(request.url)) {
			return sendProblem(reply, new WebProblem(503, 'setup-needed', 'This server is not set up yet.'))
		}
	})
}

function maySetUp(request: FastifyRequest, first: FirstStart): boolean {
	if (first.trustLoopback && isLoopback(clientOf(request))) return true
	return [given(request), cookieNamed(request, COOKIE) ?? ''].some(token => isRight(token, first))
}

/** The page comes with the token in its address; what it loads and asks then comes with a cookie. */
function keepToken(request: FastifyRequest, reply: FastifyReply, first: FirstStart): void {
	if (!isRight(given(request), first)) return
	reply.header('set-cookie', `${COOKIE}=${first.token}; Path=/; HttpOnly; Secure; SameSite=Strict`)
}

function given(request: FastifyRequest): string {
	const header = request.headers['x-setup-token']
	return typeof header === 'string'
		? header
		: (new URL(request.url, 'https://here').searchParams.get('token') ?? '')
}

function isRight(token: string, first: FirstStart): boolean {
	const [a, b] = [Buffer.from(token), Buffer.from(first.token)]
	return a.length === b.length && timingSafeEqual(a, b)
}
