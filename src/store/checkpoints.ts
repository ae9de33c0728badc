import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'

/** Pages in the log (64 MiB) from which on they are carried over: one that changes often, once for many commits. */
const MANY = 16_384
/** Commits between two looks while there is little. */
const EVERY = 16

/** For the thread: the database, and how often it has done what it was told. */
export type Task = { path: string; passes: Int32Array }

/**
 * Checkpoints that nobody waits for. A thread of its own carries the pages of the log into the database, which takes from
 * 50 ms to many seconds, as the disk is. What was committed meanwhile is little, and the writer carries that itself: then
 * nothing is left in the log, and it begins anew.
 */
export class Checkpoints {
	readonly #db: DatabaseSync
	readonly #path: string
	readonly #many: number
	readonly #failed: (why: string) => void
	readonly #look: StatementSync
	#thread: Worker | null = null
	#broken = false
	#commits = 0
	/** How often the thread was told, and (shared with it) how often it has done what it was told. */
	#told = 0
	readonly #passes = new Int32Array(new SharedArrayBuffer(4))
	/** It has carried much, and not yet nearly all. */
	#carrying = false

	/**
	 * @param db the writer's
	 * @param failed is told, in words, why there is no such thread any more; then the writer waits for its checkpoints
	 * @param many pages
	 */
	constructor(db: DatabaseSync, path: string, failed: (why: string) => void, many = MANY) {
		this.#db = db
		this.#path = path
		this.#many = many
		this.#failed = failed
		// Where the thread does not come to it, SQLite does it.
		db.exec(`PRAGMA wal_autocheckpoint = ${4 * many}`)
		this.#look = db.prepare('PRAGMA wal_checkpoint(NOOP)')
	}

	/** Between two transactions. */
	afterCommit(): void {
		if (this.#broken || Atomics.load(this.#passes, 0) < this.#told) return
		if (!this.#carrying && ++this.#commits % EVERY !== 0) return
		const { log, checkpointed } = this.#look.get() as { log: number; checkpointed: number }
		const left = log - checkpointed
		if (left >= (this.#carrying ? this.#many / 16 : this.#many)) this.#carry()
		else if (this.#carrying) {
			this.#carrying = false
			carry(this.#db)
		}
	}

	#carry(): void {
		this.#carrying = true
		this.#told++
		this.#thread ??= this.#started()
		this.#thread.postMessage('carry')
	}

	/** Most nodes never have so much at a time that it is needed. */
	#started(): Worker {
		const task: Task = { path: this.#path, passes: this.#passes }
		const thread = new Worker(new URL('./checkpointer.ts', import.meta.url), { workerData: task })
		thread.on('error', error => {
			this.#broken = true
			this.#db.exec(`PRAGMA wal_autocheckpoint = ${this.#many}`)
			this.#failed(String(error))
		})
		thread.unref()
		return thread
	}

	async close(): Promise<void> {
		await this.#thread?.terminate()
	}
}

/** As far as nobody still reads what was before. A full disk keeps it in the log, where nothing is lost: another time. */
export function carry(db: DatabaseSync): void {
	try {
		db.exec('PRAGMA wal_checkpoint(PASSIVE)')
	} catch {}
}
