import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'

/**
 * Gives the calling thread a priority of its own, from -20 (before all others) to 19 (when nobody else has anything to do).
 * Linux: each thread has one, under its own number. Elsewhere, and below 0 without the right to it, nothing happens.
 */
export function threadPriority(nice: number): void {
	try {
		setPriority(Number(basename(readlinkSync('/proc/thread-self'))), nice)
	} catch {
		// It shares with all.
	}
}
