import type { TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'

/** What nodes ask each other over HTTPS. A stranger finds nothing here. */
export function addCluster(
	app: FastifyInstance,
	options: {
		/** Join requests (POST /cluster/join/...). */
		answerJoin(path: string, body: unknown, client: string): Promise<{ status: number; body: unknown }>
		/** Is a node whose certificate our cluster signed still in the list? Null: not our certificate. */
		membership(socket: TLSSocket): boolean | null
		/** Our node at the other end of a connection; null = anybody. */
		nodeOf(socket: TLSSocket): string | null
		/** What an account gets from one that becomes part of it. False: the account does not live here. */
		takeIn(account: string, parcel: AsyncIterable<Buffer>): Promise<boolean>
	},
): void {
	app.get('/cluster/membership', async (request, reply) => {
		const member = options.membership(request.raw.socket as TLSSocket)
		return member === null ? reply.callNotFound() : { member }
	})
	app.post<{ Params: { '*': string } }>('/cluster/join/*', async (request, reply) => {
		const { status, body } = await options.answerJoin(request.url, request.body, request.ip)
		return reply.code(status).send(body)
	})
	app.register(async scope => {
		// It is read as it comes: a parcel may be larger than other requests.
		scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
		scope.post<{ Params: { account: string } }>('/cluster/mail/:account', async (request, reply) => {
			if (options.nodeOf(request.raw.socket as TLSSocket) === null) return reply.callNotFound()
			const taken = await options.takeIn(request.params.account, request.raw)
			return reply.code(taken ? 204 : 409).send()
		})
	})
}
