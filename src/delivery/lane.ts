import { setTimeout as pause } from 'node:timers/promises'
import { Unreachable } from '../cluster/index.ts'
import { backOff, type Clock, type Log } from '../kit/index.ts'
import type { QueueItem, QueuePart, Store } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { beyondAscii } from './parameters.ts'
import { byPriority } from './priority.ts'

/** The recipients of one message that go together. */
export type Consignment = [QueueItem, ...QueueItem[]]

/** Who takes the mail over: its name, and what it announced, with the parameters. */
export type Peer = { name: string; extensions: ReadonlyMap<string, string> }

const NOBODY: Peer = { name: '', extensions: new Map() }

/** A way out that is open: to a node of ours or to a mail exchanger. */
export type Carrier = {
	/**
	 * Gives over one message, one reply for each recipient. May be called again before the first is answered.
	 * Resolves `sent` when the next may be sent. @throws ConnectionLost
	 */
	carry(consignment: Consignment): { sent: Promise<void>; answered: Promise<Reply[]> }
	/** The connection is gone. */
	readonly lost: boolean
	/** A number that changes while something moves on it. */
	readonly moved: number
	/** It has carried as much as the peer takes on one connection. */
	readonly spent: boolean
	readonly peer: Peer
	/** Ends it; what is under way is lost. */
	close(): void
}

export type LaneOptions = {
	route: string
	/** What of the route's mail goes this way. */
	part: QueuePart
	store: Store
	clock: Clock
	log: Log
	/** Opens the way, or throws with a reason in plain words. `refused`: there is none and will be none. */
	open(): Promise<Carrier | { refused: Reply }>
	/** Why nothing may go now (a disabled node), or null. */
	closed(): string | null
	/** Takes out what no longer belongs on this route; returns what does. */
	sort(items: QueueItem[]): Promise<QueueItem[]>
	/** What becomes of the recipients after their answers: gone, later, returned to the sender. Written when it resolves. */
	settle(consignment: Consignment, replies: Reply[], peer: Peer): Promise<void>
	/** Waiting after failures to open the way: milliseconds, from first to most. */
	retry: { first: number; most: number }
	/** Messages given over at a time without an answer. */
	window: number
}

const PAGE = 200
// An open way is kept for the next message this long.
const KEEP_OPEN_MS = 30_000
// A way on which nothing has moved for so long since its peer fell silent sits in the pauses of TCP, up to two minutes long,
// also when the line is whole again. After shorter ones it goes on by itself: a large message is not begun again.
const STILL_MS = 7_000
// How long what is under way may take when the node stops.
const GRACE_MS = 3_000
// Waiting for a disk that does not take results.
const REWRITE = { first: 1_000, most: 30_000 }

/**
 * One route's part of the queue, in order of arrival; to a node of ours there are two, so that a large message on a slow
 * line does not keep small ones of other people waiting. While the way is open everything due is carried, several
 * messages under way at a time, on one connection, so the order stays. While it cannot be opened all wait where they
 * are: nothing is counted against a message because a line is down.
 */
export class Lane {
	readonly #options: LaneOptions
	#running: Promise<void> | null = null
	#again = false
	#timer: NodeJS.Timeout | null = null
	#carrier: Carrier | null = null
	#idle: NodeJS.Timeout | null = null
	#still: { carrier: Carrier; moved: number; since: number } | null = null
	#failures = 0
	#stopped = false
	#stopping = new AbortController()
	/** Why this route waits, in plain words; null when it does not. */
	waiting: string | null = null
	/** It waits because the node could not be reached. */
	away = false

	constructor(options: LaneOptions) {
		this.#options = options
	}

