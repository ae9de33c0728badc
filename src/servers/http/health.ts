import type { FastifyInstance } from 'fastify'
import { isLoopback } from '../../kit/index.ts'

/** For those who watch over the machine. */
export function addHealth(
	app: FastifyInstance,
	options: {
		healthy(): boolean
		/** Text for Prometheus. */
		metrics(): Promise<{ type: string; text: string }>
		metricsForAnyone: boolean
	},
): void {
	app.get('/healthz', async (_request, reply) => {
		const well = options.healthy()
		return reply.code(well ? 200 : 503).send({ status: well ? 'ok' : 'failing' })
	})
	app.get('/metrics', async (request, reply) => {
		if (!options.metricsForAnyone && !isLoopback(request.ip)) return reply.callNotFound()
		const { type, text } = await options.metrics()
		return reply.type(type).send(text)
	})
}
