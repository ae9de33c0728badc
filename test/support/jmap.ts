import { Agent, request } from 'node:https'
import { PORTS } from './nodes.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever a server answers; the tests look into it
export type Json = any

export type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }

const agent = new Agent({ keepAlive: true, rejectUnauthorized: false })

/** Does the method ask for the account it is about? */
export function hasAccount(method: string): boolean {
	return method !== 'Core/echo' && !method.startsWith('PushSubscription/')
}

/** Somebody's JMAP client at a node, with nothing of a library about it. */
export class JmapClient {
	readonly ip: string
	readonly login: string
	accountId = ''
	using = [
		...['core', 'mail', 'submission', 'vacationresponse', 'blob', 'quota', 'mdn', 'contacts'].map(
			name => `urn:ietf:params:jmap:${name}`,
		),
		'urn:panpipe:jmap:preferences',
	]

	constructor(ip: string, login: string) {
		this.ip = ip
		this.login = login
	}

	static async open(ip: string, login: string): Promise<JmapClient> {
		const client = new JmapClient(ip, login)
		const session = client.json(await client.http('GET', '/jmap/session'))
		client.accountId = session.primaryAccounts['urn:ietf:params:jmap:mail']
		return client
	}

	http(
		method: string,
		path: string,
		body: Buffer | string | null = null,
		headers: Record<string, string> = {},
	): Promise<Answer> {
		return new Promise((resolve, reject) => {
			const asking = request(
				{
					host: this.ip,
					port: PORTS.web,
					method,
					path,
					agent,
					headers: {
						...(this.login
							? { authorization: `Basic ${Buffer.from(`${this.login}:secret`).toString('base64')}` }
							: null),
						...headers,
					},
				},
				async response => {
					const pieces: Buffer[] = []
					for await (const piece of response) pieces.push(piece)
					resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) })
				},
			)
			asking.on('error', reject)
			asking.end(body ?? undefined)
		})
	}

	json({ status, body }: Answer): Json {
		if (status >= 300) throw new Error(`${status} ${body}`)
		return JSON.parse(body.toString())
	}

	post(value: unknown): Promise<Answer> {
		return this.http('POST', '/jmap/api', JSON.stringify(value), { 'content-type': 'application/json' })
	}

	/** The responses; each call gets the account, unless it names one. */
	async call(...calls: [name: string, args: Record<string, unknown>, id?: string][]): Promise<Json[]> {
		const methodCalls = calls.map(([name, args, id], index) => [
			name,
			hasAccount(name) ? { accountId: this.accountId, ...args } : args,
			id ?? String(index),
		])
		return this.json(await this.post({ using: this.using, methodCalls })).methodResponses
	}

	/** The arguments of the only response. @throws when it is an error */
	async one(name: string, args: Record<string, unknown> = {}): Promise<Json> {
		const [[answered, result]] = (await this.call([name, args])) as [[string, Json]]
		if (answered !== name) throw new Error(`${name}: ${JSON.stringify(result)}`)
		return result
	}

	async upload(octets: Buffer | string, type = 'application/octet-stream'): Promise<Json> {
		return this.json(
			await this.http('POST', `/jmap/upload/${this.accountId}`, octets, { 'content-type': type }),
		)
	}
}
