import { z } from 'zod'

type Responses = Record<string, { content?: Record<string, { schema: object }> }>
type Operation = { responses: Responses }

/** The API as it describes itself (OpenAPI): is what it answers what it says it answers? */
export class Description {
	#operations: { name: string; method: string; path: RegExp; named: number; responses: Responses }[]
	#schemas = new Map<object, z.ZodType>()
	/** `GET /api/v1/nodes 200`: what has been looked at. */
	readonly seen = new Set<string>()
	/** `GET /api/v1/nodes`: what has been asked, whatever was answered. */
	readonly asked = new Set<string>()

	constructor(spec: { paths: Record<string, Record<string, Operation>> }) {
		this.#operations = Object.entries(spec.paths)
			.flatMap(([path, methods]) =>
				Object.entries(methods).map(([method, { responses }]) => ({
					name: `${method.toUpperCase()} ${path}`,
					method: method.toUpperCase(),
					path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
					named: path.split('{').length,
					responses,
				})),
			)
			.sort((one, other) => one.named - other.named)
	}

	get operations(): string[] {
		return this.#operations.map(({ name }) => name)
	}

	/** All that can be answered but problems: `GET /api/v1/nodes 200`. */
	get all(): string[] {
		return this.#operations.flatMap(({ name, responses }) =>
			Object.keys(responses).flatMap(status => (status === 'default' ? [] : [`${name} ${status}`])),
		)
	}

	/** @throws when the answer is not as described */
	check(method: string, path: string, status: number, type: string, body: unknown): void {
		const asked = `${method} ${path}`
		const found = this.#operations.find(one => one.method === method && one.path.test(path))
		if (found) this.asked.add(found.name)
		if (status >= 400) {
			checkProblem(asked, status, type, body)
			return
		}
		if (!found) throw new Error(`${asked} is answered and not described`)
		const response = found.responses[status]
		// A thing that is made, or was there already (PUT).
		const like = response ?? (status === 201 && method === 'PUT' ? found.responses[200] : undefined)
		if (!like) throw new Error(`${asked}: ${status} is not described`)
		this.seen.add(`${found.name} ${response ? status : 200}`)
		const schema = like.content?.['application/json']?.schema
		if (status === 204 || !type.includes('json')) return
		if (!schema) throw new Error(`${asked}: what it answers is not described`)
		const { success, error } = this.#schemaOf(schema).safeParse(body)
		if (success) return
		throw new Error(
			`${asked} is not as described: ${z.prettifyError(error)}\n${JSON.stringify(body).slice(0, 2000)}`,
		)
	}

	#schemaOf(schema: object): z.ZodType {
		const known = this.#schemas.get(schema) ?? z.fromJSONSchema(schema as never)
		this.#schemas.set(schema, known)
		return known
	}
}

const problem = z.looseObject({
	type: z.string().startsWith('urn:panpipe:problem:'),
	title: z.string().min(1),
	status: z.number(),
	code: z.string().regex(/^[a-z][a-z-]+$/),
	detail: z.string().min(1),
})

function checkProblem(asked: string, status: number, type: string, body: unknown): void {
	const { success, data } = problem.safeParse(body)
	if (success && data.status === status && type.startsWith('application/problem+json')) return
	throw new Error(`${asked}: ${status} is no problem as RFC 9457 has it: ${JSON.stringify(body)}`)
}
