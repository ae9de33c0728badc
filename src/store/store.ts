import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Emitter, type Log, openDatabase, silentLog } from '../kit/index.ts'
import type { PackedOp } from './apply.ts'
import { BlobFolder, Stage, stageSmall } from './bodies.ts'
import { type PackedBody, packBody } from './mail-file.ts'
import { SqliteReader } from './reader.ts'
import { TextIndex } from './search/text-index.ts'
import type { BodyStage, Change, LogRow, Op, OpResult, Reader, StagedBody } from './types.ts'
import type { FromWriter, WriteRequest } from './writer.ts'

/** The disk is full: nothing was written; the peer may come again (SMTP 452). */
export class DiskFull extends Error {}

const SQLITE_FULL = 13

export type Store = {
	reader: Reader & { log(after: number, most: number): LogRow[]; accounts(): string[] }
	/**
	 * One transaction, answered when it is on disk (one fsync shared with whoever else writes now).
	 * Writes take effect in the order of the calls. The file of a body that an Op brings is the store's from then on:
	 * it goes when the Op fails. @throws DiskFull
	 */
	write(ops: Op[]): Promise<OpResult[]>
	/** Rows of another node's log, with the bodies they name. What was replayed before is passed over. */
	replay(rows: LogRow[], bodies: StagedBody[]): Promise<void>
	changes: Emitter<Change>
	/** Resolves when what was written until now is indexed, as far as it is worth it. Nobody has to wait for it. */
	indexed(): Promise<void>
	/** Resolves when the writer has died, with the reason: nothing is written any more until the store is opened anew. */
	died: Promise<Error>
	/** For a body that streams in. */
	stage(): BodyStage
	/** For one that is in memory. */
	stageSmall(bytes: Buffer): StagedBody
	close(): Promise<void>
}

type Waiting = { resolve(results: OpResult[]): void; reject(error: Error): void }

/**
 * Opens the mail of this node in `dir` (made when missing) and starts its writer thread.
 * @param node the node whose log this is
 * @param keepLog rows of the log to keep for followers
 * @param indexFrom so many messages of a mailbox wait until they are indexed for searching: fewer are soon looked through
 * @param log told of listeners that throw, too; without it that ends the process
 */
export async function openStore(options: {
	dir: string
	node: string
	keepLog?: number
	indexFrom?: number
	log?: Log
}): Promise<Store> {
	const log = options.log ?? silentLog
	mkdirSync(options.dir, { recursive: true, mode: 0o700 })
	const worker = new Worker(new URL('./writer.ts', import.meta.url), {
		workerData: { dir: options.dir, node: options.node, keepLog: options.keepLog ?? 100_000 },
	})
	const waiting = new Map<number, Waiting>()
	const changes = new Emitter<Change>(
		options.log && (error => log.error({ err: error }, 'somebody who listens to changes of mail failed')),
	)
	let stopped: Error | null = null

	await new Promise<void>((resolve, reject) => {
		worker.once('error', reject)
		worker.once('message', () => {
			worker.off('error', reject)
			resolve()
		})
	})
	worker.on('message', (message: FromWriter) => {
		if (message.is === 'warned')
			log.warn({ why: message.why }, 'the writer waits for its checkpoints from now on')
		if (message.is !== 'committed') return
		// Changes first: whoever is answered finds everybody else informed.
		for (const change of message.changes) changes.emit(change)
		for (const answer of message.answers) {
			const who = waiting.get(answer.id)
			waiting.delete(answer.id)
			if ('results' in answer) who?.resolve(answer.results)
			else who?.reject(asError(answer.failed))
		}
	})
	const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()))
	let closing = false
	let tell: (error: Error) => void
	const died = new Promise<Error>(resolve => (tell = resolve))
	const stop = (error: Error) => {
		stopped ??= error
		if (!closing) tell(stopped)
		for (const who of waiting.values()) who.reject(error)
		waiting.clear()
	}
	worker.on('error', error => stop(error as Error))
	worker.on('exit', () => stop(new Error('the store is closed')))

	const folder = new BlobFolder(join(options.dir, 'blobs'))
	const db = openDatabase(join(options.dir, 'mail.sqlite'), { readOnly: true })

	const index = new TextIndex(options.dir, options.indexFrom ?? 64, why =>
		log.warn({ why }, 'the search index could not be kept; searching goes on, perhaps slower'),
	)
	changes.on(change => index.changed(change.mailboxes))

	let nextId = 1
	let batch: WriteRequest[] = []
	const send = (
		request: { ops: PackedOp[] } | { replay: { rows: LogRow[]; bodies: Record<string, PackedBody> } },
	) =>
		new Promise<OpResult[]>((resolve, reject) => {
			if (stopped) return reject(stopped)
			const id = nextId++
			waiting.set(id, { resolve, reject })
			// All that is written in one turn of the event loop crosses to the writer at once.
			if (batch.push({ id, ...request }) > 1) return
			setImmediate(() => {
				worker.postMessage(batch)
				batch = []
			})
		})

	return {
		reader: new SqliteReader(db, folder, index),
		changes,
		indexed: () => index.settled(),
		died,
		write: ops => send({ ops: packAll(ops) }),
		async replay(rows, bodies) {
			await send({
				replay: { rows, bodies: Object.fromEntries(bodies.map(body => [body.hash, packBody(body)])) },
			})
		},
		stage: () => new Stage(folder),
		stageSmall,
		async close() {
			closing = true
			await index.close()
			setImmediate(() => worker.postMessage('close'))
			await exited
			db.close()
		},
	}
}

/** The Ops of one message name one body: it is packed, and crosses to the writer, once. */
function packAll(ops: Op[]): PackedOp[] {
	let last: { body: StagedBody; packed: PackedBody } | null = null
	const pack = (body: StagedBody): PackedBody => {
		if (last?.body !== body) last = { body, packed: packBody(body) }
		return last.packed
	}
	return ops.map((op): PackedOp => {
		if (op.do === 'message.add' || op.do === 'upload.add')
			return { ...op, body: 'known' in op.body ? op.body : pack(op.body) } as PackedOp
		if (op.do === 'queue.add') return { do: op.do, item: { ...op.item, body: pack(op.item.body) } }
		return op
	})
}

function asError({ message, errcode }: { message: string; errcode: number }): Error {
	return errcode === SQLITE_FULL ? new DiskFull('the disk is full') : new Error(message)
}
