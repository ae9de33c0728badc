import { ask, Problem } from '../../shared/api.ts'
import type { Id, JmapSession, SetError } from './types.ts'

export const CORE = 'urn:ietf:params:jmap:core'
export const MAIL = 'urn:ietf:params:jmap:mail'
export const SUBMISSION = 'urn:ietf:params:jmap:submission'

/** Name, arguments, call id. `#name` in the arguments points to an earlier answer (RFC 8620 section 3.7). */
export type Call = [name: string, args: Record<string, unknown>, id: string]

type Answer = { methodResponses: Call[]; createdIds?: Record<string, Id>; sessionState: string }

/** The answer of an earlier call of the same request, or a part of it. */
export const resultOf = (id: string, name: string, path: string) => ({ resultOf: id, name, path })

/** A session at the node that was reached; the way to the account's home is the node's business. */
export class Jmap {
	readonly session: JmapSession
	readonly account: Id

	private constructor(session: JmapSession) {
		this.session = session
		const account = session.primaryAccounts[MAIL]
		if (!account) throw new Problem(403, 'no-mail')
		this.account = account
	}

	/** @throws Problem */
	static async open(): Promise<Jmap> {
		return new Jmap(await ask<JmapSession>('GET', '/jmap/session', { headers: OURS }))
	}

	get name(): string {
		return this.session.accounts[this.account]?.name ?? this.session.username
	}

	/** Of the account, or of the node; null = it says nothing. */
	limit(capability: string, name: string): number | null {
		const own = this.session.accounts[this.account]?.accountCapabilities[capability]
		const value = own?.[name] ?? this.session.capabilities[capability]?.[name]
		return typeof value === 'number' ? value : null
	}

	/**
	 * Several calls in one request, each told the account. The answers by call id.
	 * @throws Problem also when one of the calls was answered with an error: its type is the code
	 */
	async request(calls: Call[], signal?: AbortSignal): Promise<Record<string, Record<string, unknown>>> {
		const methodCalls = calls.map(([name, args, id]) => [name, { accountId: this.account, ...args }, id])
		const { methodResponses } = await ask<Answer>('POST', this.session.apiUrl, {
			headers: OURS,
			body: { using: Object.keys(this.session.capabilities), methodCalls },
			...(signal ? { signal } : {}),
		})
		const answers: Record<string, Record<string, unknown>> = {}
		for (const [name, args, id] of methodResponses) {
			if (name === 'error') throw asProblem(args)
			// A call that acts on success brings a second answer under its id; it is known by its name.
			answers[answers[id] ? `${id} ${name}` : id] = args
		}
		return answers
	}

	async call<T>(name: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<T> {
		return (await this.request([[name, args, '0']], signal))['0'] as T
	}

	/** @throws Problem when anything was not created, updated or destroyed */
	async set(
		name: string,
		args: Record<string, unknown>,
	): Promise<{ created: Record<string, { id: Id }> | null }> {
		const answer = await this.call<Record<string, unknown>>(name, args)
		refuse(answer)
		return answer as { created: Record<string, { id: Id }> | null }
	}

	/** Where the octets of a blob are; with a name and type of our choice. */
	download(blob: Id, name: string, type = 'application/octet-stream'): string {
		const values: Record<string, string> = { accountId: this.account, blobId: blob, name, type }
		return this.session.downloadUrl.replace(/\{(\w+)\}/g, (_, key: string) =>
			encodeURIComponent(values[key] ?? ''),
		)
	}

	async blob(id: Id, name: string, type: string, signal?: AbortSignal): Promise<Blob> {
		const response = await fetch(this.download(id, name, type), {
			headers: OURS,
			...(signal ? { signal } : {}),
		}).catch(() => null)
		if (!response?.ok) throw new Problem(response?.status ?? 0, response ? 'not-understood' : 'network')
		return response.blob()
	}

	/** The beginning of a blob, so many octets of it at most. */
	async part(id: Id, most: number, signal?: AbortSignal): Promise<ArrayBuffer> {
		const response = await fetch(this.download(id, 'part'), {
			headers: { ...OURS, range: `bytes=0-${most - 1}` },
			...(signal ? { signal } : {}),
		}).catch(() => null)
		if (!response?.ok) throw new Problem(response?.status ?? 0, response ? 'not-understood' : 'network')
		return response.arrayBuffer()
	}

	/** @param progress told the share that is done, 0 to 1 */
	upload(
		file: Blob,
		progress: (share: number) => void,
		signal?: AbortSignal,
	): Promise<{ blobId: Id; type: string; size: number }> {
		// fetch tells nothing while it sends.
		return new Promise((resolve, reject) => {
			const request = new XMLHttpRequest()
			request.open('POST', this.session.uploadUrl.replace('{accountId}', encodeURIComponent(this.account)))
			request.setRequestHeader('content-type', file.type || 'application/octet-stream')
			for (const [name, value] of Object.entries(OURS)) request.setRequestHeader(name, value)
			request.responseType = 'json'
			request.upload.onprogress = event => event.total > 0 && progress(event.loaded / event.total)
			request.onload = () =>
				request.status < 300
					? resolve(request.response)
					: reject(new Problem(request.status, request.status === 413 ? 'too-large' : 'not-uploaded'))
			request.onerror = () => reject(new Problem(0, 'network'))
			request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
			signal?.addEventListener('abort', () => request.abort())
			request.send(file)
		})
	}
}

/** Shows the node that our own page asks, not somebody else's. */
const OURS = { 'x-panpipe': '1' }

function asProblem({ type, description, ...more }: Record<string, unknown>): Problem {
	return new Problem(200, `jmap-${String(type)}`, typeof description === 'string' ? description : '', more)
}

/** @throws Problem for the first thing that could not be done */
export function refuse(answer: Record<string, unknown> | undefined): void {
	for (const kind of ['notCreated', 'notUpdated', 'notDestroyed']) {
		const [first] = Object.values((answer?.[kind] ?? {}) as Record<string, SetError>)
		if (first) throw asProblem(first)
	}
}
