import { mkdirSync, readFileSync } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a file so that after a crash either the old or the new content is there, whole:
 * a new file beside it, fsync, rename, fsync of the folder. Mode 0600: what lies in keys/ is secret.
 */
export async function writeAtomic(path: string, content: string): Promise<void> {
	await mkdir(dirname(path), { recursive: true, mode: 0o700 })
	const beside = `${path}.new`
	const file = await open(beside, 'w', 0o600)
	try {
		await file.writeFile(content)
		await file.sync()
	} finally {
		await file.close()
	}
	await rename(beside, path)
	const folder = await open(dirname(path), 'r')
	try {
		await folder.sync()
	} finally {
		await folder.close()
	}
}

export function makeFolder(path: string): void {
	mkdirSync(path, { recursive: true, mode: 0o700 })
}

/** The file's text, or null when there is none. */
export function readIfThere(path: string): string | null {
	try {
		return readFileSync(path, 'utf8')
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
		throw error
	}
}
