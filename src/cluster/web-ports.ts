import { backOff } from '../kit/index.ts'
import { type Member, Unreachable } from './types.ts'

const RETRY = { first: 1_000, most: 30_000 }

type Shut = { reason: string; failures: number; timer: NodeJS.Timeout | null }

/**
 * Web ports that cannot be reached. Beats come by the cluster port: a node can be heard well while its mail and its
 * people get no further than here, behind a firewall or a wrong address. A way that failed is tried until it is open.
 */
export class WebPorts {
	#shut = new Map<string, Shut>()
	/** Address and port of each, as last known. */
	#ways = new Map<string, string>()
	#try: (node: string) => Promise<void>

	/** @param attempt connects, which tells `heard` what came of it; never throws */
	constructor(attempt: (node: string) => Promise<void>) {
		this.#try = attempt
	}

	/** Why it cannot be reached; null = it can, as far as anybody knows. Once is not enough: it may be starting. */
	problem(node: string): string | null {
		const shut = this.#shut.get(node)
		return shut && shut.failures > 1 ? shut.reason : null
	}

	opened(node: string): void {
		this.#forget(node)
	}

	failed(node: string, error: unknown): void {
		if (!(error instanceof Unreachable)) return
		const shut: Shut = this.#shut.get(node) ?? { reason: '', failures: 0, timer: null }
		this.#shut.set(node, shut)
		shut.reason = error.reason
		// Whoever else tries meanwhile finds the same.
		if (shut.timer) return
		shut.failures++
		shut.timer = setTimeout(
			() => {
				shut.timer = null
				void this.#try(node)
			},
			backOff(shut.failures, RETRY.first, RETRY.most),
		)
		shut.timer.unref()
	}

	/** Those that are no members are forgotten; where the way to one has changed, or was shut, it is tried now. */
	membersChanged(members: Member[]): void {
		const ways = new Map(members.map(({ id, ip, webPort }) => [id, `${ip} ${webPort}`]))
		for (const node of this.#shut.keys()) if (!ways.has(node)) this.#forget(node)
		for (const [node, way] of ways) {
			const shut = this.#shut.get(node)
			if (!shut && (this.#ways.get(node) ?? way) === way) continue
			if (shut?.timer) clearTimeout(shut.timer)
			if (shut) shut.timer = null
			void this.#try(node)
		}
		this.#ways = ways
	}

	close(): void {
		for (const node of [...this.#shut.keys()]) this.#forget(node)
	}

	#forget(node: string): void {
		const timer = this.#shut.get(node)?.timer
		if (timer) clearTimeout(timer)
		this.#shut.delete(node)
	}
}
