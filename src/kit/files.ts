import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes a small file so that after a crash either the old or the new content is there, whole. Mode 0600. */
export function writeFileAtomic(path: string, content: string): void {
	const beside = `${path}.new`
	const file = openSync(beside, 'w', 0o600)
	try {
		writeFileSync(file, content) // all of it: a single write may take less when the disk is nearly full
		fsyncSync(file)
	} finally {
		closeSync(file)
	}
	renameSync(beside, path)
	const folder = openSync(dirname(path), 'r')
	try {
		fsyncSync(folder)
	} finally {
		closeSync(folder)
	}
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
