import { request } from 'node:https'
import { Description } from './description.ts'
import { PORTS, type TestNode } from './nodes.ts'

let described: Description | null = null

/** What has been answered in this file, of all that is described. */
export const description = () => described

// biome-ignore lint/suspicious/noExplicitAny: whatever the API answers; the tests look into it
export type WebAnswer = { status: number; headers: Record<string, any>; body: any; text: string }

/** Somebody at a browser (or a script): speaks to the web port of a node, keeps its cookie, names our own pages. */
export class Visitor {
	cookie = ''
	#ip: string
	#headers: Record<string, string>

	constructor(at: TestNode | string, headers: Record<string, string> = { 'x-panpipe': '1' }) {
		this.#ip = typeof at === 'string' ? at : at.ip
		this.#headers = headers
	}

	/** The same browser, at another node. */
	at(node: TestNode): Visitor {
		const other = new Visitor(node, this.#headers)
		other.cookie = this.cookie
		return other
	}

	/** Signs in. @throws when that fails */
	async signIn(login: string, password = 'secret'): Promise<this> {
		const { status, text } = await this.post('/session', { login, password })
		if (status !== 200) throw new Error(`${login} cannot sign in: ${status} ${text}`)
		return this
	}

	get(path: string, headers: Record<string, string> = {}): Promise<WebAnswer> {
		return this.ask('GET', path, undefined, headers)
	}
	post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<WebAnswer> {
		return this.ask('POST', path, body, headers)
	}
	put(path: string, body: unknown = {}): Promise<WebAnswer> {
		return this.ask('PUT', path, body)
	}
	patch(path: string, body: unknown): Promise<WebAnswer> {
		return this.ask('PATCH', path, body)
	}
	delete(path: string): Promise<WebAnswer> {
		return this.ask('DELETE', path)
	}

	/** `path` is below /api/v1 unless it begins with //: then it is the path itself. */
	async ask(
		method: string,
		path: string,
		body?: unknown,
		headers: Record<string, string> = {},
	): Promise<WebAnswer> {
		const answer = await this.#ask(method, path, body, headers)
		if (!path.startsWith('//')) {
			const known = await this.#description()
			const [where] = `/api/v1${path}`.split('?')
			known?.check(method, where!, answer.status, answer.headers['content-type'] ?? '', answer.body)
		}
		return answer
	}

	/** Whatever any test asks of the API is to be answered as its description says. */
	async #description(): Promise<Description | null> {
		if (described) return described
		const { status, body } = await this.#ask('GET', '//api/docs/openapi.json', undefined, {})
		if (status === 200) described = new Description(body)
		return described
	}

	#ask(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<WebAnswer> {
		const payload = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body)
		return new Promise((resolve, reject) => {
			const sent = request({
				host: this.#ip,
				port: PORTS.web,
				path: path.startsWith('//') ? path.slice(1) : `/api/v1${path}`,
				method,
				rejectUnauthorized: false,
				agent: false,
				timeout: 30_000,
				headers: {
					...(payload === null
						? {}
						: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
					...(this.cookie ? { cookie: this.cookie } : {}),
					...this.#headers,
					...headers,
				},
			})
			sent.once('timeout', () => sent.destroy(new Error('no answer')))
			sent.once('error', reject)
			sent.once('response', response => {
				const chunks: Buffer[] = []
				response.on('data', chunk => chunks.push(chunk))
				response.once('error', reject)
				response.once('end', () => {
					const text = Buffer.concat(chunks).toString('utf8')
					const [set] = response.headers['set-cookie'] ?? []
					if (set) this.cookie = set.split(';')[0]!
					const json = /json/.test(response.headers['content-type'] ?? '') && text !== ''
					const answer = { status: response.statusCode!, headers: response.headers, text }
					resolve({ ...answer, body: json ? JSON.parse(text) : null })
				})
			})
			sent.end(payload ?? undefined)
		})
	}
}
