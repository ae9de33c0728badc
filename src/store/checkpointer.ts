import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { carry, type Task } from './checkpoints.ts'

/* The thread that carries pages from the log into the database when it is told to: see checkpoints.ts. */

const { path, passes } = workerData as Task
const db = new DatabaseSync(path, { timeout: 10_000 })
parentPort!.on('message', () => {
	carry(db)
	Atomics.add(passes, 0, 1)
})
