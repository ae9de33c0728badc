import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { threadPriority } from '../../kit/index.ts'
import { JournalFile } from './journal-file.ts'
import type { Alert, Figure, TraceQuery, TraceRow } from './types.ts'

/*
 * The thread that keeps the journal: it writes what is told it, and looks things up. With a low priority: mail goes
 * first. A file that cannot be read is made anew; nothing depends on it.
 */

export type ToJournal =
	| { write: { rows: TraceRow[]; sums: Figure[]; levels: Figure[] } }
	| { ask: number; find: TraceQuery }
	| { ask: number; figures: number }
	| { alert: Alert }
	| { ask: number; alerts: number }
	| 'prune'
	| 'close'
export type FromJournal =
	| { is: 'answer'; ask: number; answer: unknown }
	| { is: 'failed'; ask?: number; why: string }

const KEEP_MS = 30 * 86_400_000
const PRUNE_AT_ONCE = 5000

const { dir, mostRows } = workerData as { dir: string; mostRows: number }
const port = parentPort!
const say = (message: FromJournal) => port.postMessage(message)
const path = join(dir, 'journal.sqlite')

threadPriority(10)

function opened(): JournalFile {
	try {
		return new JournalFile(path)
	} catch (error) {
		say({ is: 'failed', why: `made anew: ${(error as Error).message}` })
		for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
		return new JournalFile(path)
	}
}

const file = opened()

function prune(): void {
	if (file.prune(Date.now() - KEEP_MS, mostRows, PRUNE_AT_ONCE)) setTimeout(prune, 100)
}

// What is written comes as text: one string crosses between threads faster than the values in it.
port.on('message', (text: string) => {
	const message = JSON.parse(text) as ToJournal
	const ask = typeof message === 'object' && 'ask' in message ? message.ask : undefined
	try {
		if (message === 'close') {
			file.close()
			process.exit()
		} else if (message === 'prune') prune()
		else if ('write' in message) file.write(message.write.rows, message.write.sums, message.write.levels)
		else if ('find' in message)
			say({
				is: 'answer',
				ask: message.ask,
				answer: { rows: file.find(message.find), begins: file.begins() },
			})
		else if ('alert' in message) file.saveAlert(message.alert)
		else if ('alerts' in message) say({ is: 'answer', ask: message.ask, answer: file.alerts(message.alerts) })
		else say({ is: 'answer', ask: message.ask, answer: file.figures(message.figures) })
	} catch (error) {
		say({ is: 'failed', ...(ask === undefined ? {} : { ask }), why: (error as Error).message })
	}
})
