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
}
