import { join } from 'node:path'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { openDatabase, systemClock } from '../kit/index.ts'
import { apply, type PackedOp } from './apply.ts'
import { BlobFolder } from './bodies.ts'
import { Checkpoints } from './checkpoints.ts'
import { pruneHistory } from './history.ts'
import type { PackedBody } from './mail-file.ts'
import { MailFile } from './mail-file.ts'
import { migrations } from './migrations.ts'
import { replay } from './replay.ts'
import type { Change, LogRow, OpResult } from './types.ts'

/*
 * The one writer. It takes all requests that wait, runs them in one transaction with one fsync, and answers all
 * of them. While it waits for the disk the next ones gather: the busier the node, the cheaper an fsync.
 */

export type WriteRequest = { id: number } & (
	| { ops: PackedOp[] }
	| { replay: { rows: LogRow[]; bodies: Record<string, PackedBody> } }
)
export type WriteAnswer = { id: number } & (
	| { results: OpResult[] }
	| { failed: { message: string; errcode: number } }
)
export type FromWriter =
	| { is: 'ready'; swept: number }
	| { is: 'committed'; answers: WriteAnswer[]; changes: Change[] }
	| { is: 'warned'; why: string }

const { dir, node, keepLog } = workerData as { dir: string; node: string; keepLog: number }
const port = parentPort!

// A log row is kept for followers until this many newer ones are there.
const PRUNE_EVERY = 1000
// So few share an fsync when little waits.
const FEW = 12
// Milliseconds without work, after which what could wait is done.
const QUIET = 50
const FORGET_FILED_AFTER = 14 * 24 * 3600 * 1000

const path = join(dir, 'mail.sqlite')
const db = openDatabase(path, { migrations, cacheMb: 16 })
const checkpoints = new Checkpoints(db, path, why =>
	port.postMessage({ is: 'warned', why } satisfies FromWriter),
)
const file = new MailFile(db, new BlobFolder(join(dir, 'blobs')), systemClock)
file.setFact('node', node)
let sincePruning = 0

function run(request: WriteRequest): OpResult[] {
	if ('replay' in request) {
		const { rows, bodies } = request.replay
		const result = replay(file, rows, hash => bodies[hash])
		for (const body of Object.values(bodies)) file.bring(body) // only now: who misses one comes again with the same
		return [result]
	}
	return request.ops.map(op => apply(file, op))
}

/** Milliseconds of the last transaction: its work, and its way to the disk. */
let worked = 0
let synced = 0

/** One transaction for all; when one of them throws, each gets a transaction of its own so that only the guilty fails. */
function commit(requests: WriteRequest[]): { answers: WriteAnswer[]; changes: Change[] } {
	try {
		const began = performance.now()
		db.exec('BEGIN IMMEDIATE')
		const answers = requests.map(request => ({ id: request.id, results: run(request) }))
		file.histories.write()
		const done = performance.now()
		db.exec('COMMIT')
		worked = done - began
		synced = performance.now() - done
		return { answers, changes: file.afterCommit() }
	} catch (error) {
		if (db.isTransaction) db.exec('ROLLBACK')
		file.afterRollback(requests.length === 1)
		if (requests.length === 1) return { answers: [failure(requests[0]!, error)], changes: [] }
	}
	const answers: WriteAnswer[] = []
	const changes: Change[] = []
	for (const request of requests) {
		const one = commit([request])
		answers.push(...one.answers)
		changes.push(...one.changes)
	}
	return { answers, changes }
}

function failure(request: WriteRequest, error: unknown): WriteAnswer {
	const { message, errcode } = error as { message?: string; errcode?: number }
	return { id: request.id, failed: { message: message ?? String(error), errcode: errcode ?? 0 } }
}

function prune(): void {
	file.run('DELETE FROM log WHERE seq <= (SELECT max(seq) FROM log) - ?', keepLog)
	pruneHistory(file)
	file.run('DELETE FROM filed WHERE at < ?', systemClock.now() - FORGET_FILED_AFTER)
}

const waiting: WriteRequest[] = []
let closing = false

function gather(message: WriteRequest[] | 'close' | undefined): void {
	for (; message; message = receiveMessageOnPort(port)?.message) {
		if (message === 'close') closing = true
		else waiting.push(...message)
	}
}

/**
 * Half of what waits, in one transaction. Those who are answered come with their next work while the other half is
 * written: both threads have something to do all the time, and under load an fsync still serves many. Where the disk
 * takes longer than the work, it is all that waits.
 */
function commitSome(): void {
	const share = synced > worked ? waiting.length : Math.ceil(waiting.length / 2)
	const requests = waiting.splice(0, Math.max(FEW, share))
	const { answers, changes } = commit(requests)
	port.postMessage({ is: 'committed', answers, changes } satisfies FromWriter)
	checkpoints.afterCommit()
	sincePruning += requests.length
	if (sincePruning < PRUNE_EVERY || closing) return
	sincePruning = 0
	chore(prune)
}

/** What nobody waits for, in a transaction of its own. */
function chore(work: () => void): void {
	try {
		db.exec('BEGIN IMMEDIATE')
		work()
		db.exec('COMMIT')
	} catch {
		// A full disk: it waits for better days.
		if (db.isTransaction) db.exec('ROLLBACK')
		file.reload()
	}
}

/** A slice at a time, so that nobody who comes meanwhile waits for long. */
let settling: NodeJS.Timeout | undefined
function settleLater(): void {
	clearTimeout(settling)
	if (closing || file.waiting === 0) return
	settling = setTimeout(() => {
		const before = file.waiting
		chore(() => file.settleSome())
		if (file.waiting < before) settleLater()
	}, QUIET)
}

port.on('message', (message: WriteRequest[] | 'close') => {
	for (gather(message); waiting.length > 0; gather(receiveMessageOnPort(port)?.message)) {
		commitSome()
		if (file.tooMuchWaits) chore(() => file.settleSome())
	}
	settleLater()
	if (closing) void close()
})

async function close(): Promise<void> {
	await checkpoints.close()
	db.close()
	port.close()
}

settleLater()
port.postMessage({ is: 'ready', swept: file.sweep() } satisfies FromWriter)
