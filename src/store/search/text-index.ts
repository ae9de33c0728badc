import { Worker } from 'node:worker_threads'
import type { SearchField, TextFound } from '../types.ts'
import { Finder } from './finder.ts'
import type { FromIndexer, ToIndexer } from './indexer-thread.ts'

/** Changes are told to the indexer when there are no more of them for a while: while mail pours in it is not in the way. */
const QUIET_MS = 500
/** And so long after the first one at the latest. */
const LATEST_MS = 5000

/** The full-text index of a node: a thread that keeps it, and looking things up in it. Never needed, only quick. */
export class TextIndex {
	readonly #worker: Worker
	readonly #finder: Finder
	readonly #exited: Promise<void>
	#changed = new Set<number>()
	#telling: NodeJS.Timeout | null = null
	/** When the first of what is not told yet changed. */
	#since = 0
	#settled = new Map<number, () => void>()
	#closing = false
	#over = false

	/**
	 * @param least messages of a mailbox that wait until they are indexed
	 * @param failed is told, in words, why something could not be done; mail is not concerned
	 */
	constructor(dir: string, least: number, failed: (why: string) => void) {
		this.#worker = new Worker(new URL('./indexer-thread.ts', import.meta.url), { workerData: { dir, least } })
		this.#finder = new Finder(dir, () => this.#say('damaged'))
		this.#worker.on('message', (message: FromIndexer) => {
			if (message.is === 'opened') {
				if (!this.#closing) this.#finder.reopen()
			} else if (message.is === 'failed') failed(message.why)
			else {
				this.#settled.get(message.id)?.()
				this.#settled.delete(message.id)
			}
		})
		this.#worker.on('error', error => failed(String(error)))
		this.#exited = new Promise(resolve =>
			this.#worker.once('exit', () => {
				this.#over = true
				for (const settled of this.#settled.values()) settled()
				resolve()
			}),
		)
	}

	#say(message: ToIndexer): void {
		if (!this.#over) this.#worker.postMessage(message)
	}

	changed(mailboxes: number[]): void {
		for (const mailbox of mailboxes) this.#changed.add(mailbox)
		if (!this.#telling) {
			this.#since = performance.now()
			this.#telling = setTimeout(this.#tell, QUIET_MS).unref()
		} else if (performance.now() - this.#since < LATEST_MS - QUIET_MS) this.#telling.refresh()
	}

	#tell = (): void => {
		if (this.#telling) clearTimeout(this.#telling)
		this.#telling = null
		this.#say({ changed: [...this.#changed] })
		this.#changed.clear()
	}

	/** See Reader.searchText. */
	find(mailbox: number, field: SearchField, text: string): Promise<TextFound | null> {
		return this.#finder.find(mailbox, field, text)
	}

	/** Resolves when all that was changed until now is indexed (what is worth it), or the indexer is no more. */
	async settled(): Promise<void> {
		this.#tell()
		if (this.#over) return
		const id = this.#settled.size + 1
		await new Promise<void>(resolve => {
			this.#settled.set(id, resolve)
			this.#say({ settle: id })
		})
	}

	async close(): Promise<void> {
		if (this.#telling) clearTimeout(this.#telling)
		this.#finder.close() // first: the last one to close tidies the file, and only who may write can
		this.#closing = true
		this.#say('close')
		await this.#exited
	}
}
