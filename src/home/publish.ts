import type { LogStream } from '../cluster/index.ts'
import type { Log } from '../kit/index.ts'
import type { LogRow, Store } from '../store/index.ts'

// Rows at a time, and how long they are gathered: nobody waits for them.
const BATCH = 500
const GATHER_MS = 200
const LOOK_AGAIN_MS = 2000

/**
 * Publishes the log of this node's store to its stream, in order, from wherever the stream ends: the store remembers,
 * the stream carries. A stream that was thrown away is filled again from the rows that are still kept.
 * Returns the function that ends it.
 */
export function publishLog(options: {
	store: Store
	stream: LogStream
	self: string
	log: Log
}): () => Promise<void> {
	const { store, stream, self, log } = options
	/** The last row known to be in the stream; null = not known. */
	let position: number | null = null
	let turn = stream.turn
	let running: Promise<void> | null = null
	let timer: NodeJS.Timeout | null = null
	let stopped = false

	const pump = async () => {
		if (stream.turn !== turn) position = null
		turn = stream.turn
		if (stream.state !== 'ready') return
		position ??= await lastPublished(stream, self)
		for (
			let rows = store.reader.log(position, BATCH);
			rows.length > 0 && !stopped;
			rows = store.reader.log(position, BATCH)
		) {
			await stream.append(rows.map(row => ({ id: String(row.seq), data: packRow(row) })))
			position = rows.at(-1)!.seq
		}
	}
	const soon = (ms: number) => {
		if (stopped || timer) return
		timer = setTimeout(() => {
			timer = null
			running = pump()
				.catch(error => {
					position = null
					log.debug({ err: error }, 'the log is not published now')
				})
				.finally(() => {
					running = null
					soon(LOOK_AGAIN_MS)
				})
		}, ms)
		timer.unref()
	}
	const silence = store.changes.on(() => {
		if (stream.state !== 'ready' || running) return
		if (timer) clearTimeout(timer)
		timer = null
		soon(GATHER_MS)
	})
	soon(LOOK_AGAIN_MS)

	return async () => {
		stopped = true
		silence()
		if (timer) clearTimeout(timer)
		await running
	}
}

async function lastPublished(stream: LogStream, self: string): Promise<number> {
	const { last } = await stream.read(self, Number.MAX_SAFE_INTEGER, 1)
	if (last === 0) return 0
	const { records } = await stream.read(self, last, 1)
	return Number(records[0]?.id ?? 0)
}

function packRow({ node: _, ...row }: LogRow): Uint8Array {
	return Buffer.from(JSON.stringify(row))
}

/** A record of a node's stream as the row it was: what `store.replay` takes. */
export function unpackRow(node: string, data: Uint8Array): LogRow {
	return { node, ...JSON.parse(Buffer.from(data).toString('utf8')) }
}