	/**
	 * Something is new: the peer is back, an administrator asked. More mail is no reason to believe that a way
	 * is open again which could not be opened: it is not `urgent`, it waits with the rest.
	 */
	wake(urgent = true): void {
		if (this.#stopped || (!urgent && this.#failures > 0)) return
		if (this.#timer) clearTimeout(this.#timer)
		this.#timer = null
		this.#again = true
		this.#running ??= this.#run().finally(() => {
			this.#running = null
			if (this.#again) this.wake()
		})
	}

	/** The node this leads to is not heard any more. */
	silent(): void {
		const carrier = this.#carrier
		this.#still = carrier && { carrier, moved: carrier.moved, since: this.#options.clock.now() }
	}

	/**
	 * It is heard again. Where it was started `anew`, or nothing moved all the time, the way is opened anew, and what is
	 * under way comes again.
	 */
	heard(anew: boolean): void {
		const still = this.#still
		this.#still = null
		const stuck =
			still !== null &&
			still.carrier === this.#carrier &&
			still.moved === still.carrier.moved &&
			this.#options.clock.now() - still.since >= STILL_MS
		if (anew || stuck) this.#close()
		this.wake()
	}

	async stop(): Promise<void> {
		this.#stopped = true
		this.#stopping.abort()
		if (this.#timer) clearTimeout(this.#timer)
		// A peer that is slow to answer does not keep us: what it has taken without our hearing of it comes again.
		await Promise.race([this.#running, pause(GRACE_MS, undefined, { ref: false })])
		this.#close()
	}

	#close(): void {
		if (this.#idle) clearTimeout(this.#idle)
		this.#idle = null
		this.#carrier?.close()
		this.#carrier = null
	}

	/** Resolves when nothing is under way now. */
	async settled(): Promise<void> {
		while (this.#running) await this.#running
	}

	async #run(): Promise<void> {
		const { log, route } = this.#options
		try {
			while (this.#again && !this.#stopped) {
				this.#again = false
				await this.#drain()
			}
			this.#failures = 0
			this.#sleepUntilDue()
		} catch (error) {
			this.#failures++
			this.waiting = (error as Error).message
			this.away = error instanceof Unreachable
			log.info({ route, reason: this.waiting, failures: this.#failures }, 'route waits')
			this.#sleep(backOff(this.#failures, this.#options.retry.first, this.#options.retry.most))
		}
	}

	#due(after: number): QueueItem[] {
		const { store, route, part, clock } = this.#options
		return store.reader.queue.due(route, clock.now(), PAGE, after, part)
	}

	/** What goes before everything else that waits here, however much that is. */
	#urgent(): QueueItem[] {
		const { store, route, part, clock } = this.#options
		return store.reader.queue.urgent(route, clock.now(), PAGE, part)
	}

	async #drain(): Promise<void> {
		const urgent = this.#urgent()
		let items = urgent.length > 0 ? urgent : this.#due(0)
		if (items.length === 0) return void (this.waiting = null)
		let last = items.at(-1)!.key
		items = await this.#options.sort(items)
		const closed = this.#options.closed()
		if (closed) {
			this.waiting = closed
			return
		}
		if (items.length === 0) return void (this.#again = true)

		const reused = this.#carrier !== null && !this.#carrier.lost
		if (!reused) {
			const opened = await this.#options.open()
			if ('refused' in opened) {
				for (const one of consignments(items))
					await this.#settle(
						one,
						one.map(() => opened.refused),
						NOBODY,
					)
				return void (this.#again = true)
			}
			if (this.#stopped) return opened.close()
			this.#carrier = opened
		}
		const carrier = this.#carrier!
		if (this.#idle) clearTimeout(this.#idle)
		this.waiting = null
		const underWay = new Set<Promise<void>>()
		let failed: Error | null = null
		let carried = 0
		try {
			while (items.length > 0 && !failed && !carrier.spent && !this.#stopped && !this.#options.closed()) {
				for (const consignment of byPriority(consignments(items))) {
					if (failed || carrier.spent || this.#stopped) break
					const { sent, answered } = carrier.carry(consignment)
					const settled = answered
						.then(replies => this.#settle(consignment, replies, carrier.peer))
						.then(() => void (carrier.lost || carried++))
						.catch(error => void (failed ??= error as Error))
						.finally(() => underWay.delete(settled))
					underWay.add(settled)
					await sent
					if (underWay.size >= this.#options.window) await Promise.race(underWay)
				}
				if (urgent.length > 0 || this.#urgent().length > 0) {
					// When these have gone: the rest, or what is urgent and has come meanwhile.
					this.#again = true
					break
				}
				const more = this.#due(last)
				last = more.at(-1)?.key ?? last
				items = await this.#options.sort(more)
				// Nothing new now; but what is under way may take a while, and mail that comes meanwhile uses the open way.
				while (more.length === 0 && items.length === 0 && underWay.size > 0 && !failed) {
					await Promise.race(underWay)
					const late = this.#due(last)
					last = late.at(-1)?.key ?? last
					items = await this.#options.sort(late)
				}
			}
		} finally {
			await Promise.all(underWay)
		}
		if (failed) {
			this.#close()
			if (!reused && carried === 0) throw failed
			// The way had closed while nobody looked, or takes only so many messages at a time: open it anew.
			this.#again = true
			return
		}
		if (carrier.spent) {
			this.#close()
			this.#again = true
			return
		}
		this.#idle = setTimeout(() => this.#close(), KEEP_OPEN_MS)
		this.#idle.unref()
		this.#again ||= this.#due(0).length > 0 && !this.#options.closed()
	}

	/** The peer has answered: until that is on our disk nothing more goes this way, or it would go twice. */
	async #settle(consignment: Consignment, replies: Reply[], peer: Peer): Promise<void> {
		for (let tries = 1; ; tries++) {
			try {
				return await this.#options.settle(consignment, replies, peer)
			} catch (error) {
				if (this.#stopped) throw error
				this.#options.log.error({ route: this.#options.route, err: error }, 'results not written')
				await pause(backOff(tries, REWRITE.first, REWRITE.most), undefined, {
					signal: this.#stopping.signal,
				})
			}
		}
	}

	/** Recipients that were told "later" have their own time; a closed way is looked at now and then. */
	#sleepUntilDue(): void {
		const { store, route, clock, retry } = this.#options
		if (this.waiting) return void this.#sleep(retry.most)
		const due = store.reader.queue.next(route, clock.now())
		if (due !== null) this.#sleep(Math.max(50, due - clock.now()))
	}

	#sleep(ms: number): void {
		if (this.#stopped || this.#timer) return
		this.#timer = setTimeout(
			() => {
				this.#timer = null
				this.wake()
			},
			Math.min(ms, 2 ** 31 - 1),
		)
	}
}

/** Neighbours that are one message travel as one; those that need SMTPUTF8 do not take it to those that do not. */
function consignments(items: QueueItem[]): Consignment[] {
	const out: Consignment[] = []
	for (const item of items) {
		const open = out.at(-1)
		const fits = open?.[0].id === item.id && open.length < 100 && beyondAscii(open[0]) === beyondAscii(item)
		if (fits) open.push(item)
		else out.push([item])
	}
	return out
}

/** What the recipients are told when the body cannot be read here: they wait, without keeping others from going. */
export function unreadable(consignment: Consignment, error: unknown): Reply[] {
	const why = reply(451, '4.3.0', `The message cannot be read here: ${(error as Error).message}`)
	return consignment.map(() => why)
}
