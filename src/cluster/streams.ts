import { setTimeout as wait } from 'node:timers/promises'
import {
	DiscardPolicy,
	JetStreamApiCodes,
	JetStreamApiError,
	type JetStreamManager,
	jetstream,
	jetstreamManager,
	RetentionPolicy,
	StorageType,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { backOff, type Log } from '../kit/index.ts'
import { Unreachable } from './types.ts'

export type LogRecord = { id: string; data: Uint8Array }

/** What lay in a stream from `fromSeq` on. `next` is where to go on; a gap before it has been dropped (limits). */
export type LogBatch = { records: (LogRecord & { seq: number })[]; next: number; last: number }

/**
 * A node's log as others can read it: the R1 stream `LOG_<id>` on its own nats-server. Not a place of truth
 * (law 6): it is bounded, it may vanish, and an acknowledged append may be lost with the machine.
 */
export type LogStream = {
	/** `absent`: no engine; `waiting`: most of the cluster must be reachable to make it, we go on trying. */
	readonly state: 'absent' | 'waiting' | 'ready'
	/** Rises with every new connection to an engine: the stream may be another one, and empty. */
	readonly turn: number
	/** Appends in order; a record whose id was appended within the last minutes is not appended twice. @throws Unreachable */
	append(records: LogRecord[]): Promise<void>
	/** Up to `batch` records of that node's stream, first `fromSeq`. @throws Unreachable */
	read(node: string, fromSeq: number, batch: number): Promise<LogBatch>
}

// A follower that is further behind takes a snapshot.
const MOST_BYTES = 64 * 1024 * 1024
const SAME_WITHIN = 5 * 60_000 * 1_000_000 // nanoseconds
const FIRST_RETRY = 500
const LONGEST_RETRY = 4_000
const PATIENCE = 5_000

export class NodeLog implements LogStream {
	state: LogStream['state'] = 'absent'
	#log: Log
	#node: string
	#nats: NatsConnection | null = null
	turn = 0

	constructor(node: string, log: Log) {
		this.#node = node
		this.#log = log
	}

	/** Finds or makes the stream in the background; nobody waits for it. Null: there is no engine now. */
	use(nats: NatsConnection | null, node: string): void {
		this.turn++
		this.#nats = nats
		this.#node = node
		this.state = nats ? 'waiting' : 'absent'
		if (nats) void this.#open(nats, this.turn)
	}

	async append(records: LogRecord[]): Promise<void> {
		if (!this.#nats || this.state !== 'ready') throw new Unreachable('the log stream is not there (yet)')
		const js = jetstream(this.#nats)
		const sent = records.map(record => js.publish(subjectOf(this.#node), record.data, { msgID: record.id }))
		const failed = (await Promise.allSettled(sent)).find(result => result.status === 'rejected')
		if (failed) throw new Unreachable(`the log stream did not take everything: ${messageOf(failed.reason)}`)
	}

	async read(node: string, fromSeq: number, batch: number): Promise<LogBatch> {
		if (!this.#nats) throw new Unreachable('no nats-server runs at this node')
		try {
			const jsm = await managerOf(this.#nats)
			const { state } = await jsm.streams.info(nameOf(node))
			const first = Math.max(fromSeq, state.first_seq, 1)
			const end = Math.min(state.last_seq, first + batch - 1)
			const asked = []
			// nats-server 2.9 gives one message a request, so they are all asked for at once.
			for (let seq = first; seq <= end; seq++) asked.push(jsm.direct.getMessage(nameOf(node), { seq }))
			const records = []
			for (const message of await Promise.all(asked)) {
				if (message) {
					records.push({ seq: message.seq, id: message.header.get('Nats-Msg-Id'), data: message.data })
				}
			}
			return { records, next: Math.max(end + 1, fromSeq), last: state.last_seq }
		} catch (error) {
			throw new Unreachable(`the log of ${node} cannot be read: ${messageOf(error)}`)
		}
	}

	async #open(nats: NatsConnection, turn: number): Promise<void> {
		for (let attempt = 1; turn === this.turn; attempt++) {
			try {
				// A server that has just started says nothing at all until a leader is elected: ask again soon.
				const jsm = await managerOf(nats, Math.min(attempt * FIRST_RETRY, PATIENCE))
				await findOrMake(jsm, this.#node)
				if (turn === this.turn) this.state = 'ready'
				return
			} catch (error) {
				this.#log.debug({ err: error, attempt }, 'the log stream cannot be made yet')
			}
			await wait(backOff(attempt, FIRST_RETRY, LONGEST_RETRY), undefined, { ref: false })
		}
	}
}

// checkAPI would ask the meta leader, who may be out of reach, before every first use.
async function managerOf(nats: NatsConnection, timeout = PATIENCE): Promise<JetStreamManager> {
	return await jetstreamManager(nats, { checkAPI: false, timeout })
}

async function findOrMake(jsm: JetStreamManager, node: string): Promise<void> {
	try {
		await jsm.streams.info(nameOf(node))
		return
	} catch (error) {
		if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound) throw error
	}
	await jsm.streams.add({
		name: nameOf(node),
		subjects: [subjectOf(node)],
		retention: RetentionPolicy.Limits,
		storage: StorageType.File,
		discard: DiscardPolicy.Old,
		num_replicas: 1,
		placement: { cluster: '', tags: [`node:${node}`] },
		max_bytes: MOST_BYTES,
		duplicate_window: SAME_WITHIN,
		allow_direct: true,
	})
}

function nameOf(node: string): string {
	return `LOG_${node}`
}

function subjectOf(node: string): string {
	return `panpipe.log.${node}`
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error)
}
