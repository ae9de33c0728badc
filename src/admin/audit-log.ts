import { createHash } from 'node:crypto'
import type { Links } from '../cluster/index.ts'
import type { Clock, Log } from '../kit/index.ts'
import { type AuditEntry, AuditFile, type AuditLine, type ChainHead } from './audit-file.ts'

const PAGE = 1000

/**
 * Every administrative act, of all nodes, at every node. What is written here the others fetch: each node's beat says
 * what it has, and whoever lacks something asks for it, also for what a third node wrote that is gone meanwhile.
 */
export class AuditLog {
	readonly file: AuditFile
	/** Chains that do not go on, here, as they do elsewhere: somebody laid hands on one of the two. */
	readonly forked = new Set<string>()
	#links: Links
	#clock: Clock
	#log: Log
	#self: string
	#digest = ''
	#pulling = new Map<string, Promise<void>>()
	/** What a peer said when we had fetched all we could: to ask again is no use. */
	#settled = new Map<string, string>()
	#endings: (() => void)[]

	constructor(options: { path: string; self: string; links: Links; clock: Clock; log: Log }) {
		this.file = new AuditFile(options.path)
		this.#self = options.self
		this.#links = options.links
		this.#clock = options.clock
		this.#log = options.log
		this.#renewDigest()
		const { links } = options
		links.answer('audit.heads', () => pack(this.file.heads()))
		links.answer('audit.pull', payload => {
			const { chain, after } = unpack<{ chain: string; after: number }>(payload)
			return pack(this.file.after(String(chain), Number(after) || 0, PAGE))
		})
		links.addToBeat(() => ({ audit: this.#digest }))
		this.#endings = [
			links.onBeat(({ node, extra }) => {
				if (typeof extra.audit === 'string') this.#hear(node, extra.audit)
			}),
		]
	}

	/** On disk when it returns. */
	write(entry: Omit<AuditEntry, 'time' | 'node'>): void {
		this.writeAll([entry])
	}

	writeAll(entries: Omit<AuditEntry, 'time' | 'node'>[]): void {
		this.file.append(entries.map(entry => ({ time: this.#clock.now(), node: this.#self, ...entry })))
		this.#renewDigest()
		this.#links.beatNow()
	}

	/** Resolves when nothing is being fetched. */
	async close(): Promise<void> {
		for (const end of this.#endings) end()
		await Promise.allSettled(this.#pulling.values())
		this.file.close()
	}

	#hear(node: string, digest: string): void {
		if (digest === this.#digest || this.#settled.get(node) === digest + this.#digest) return
		if (this.#pulling.has(node)) return
		const pulling = this.#pull(node)
			.then(
				() => void this.#settled.set(node, digest + this.#digest),
				error => this.#log.info({ peer: node, err: error }, 'audit log: a peer could not be asked'),
			)
			.finally(() => this.#pulling.delete(node))
		this.#pulling.set(node, pulling)
	}

	async #pull(node: string): Promise<void> {
		const heads = unpack<ChainHead[]>(await this.#links.request(node, 'audit.heads', new Uint8Array()))
		for (const head of heads) {
			const ours = this.file.head(head.chain)
			if (head.seq === ours.seq && head.hash !== ours.hash) this.#fork(head.chain)
			if (head.seq <= ours.seq || this.forked.has(head.chain)) continue
			// This node's file was put back to an older state: what it writes from now on is another chain.
			if (head.chain === this.file.chain) this.file.beginChain()
			await this.#pullChain(node, head)
		}
	}

	async #pullChain(node: string, { chain, seq }: ChainHead): Promise<void> {
		for (let after = this.file.head(chain).seq; after < seq; ) {
			const request = pack({ chain, after })
			const lines = unpack<AuditLine[]>(await this.#links.request(node, 'audit.pull', request))
			const last = lines.at(-1)
			if (!last) return
			if (lines.some(line => line.chain !== chain) || !this.file.take(lines)) return this.#fork(chain)
			after = last.seq
			this.#renewDigest()
		}
	}

	#fork(chain: string): void {
		if (!this.forked.has(chain))
			this.#log.error({ chain }, 'audit log: another node has other entries of this chain')
		this.forked.add(chain)
	}

	#renewDigest(): void {
		const said = this.file.heads().map(({ chain, seq, hash }) => `${chain} ${seq} ${hash}`)
		this.#digest = createHash('sha256').update(said.join('\n')).digest('base64url').slice(0, 16)
	}
}

function pack(value: unknown): Uint8Array {
	return Buffer.from(JSON.stringify(value))
}

function unpack<T>(payload: Uint8Array): T {
	return JSON.parse(Buffer.from(payload).toString('utf8')) as T
}
