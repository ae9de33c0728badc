import type { Beat, Links } from '../cluster/index.ts'
import { backOff, type Clock, type Log } from '../kit/index.ts'
import type { DirectoryFile, Touched } from './file.ts'
import { type PushHead, packNow, type Said, unpack } from './pages.ts'
import { PATIENCE, type Patience, Peer } from './peer.ts'
import { answerPull, type Got, pullFrom } from './pull.ts'
import type { Line } from './records.ts'
import type { Taker } from './take.ts'
import type { RefreshResult } from './types.ts'

// A change larger than this is not pushed; the next beat makes the others pull it.
const PUSH_MOST = 512 * 1024
const REFRESH_TIMEOUT_MS = 120_000
const SAVE_MS = 60_000

/** What we do about one peer. */
type Work = {
	peer: Peer
	pulling: Promise<Got> | null
	full: boolean
	pushes: Promise<void>
	failures: number
	retryAt: number
	saved: number
}

/**
 * Changes push, refresh pulls. What is written here is published at once; what is merged is not published again:
 * others hear it from whoever wrote it, or see by our beat that we have something new and pull it.
 */
export class Sync {
	#file: DirectoryFile
	#taker: Taker
	#links: Links
	#clock: Clock
	#log: Log
	#isMember: (node: string) => boolean
	#patience: Patience
	#work = new Map<string, Work>()
	/** Peers of the cluster we left: deaf to them until they come up anew or are named by someone here. */
	#left = new Set<string>()
	/** Counts up when everything under way is void. */
	#era = 0
	#fullTurn: Promise<unknown> = Promise.resolve()
	#watchers = new Set<() => void>()
	#endings: (() => void)[]

