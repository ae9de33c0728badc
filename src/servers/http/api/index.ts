import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { Once } from '../once.ts'
import { answerProblems } from '../problem.ts'
import { accounts } from './accounts.ts'
import { aliases } from './aliases.ts'
import { audit } from './audit.ts'
import { certificate } from './certificate.ts'
import { cluster } from './cluster.ts'
import { conflicts } from './conflicts.ts'
import { addDocs } from './docs.ts'
import { domains } from './domains.ts'
import { figures } from './figures.ts'
import { forwards } from './forwards.ts'
import { grants } from './grants.ts'
import { groups } from './groups.ts'
import { nodes } from './nodes.ts'
import { own } from './own.ts'
import { people } from './people.ts'
import { queue } from './queue.ts'
import { quotas } from './quota.ts'
import { type Api, addRoute, type Route } from './route.ts'
import { secrets } from './secrets.ts'
import { sessions } from './session.ts'
import { setup } from './setup.ts'
import { tokens } from './tokens.ts'
import { trace } from './trace.ts'
import { transfer } from './transfer.ts'
import { units } from './units.ts'

/** The resources of the API, one file each. */
export const RESOURCES: Record<string, Route[]> = {
	setup,
	session: sessions,
	own,
	tokens,
	nodes,
	cluster,
	certificate,
	forwards,
	domains,
	trace,
	figures,
	transfer,
	accounts,
	quotas,
	secrets,
	aliases,
	groups,
	units,
	conflicts,
	queue,
	grants,
	audit,
	people,
}

/** The admin API, /api/v1; its description at /api/docs. */
export async function addApi(app: FastifyInstance, api: Api): Promise<void> {
	const once = new Once()
	await app.register(
		async scope => {
			// zod has the say; the schemas of routes are there to be read.
			scope.setValidatorCompiler(() => () => true)
			scope.setSerializerCompiler(() => JSON.stringify)
			answerProblems(scope, api.office.log)
			scope.addHook('onRequest', async (_request, reply) => {
				reply.header('cache-control', 'no-store')
				reply.header('x-content-type-options', 'nosniff')
				reply.header(
					'content-security-policy',
					"default-src 'none'; style-src 'self'; frame-ancestors 'none'",
				)
			})
			scope.addSchema(PROBLEM)
			await scope.register(swagger, {
				openapi: {
					openapi: '3.1.0',
					info: {
						title: 'Panpipe',
						version: '1',
						description: [
							'Lists answer { items, next }: ask again with ?cursor=next until it is null.',
							'Errors are application/problem+json with a stable code.',
							'Whoever comes with a cookie sends "X-Panpipe: 1" with whatever changes something.',
							'A POST with an "Idempotency-Key" is done once, however often it is sent; so is a PUT.',
							'What may answer 202 becomes a job with "Prefer: respond-async", or with "respond-async, wait=5" when it takes longer than 5 seconds.',
						].join(' '),
					},
					components: {
						securitySchemes: {
							cookie: { type: 'apiKey', in: 'cookie', name: 'panpipe' },
							basic: { type: 'http', scheme: 'basic' },
							bearer: { type: 'http', scheme: 'bearer' },
						},
					},
					security: [{ cookie: [] }, { basic: [] }, { bearer: [] }],
				},
				refResolver: { buildLocalReference: json => String(json.$id) },
			})
			addDocs(scope)
			await scope.register(
				async v1 => {
					for (const [tag, routes] of Object.entries(RESOURCES)) {
						for (const one of routes) addRoute(v1, { ...api, once }, tag, one)
					}
				},
				{ prefix: '/v1' },
			)
		},
		{ prefix: '/api' },
	)
}

const text = { type: 'string' }
const PROBLEM = {
	$id: 'problem',
	type: 'object',
	description: 'RFC 9457',
	properties: { type: text, title: text, status: { type: 'integer' }, code: text, detail: text },
}
