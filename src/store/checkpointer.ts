import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/* The thread that carries pages from the log into the database when it is told to: see checkpoints.ts. */

export type Task = { path: string; passes: Int32Array }

const { path, passes } = workerData as Task
const db = new DatabaseSync(path, { timeout: 10_000 })
parentPort!.on('message', () => {
	db.exec('PRAGMA wal_checkpoint(PASSIVE)')
	Atomics.add(passes, 0, 1)
})