	/** @param isMember false for ourselves and for nodes that were removed */
	constructor(options: {
		file: DirectoryFile
		taker: Taker
		links: Links
		clock: Clock
		log: Log
		isMember: (node: string) => boolean
		patience?: Partial<Patience>
	}) {
		this.#file = options.file
		this.#taker = options.taker
		this.#links = options.links
		this.#clock = options.clock
		this.#log = options.log
		this.#isMember = options.isMember
		this.#patience = { ...PATIENCE, ...options.patience }
		for (const [node, cursor] of this.#file.cursors()) this.#workOn(node).peer.cursor = cursor
		const { links } = options
		links.answer('dir.pull', payload => answerPull(this.#file, payload))
		links.answer('dir.refresh', (_, from) => this.#answerRefresh(from))
		links.addToBeat(() => ({ dir: this.#say() }))
		this.#endings = [
			links.subscribe('dir', (payload, from) => this.#hearPush(payload, from)),
			links.onBeat(beat => this.#hearBeat(beat)),
			links.onPeerUp(node => this.#meet(node)),
		]
		for (const { id, state } of links.peers()) if (state === 'up') this.#meet(id)
	}

	/** Tells the others what was written here. `prev` and `prevOwn`: the file's `seq` and `own` before. */
	push(touched: Touched, prev: number, prevOwn: number): void {
		if (touched.lines.length === 0) return
		const length = touched.lines.reduce((sum, line) => sum + line.length, 0)
		if (length > PUSH_MOST) {
			this.#links.beatNow()
			return
		}
		const head: PushHead = { incarnation: this.#file.incarnation, prev, prevOwn, seq: this.#file.seq }
		this.#links.publish('dir', packNow({ head, lines: touched.lines }))
	}

	/** Everything from every member, and everything of ours to them (they pull). Ends when both is done, node by node. */
	async refresh(members: string[], each: (result: RefreshResult) => void): Promise<RefreshResult[]> {
		return Promise.all(
			members.map(async node => {
				const result = await this.#refreshOne(node)
				each(result)
				return result
			}),
		)
	}

	async #refreshOne(node: string): Promise<RefreshResult> {
		try {
			const theirs = this.#links.request(node, 'dir.refresh', new Uint8Array(), REFRESH_TIMEOUT_MS)
			const [got] = await Promise.all([this.#pull(node, true), theirs])
			return { node, state: 'done', ...got }
		} catch (error) {
			this.#log.info({ peer: node, err: error }, 'directory refresh: no answer')
			return { node, state: 'unreachable', records: 0, changed: 0, added: 0 }
		}
	}

	/** True when the node's records and ours are the same; false when that did not come to be in time. */
	mergedWith(node: string, timeoutMs: number): Promise<boolean> {
		return new Promise(resolve => {
			const end = (merged: boolean) => {
				clearTimeout(timer)
				this.#watchers.delete(look)
				resolve(merged)
			}
			const look = () => {
				const said = this.#work.get(node)?.peer.said
				if (said && this.#isSame(said)) end(true)
			}
			const timer = setTimeout(() => end(false), timeoutMs)
			this.#watchers.add(look)
			look()
		})
	}

	/** Milliseconds since we knew that our copy of the node's records was all it had; null = never. */
	copyAge(node: string): number | null {
		const cursor = this.#work.get(node)?.peer.cursor
		return cursor && cursor.asOf > 0 ? Math.max(0, this.#clock.now() - cursor.asOf) : null
	}

	/** Resolves when no pull and no merge is under way. */
	async settled(): Promise<void> {
		for (;;) {
			const under = [...this.#work.values()].flatMap(({ pulling, pushes }) =>
				pulling ? [pulling, pushes] : [pushes],
			)
			await Promise.allSettled(under)
			await this.#taker.settled()
			if (![...this.#work.values()].some(({ pulling }) => pulling)) return
		}
	}

	/** We are no longer of these: whatever they still send is not heard. */
	leave(nodes: string[]): void {
		this.#era++
		this.#work.clear()
		for (const node of nodes) this.#left.add(node)
	}

	/** Someone here says the node is one of us. */
	welcome(node: string): void {
		this.#left.delete(node)
	}

	close(): void {
		this.#era++
		for (const end of this.#endings) end()
		for (const work of this.#work.values()) this.#save(work)
	}

	#hears(node: string): boolean {
		return this.#isMember(node) && !this.#left.has(node)
	}

	#workOn(node: string): Work {
		let work = this.#work.get(node)
		if (!work) {
			const peer = new Peer(node, null, this.#patience)
			work = {
				peer,
				pulling: null,
				full: false,
				pushes: Promise.resolve(),
				failures: 0,
				retryAt: 0,
				saved: 0,
			}
			this.#work.set(node, work)
		}
		return work
	}

	#say(): Said {
		const { incarnation, seq, own, digest, count } = this.#file
		return { incarnation, seq, own, digest, count }
	}

	#isSame(said: Said): boolean {
		return said.digest === this.#file.digest && said.count === this.#file.count
	}

	#meet(node: string): void {
		this.#left.delete(node)
		if (!this.#hears(node)) return
		const work = this.#workOn(node)
		work.retryAt = 0
		this.#catchUp(work, work.peer.cursor === null)
	}

	#hearBeat(beat: Beat): void {
		const said = beat.extra.dir as Said | undefined
		if (!said || !this.#hears(beat.node)) return
		const work = this.#workOn(beat.node)
		const now = this.#clock.now()
		const everybodyHere = this.#links.peers().every(({ id, state }) => state === 'up' || !this.#isMember(id))
		const verdict = work.peer.judge(said, this.#file, now, everybodyHere)
		if (verdict === 'pull' || verdict === 'full') this.#catchUp(work, verdict === 'full')
		else if (now - work.saved >= SAVE_MS) this.#save(work)
		this.#look()
	}

	/** In the background; what fails is tried again at a later beat. */
	#catchUp(work: Work, full: boolean): void {
		if (work.pulling || this.#clock.now() < work.retryAt) return
		this.#pull(work.peer.id, full, true).then(
			() => {
				work.failures = 0
			},
			error => {
				work.retryAt = this.#clock.now() + backOff(++work.failures, 1000, 60_000)
				this.#log.info({ peer: work.peer.id, err: error }, 'directory: peer could not be pulled')
			},
		)
	}

	/** @param patient everything at once from several peers is the same thing several times: one after the other */
	async #pull(node: string, full: boolean, patient = false): Promise<Got> {
		const work = this.#workOn(node)
		while (work.pulling) {
			if (work.full || !full) return work.pulling
			await work.pulling.catch(() => {})
		}
		work.full = full
		const before = full && patient ? this.#fullTurn : null
		const era = this.#era
		const pulling = before ? before.then(() => this.#fetchUnlessSame(work, era)) : this.#fetch(work, full)
		if (before) this.#fullTurn = pulling.catch(() => {})
		work.pulling = pulling
		try {
			return await pulling
		} finally {
			work.pulling = null
			this.#look()
		}
	}

	async #fetchUnlessSame(work: Work, era: number): Promise<Got> {
		const { said } = work.peer
		if (era !== this.#era) return { records: 0, changed: 0, added: 0 }
		if (!said || !this.#isSame(said)) return this.#fetch(work, true)
		work.peer.pulled(said.incarnation, said.seq, true, this.#clock.now())
		this.#save(work)
		return { records: 0, changed: 0, added: 0 }
	}

	async #fetch(work: Work, full: boolean): Promise<Got> {
		const era = this.#era
		const got = await pullFrom(work.peer, full, {
			links: this.#links,
			taker: this.#taker,
			clock: this.#clock,
			goesOn: () => era === this.#era,
			passed: () => this.#save(work),
		})
		if (era === this.#era && got.changed > 0) this.#links.beatNow()
		return got
	}

	async #answerRefresh(from: string): Promise<Uint8Array> {
		const got = this.#hears(from) ? await this.#pull(from, true) : { records: 0, changed: 0, added: 0 }
		return Buffer.from(JSON.stringify(got))
	}

	#hearPush(payload: Uint8Array, from: string): void {
		if (!this.#hears(from)) return
		const work = this.#workOn(from)
		const era = this.#era
		work.pushes = work.pushes
			.then(() => (era === this.#era ? this.#takePush(work, payload, () => era === this.#era) : undefined))
			.catch(error => this.#log.warn({ peer: from, err: error }, 'directory: a push could not be merged'))
	}

	async #takePush(work: Work, payload: Uint8Array, goesOn: () => boolean): Promise<void> {
		const { head, lines } = await unpack<PushHead>(payload)
		await this.#taker.take(lines as Line[], goesOn)
		if (goesOn() && !work.peer.pushed(head, this.#clock.now())) this.#catchUp(work, work.peer.cursor === null)
	}

	#save(work: Work): void {
		work.saved = this.#clock.now()
		if (work.peer.cursor) this.#file.saveCursor(work.peer.id, work.peer.cursor)
	}

	#look(): void {
		for (const look of [...this.#watchers]) look()
	}
}
