import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const SQLITE_BUSY = 5

/**
 * One process to a data directory, before anything in it is touched. The lock is the kernel's (SQLite has the only
 * file locks of the runtime), so it goes with the process, whatever ends that. Returns the function that gives it back.
 * @throws when another process has it
 */
export function lockData(data: string): () => void {
	const lock = new DatabaseSync(join(data, 'lock.sqlite'), { timeout: 0 })
	try {
		lock.exec('BEGIN EXCLUSIVE')
	} catch (error) {
		lock.close()
		if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error
		throw new Error(`another process serves ${data} already`)
	}
	return () => lock.close()
}
