import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { WebProblem } from './problem.ts'

// So long a client may ask again whether what it asked for was done.
const KEPT_MS = 24 * 3_600_000
const MOST = 10_000

type Answer = { status: number; body: unknown }

/**
 * `Idempotency-Key`: the same request of the same person with the same key is done once, and answered alike. Kept at
 * this node while it runs; what has a natural key (an address, a domain) is made once anyhow.
 */
export class Once {
	#kept = new Map<string, { at: number; request: string; answer: Promise<Answer> }>()

	async run(person: string | null, request: FastifyRequest, act: () => Promise<Answer>): Promise<Answer> {
		const key = request.headers['idempotency-key']
		if (person === null || request.method !== 'POST' || typeof key !== 'string') return act()
		if (key.length > 200) throw new WebProblem(400, 'idempotency-key-invalid', 'The key is too long.')
		const name = `${person} ${key}`
		const said = createHash('sha256')
			.update(`${request.url}\n${JSON.stringify(request.body ?? null)}`)
			.digest('hex')
		const before = this.#kept.get(name)
		if (before && Date.now() - before.at < KEPT_MS) {
			if (before.request === said) return before.answer
			throw new WebProblem(422, 'idempotency-key-reused', 'This key was used for another request already.')
		}
		const answer = act()
		this.#kept.set(name, { at: Date.now(), request: said, answer })
		if (this.#kept.size > MOST) this.#kept.delete(this.#kept.keys().next().value!)
		// What failed was not done: it may be tried again.
		answer.catch(() => this.#kept.delete(name))
		return answer
	}
}
