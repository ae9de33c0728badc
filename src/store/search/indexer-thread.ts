import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { threadPriority } from '../../kit/index.ts'
import { Damaged } from './index-file.ts'
import { Indexer } from './indexer.ts'

/*
 * The thread that keeps the index. It works when mail has been quiet for a moment, or has waited for long, and with the
 * lowest priority: the index may lag behind, what it does not know yet is looked through.
 */

export type ToIndexer = { changed: number[] } | { settle: number } | 'damaged' | 'close'
export type FromIndexer = { is: 'opened' } | { is: 'settled'; id: number } | { is: 'failed'; why: string }

const QUIET_MS = 250
const LONGEST_MS = 5000
/** Anew this often, then never again while we run: the disk is broken, and searching goes without. */
const MOST_STARTS = 3
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

const { dir, least } = workerData as { dir: string; least: number }
const port = parentPort!
const say = (message: FromIndexer) => port.postMessage(message)

threadPriority(19)

const indexer = new Indexer(dir, least)
const dirty = indexer.mailboxes()
const settling: number[] = []
let starts = 0
let closing = false
let lastChange = 0
let wake = () => {}
/** Why all is to be made anew: only noted when it is seen, perhaps in the middle of a step. */
let wanted: string | null = null

port.on('message', (message: ToIndexer) => {
	if (message === 'close') closing = true
	else if (message === 'damaged') wanted = 'it could not be read'
	else if ('settle' in message) settling.push(message.settle)
	else {
		lastChange = performance.now()
		for (const mailbox of message.changed) dirty.add(mailbox)
	}
	wake()
})

function beginAnew(why: string): void {
	wanted = null
	starts++
	say({ is: 'failed', why })
	if (starts > MOST_STARTS) return
	indexer.startOver()
	for (const mailbox of indexer.mailboxes()) dirty.add(mailbox)
	say({ is: 'opened' })
}

/** Until somebody says something, or so many milliseconds. */
async function told(most?: number): Promise<void> {
	let timer: NodeJS.Timeout | undefined
	await new Promise<void>(resolve => {
		wake = resolve
		if (most !== undefined) timer = setTimeout(resolve, most)
	})
	clearTimeout(timer)
}

async function quiet(): Promise<void> {
	const since = performance.now()
	while (!closing && settling.length === 0) {
		const now = performance.now()
		const rest = Math.min(lastChange + QUIET_MS, since + LONGEST_MS) - now
		if (rest <= 0) return
		await told(rest)
	}
}

async function workOn(mailbox: number): Promise<void> {
	try {
		while (!closing && wanted === null && starts <= MOST_STARTS && (await indexer.step(mailbox))) {
			await setImmediate() // messages for us
		}
	} catch (error) {
		const { message, errcode } = error as { message?: string; errcode?: number }
		const code = (errcode ?? 0) & 0xff
		if (error instanceof Damaged || code === SQLITE_CORRUPT || code === SQLITE_NOTADB) wanted = message ?? ''
		// A full disk, perhaps: the next change of this mailbox, or the next start, tries again.
		else say({ is: 'failed', why: message ?? String(error) })
	}
}

say({ is: 'opened' })
while (!closing) {
	if (wanted !== null) beginAnew(wanted)
	const [mailbox] = dirty
	if (mailbox !== undefined) {
		await quiet()
		dirty.delete(mailbox)
		await workOn(mailbox)
		continue
	}
	for (const id of settling.splice(0)) say({ is: 'settled', id })
	if (wanted === null && !closing) await told()
}
indexer.close()
port.close()
