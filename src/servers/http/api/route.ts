import { setImmediate, setTimeout } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import {
	type Answer,
	BadInput,
	jobView,
	type Office,
	type Progress,
	say,
	sayAt,
	startJob,
	type Verb,
	type VerbName,
	verbs,
} from '../../../admin/index.ts'
import type { House } from '../../types.ts'
import type { Once } from '../once.ts'
import { WebProblem } from '../problem.ts'
import { actorOf, isForeignPage, isOwnPage, renewCookie, type Who, who } from '../who.ts'
import { job } from './shapes.ts'

/** What a route has at hand. */
export type Api = { office: Office; house: House }

/** One request to a route. */
export type Ask<Params, Query, Body, Says extends VerbName = VerbName> = Api & {
	params: Params
	query: Query
	body: Body
	/** Who asks. In an open route: null when nobody is signed in. */
	who: Who
	/** Says a verb of `admin/` as the person who asks: his right is checked, what he does is written down. */
	say<Name extends Says>(name: Name, input?: unknown): Promise<Answer<Name>>
	/** The same at another node; undefined = this one. */
	sayAt<Name extends Says>(node: string | undefined, name: Name, input?: unknown): Promise<Answer<Name>>
	request: FastifyRequest
	reply: FastifyReply
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type Route = {
	method: Method
	/** Below /api/v1, with `:name` for parameters. */
	path: string
	/** One line for the documentation. */
	about: string
	params?: z.ZodObject
	query?: z.ZodObject
	body?: z.ZodType
	/** What is answered. */
	answer?: z.ZodType
	/** 200 unless said otherwise; 204 = without a body; 202 = always a job. */
	status?: number
	/** It may take long: whoever asks may have it as a job of that name (`Prefer: respond-async`). */
	slow?: VerbName
	/** The verbs that `run` says, and no other: what it takes to use this can be read off them. */
	says?: VerbName[]
	/** Octets of the body, where it may be a file. */
	most?: number
	/** Also for those who are not signed in. */
	open?: boolean
	run(ask: never): unknown
}

type None = Record<string, never>

/** Ties `run` to its checks. */
export function route<
	Params extends z.ZodObject = z.ZodObject<None>,
	Query extends z.ZodObject = z.ZodObject<None>,
	Body extends z.ZodType = z.ZodUndefined,
	Answer extends z.ZodType = z.ZodUnknown,
	Says extends VerbName = never,
>(definition: {
	method: Method
	path: string
	about: string
	params?: Params
	query?: Query
	body?: Body
	answer?: Answer
	status?: number
	slow?: VerbName
	says?: Says[]
	most?: number
	open?: boolean
	run(
		ask: Ask<z.infer<Params>, z.infer<Query>, z.infer<Body>, Says>,
	): z.infer<Answer> | Promise<z.infer<Answer>>
}): Route {
	return definition as Route
}

/** Lists: so many at a time, beginning where the page before ended. */
export const paging = z.object({
	limit: z.coerce.number().int().min(1).max(1000).default(100),
	cursor: z.string().max(1000).exactOptional(),
	q: z.string().max(300).exactOptional(),
})

/** A page of a list that is short enough to be read whole. */
export function page<Item>(items: Item[], { limit, cursor, q }: z.infer<typeof paging>) {
	const from = cursor === undefined ? 0 : Number.parseInt(cursor, 10) || 0
	const part = q?.toLowerCase()
	const found = part ? items.filter(item => textOf(item).includes(part)) : items
	const next = from + limit < found.length ? String(from + limit) : null
	return { items: found.slice(from, from + limit), next, total: found.length }
}

function textOf(item: unknown): string {
	return Object.values(item as object)
		.filter(value => typeof value === 'string')
		.join('\n')
		.toLowerCase()
}

/** A page of a list that was asked with one more than `limit`. */
export function pageAfter<Item extends { id: string }>(items: Item[], limit: number) {
	const shown = items.slice(0, limit)
	return { items: shown, next: items.length > limit ? shown.at(-1)!.id : null }
}

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export function addRoute(app: FastifyInstance, api: Api & { once: Once }, tag: string, one: Route): void {
	const { once } = api
	app.route({
		method: one.method,
		url: one.path,
		...(one.most === undefined ? {} : { bodyLimit: one.most }),
		schema: describe(tag, one),
		handler: async (request, reply) => {
			const person = await who(request, { house: api.house, directory: api.office.directory })
			if (UNSAFE.has(one.method) && !mayChange(person?.via ?? 'session', request)) {
				const say = 'A request that changes something needs the header "X-Panpipe: 1" and our own origin.'
				throw new WebProblem(403, 'foreign-page', say)
			}
			if (person?.session) renewCookie(request, reply, api.office.directory)
			if (!person && !one.open) throw new WebProblem(401, 'not-signed-in', 'Sign in first.')
			const given = {
				...api,
				params: checked(one.params, request.params),
				query: checked(one.query, request.query),
				body: checked(one.body, request.body),
				who: person as Who,
				request,
				reply,
			}
			const run = async (progress?: Progress) => {
				const ask: Ask<unknown, unknown, unknown> = {
					...given,
					say: (name, input = {}) => say(api.office, actorOf(person!), name, input, progress),
					sayAt: (node, name, input = {}) =>
						sayAt(api.office, actorOf(person!), node ?? api.office.self, name, input, progress),
				}
				return one.run(ask as never)
			}
			const { status, body } = await once.run(person?.account.id ?? null, request, async () => {
				const seconds = one.slow === undefined ? null : waitOf(one, request)
				if (seconds !== null) return inBackground(one, given, run, seconds)
				const body = await run()
				return { status: one.status ?? reply.statusCode, body }
			})
			return status === 204 ? reply.code(status).send() : reply.code(status).send(body)
		},
	})
}

/** A browser adds by itself, whatever page asks, its cookie; and a password that was once typed into its own window. */
function mayChange(via: Who['via'], request: FastifyRequest): boolean {
	return via === 'token' || (via === 'session' ? isOwnPage(request) : !isForeignPage(request))
}

/** `Prefer: respond-async, wait=5` (RFC 7240): seconds to wait for the end before a job is answered; null = to the end. */
function waitOf({ status }: Route, { headers }: FastifyRequest): number | null {
	const wishes = String(headers.prefer ?? '')
		.toLowerCase()
		.split(/[,;]/)
		.map(wish => wish.trim())
	if (status !== 202 && !wishes.includes('respond-async')) return null
	const seconds = Number(wishes.find(wish => wish.startsWith('wait='))?.slice(5) ?? 0)
	return Number.isFinite(seconds) ? Math.min(60, Math.max(0, seconds)) : 0
}

/** As a job; unless it ends, or fails, in the time whoever asks would rather wait. */
async function inBackground(
	{ slow, status }: Route,
	{ office, who, reply }: Api & { who: Who; reply: FastifyReply },
	run: (progress: Progress) => Promise<unknown>,
	seconds: number,
): Promise<{ status: number; body: unknown }> {
	const { job, ended } = startJob(office, actorOf(who), slow!, run)
	const over = ended.then(body => ({ status: status ?? 200, body }))
	const late = setTimeout(seconds * 1000, null, { ref: false })
	const done = await Promise.race([over, seconds > 0 ? late : setImmediate(null)])
	reply.header('preference-applied', 'respond-async')
	if (done && status !== 202) return done
	reply.header('location', `/api/v1/jobs/${job.id}`)
	return { status: 202, body: jobView(job) }
}

function checked(schema: z.ZodType | undefined, given: unknown): unknown {
	if (!schema) return undefined
	const read = schema.safeParse(given ?? {})
	if (!read.success) throw new BadInput(read.error)
	return read.data
}

/** The rights it takes, which are the scopes a token must have. */
function needsOf(says: VerbName[] = []) {
	const all = says.map(name => verbs[name] as unknown as Verb)
	const acts = [...new Set(all.flatMap(({ act }) => act ?? []))]
	if (acts.length === 0) return {}
	const own = all.every(verb => verb.own) ? ' Everybody may for an account of his own.' : ''
	return { description: `Needs ${acts.join(', ')}.${own}`, 'x-needs': acts }
}

/** For the documentation only: what comes in is checked by zod itself. */
function describe(tag: string, { about, params, query, body, answer, open, status, slow, says }: Route) {
	const json = (schema: z.ZodType, io: 'input' | 'output' = 'input') => {
		const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
		return rest
	}
	return {
		tags: [tag],
		summary: about,
		...needsOf(says),
		...(params ? { params: json(params) } : {}),
		...(query ? { querystring: json(query) } : {}),
		...(body ? { body: json(body) } : {}),
		...(open ? { security: [] } : {}),
		response: {
			...(status === 202
				? {}
				: { [status ?? 200]: { description: 'Done.', ...(answer ? json(answer, 'output') : {}) } }),
			...(slow
				? {
						202: {
							description: status === 202 ? 'A job.' : 'A job, with "Prefer: respond-async".',
							...json(answer ? job.extend({ result: answer.nullable() }) : job, 'output'),
						},
					}
				: {}),
			default: {
				description: 'RFC 9457',
				content: { 'application/problem+json': { schema: { $ref: 'problem#' } } },
			},
		},
	}
}
