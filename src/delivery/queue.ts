import type { Links } from '../cluster/index.ts'
import type { Directory } from '../directory/index.ts'
import { backOff, type Clock, type Log, newId } from '../kit/index.ts'
import type { Op, QueueItem, QueuePart, QueueResult, StagedBody, Store, TraceRow } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { Delays } from './delays.ts'
import { fileFor } from './file.ts'
import { Flow } from './flow.ts'
import { openHandOver } from './hand-over.ts'
import { Lane, type Peer } from './lane.ts'
import { notice } from './notice.ts'
import { without } from './parameters.ts'
import { openRelay } from './relay.ts'
import { type Event, wantsReport } from './report.ts'
import { FULL, withRoom } from './room.ts'
import { type Destination, destinations, nodeRoute } from './route.ts'
import { signatureFor } from './sign.ts'
import { bring, leavesReporting, routesOf, tellSender } from './tell.ts'
import { inWords, named, returnPath } from './trace.ts'

export type QueueOptions = {
	hostname: string
	self: string
	store: Store
	directory: Directory
	links: Links
	log: Log
	clock: Clock
	dnsServers: readonly string[]
	/** Port of mail exchangers: 25. */
	relayPort: number
	queueLifetimeMs: number
	/** How often it is looked for mail whose sender should hear that it takes long. */
	watchEveryMs: number
	/** For the statistics: delivered, deferred, failed. */
	count(outcome: string): void
	/** For whoever looks for his mail; absent: nobody does. */
	note?(row: Omit<TraceRow, 'time'>): void
}

/**
 * Why mail waits, for programs and translators: held by an administrator; for the time its sender named; it was told
 * "later" or the way to it is closed, in the words of `reason`; its node is away, disabled, or not in the list; nothing.
 */
export type Why =
	| 'held'
	| 'send-later'
	| 'told'
	| 'node-unreachable'
	| 'node-disabled'
	| 'node-unknown'
	| 'on-its-way'
/** A row of `queue list`: with the reason it waits, as a code and in words. */
export type QueueView = QueueItem & { why: Why; reason: string }

// RFC 5321 section 4.5.4.1: a message that was told "later" comes again after some minutes, then more rarely.
const LATER = { first: 60_000, most: 3600_000 }
// A node of ours says so while it has not heard yet what we know: that is a matter of seconds.
const SOON = { first: 1000, most: 600_000 }
const TO_NODE = { first: 500, most: 10_000 }
const TO_WORLD = { first: 60_000, most: 1800_000 }
const WINDOW = 64
// Of a message in a report to its sender: a large one is not sent back as a whole.
const MOST_RETURNED = 100 * 1024

/** The mail that waits to leave this node: a lane for each route, to nodes of ours two. */
export class Queue {
	readonly #options: QueueOptions
	#lanes = new Map<string, Lane[]>()
	#stopped = false
	readonly #delays: Delays
	readonly #flow = new Flow()

	constructor(options: QueueOptions) {
		this.#options = options
		this.#delays = new Delays({
			...options,
			tell: (item, reply) =>
				this.#tell(item, { is: 'delayed', reply: reply || this.#waiting(item.route), until: item.expires }),
			write: (ops, results) => this.#write(ops, results),
			overdue: routes => this.wake(routes, true),
		})
	}

	/** Mail that waited when the node stopped goes on. */
	start(): void {
		const { links } = this.#options
		this.wake(
			this.#options.store.reader.queue.routes().map(({ route }) => route),
			true,
		)
		this.#delays.start()
		links.onPeerUp((node, anew) => {
			for (const lane of this.#lanes.get(nodeRoute(node)) ?? []) {
				if (anew) lane.renew()
				lane.wake()
			}
		})
	}

	/** See delays.ts; called again and again once the queue is started. */
	tellDelays(): Promise<void> {
		return this.#delays.tell()
	}

	/** @param urgent also those that could not be reached a moment ago */
	wake(routes: Iterable<string>, urgent = false): void {
		if (this.#stopped) return
		for (const route of routes) for (const lane of this.#lanesOf(route)) lane.wake(urgent)
	}

	/**
	 * Accounts changed, or (`urgent`) nodes or domains: what waits may belong elsewhere now, or may go.
	 * A large merge is many such changes: those of accounts alone do not try an unreachable way again.
	 */
	directoryChanged(urgent: boolean): void {
		for (const lane of this.#all()) if (lane.waiting) lane.wake(urgent)
	}

	list(filter: { route?: string; id?: string } = {}): QueueView[] {
		return this.#options.store.reader.queue.items(filter).map(item => ({ ...item, ...this.#whyWaits(item) }))
	}

	#whyWaits(item: QueueItem): { why: Why; reason: string } {
		if (item.held) return { why: 'held', reason: 'held' }
		if (item.release !== null && item.release > this.#options.clock.now()) {
			return { why: 'send-later', reason: 'to be sent later, as its sender wished' }
		}
		if (item.lastReply) return { why: 'told', reason: item.lastReply }
		const lane = this.#waitingLane(item.route)
		if (!lane) return { why: 'on-its-way', reason: '' }
		const reason = lane.waiting ?? ''
		if (!item.route.startsWith('node:')) return { why: 'told', reason }
		const node = item.route.slice('node:'.length)
		const info = this.#options.directory.nodes().find(({ id }) => id === node)
		if (!info) return { why: 'node-unknown', reason }
		if (!info.enabled) return { why: 'node-disabled', reason }
		return { why: lane.away ? 'node-unreachable' : 'told', reason }
	}

	async retry(ids: string[] | null): Promise<boolean> {
		const [result] = await this.#options.store.write([{ do: 'queue.retry', ids }])
		this.wake(
			this.#options.store.reader.queue.routes().map(({ route }) => route),
			true,
		)
		return result!.ok
	}

	async hold(ids: string[], on: boolean): Promise<boolean> {
		const [result] = await this.#options.store.write([{ do: 'queue.hold', ids, on }])
		if (!on) await this.retry(ids)
		else
			this.wake(ids.flatMap(id => this.#options.store.reader.queue.items({ id }).map(({ route }) => route)))
		return result!.ok
	}

	/** Out of the queue; with `report` the sender is told. */
	async drop(ids: string[], report: boolean): Promise<boolean> {
		const ops: Op[] = []
		const refused = reply(554, '5.7.0', 'The administrator removed this message from the queue')
		const items = ids.flatMap(id => this.#options.store.reader.queue.items({ id }))
		if (report) for (const item of items) ops.push(...(await this.#tell(item, failed(refused))))
		const results = await this.#options.store.write([...ops, { do: 'queue.drop', ids }])
		this.wake([...routesOf(ops), ...items.map(({ route }) => route)])
		for (const item of items) this.#note(item, 'dropped', '', inWords(refused))
		return results.at(-1)!.ok
	}

	/** A letter of this node's own to people of ours; on disk when it resolves. */
	async post({ to, subject, text }: { to: string[]; subject: string; text: string }): Promise<void> {
		const { clock, hostname } = this.#options
		const ops = to.flatMap(address => {
			const id = newId(clock.now())
			const letter = notice({ to: address, subject, text, hostname, now: clock.now(), id })
			return bring(this.#options, address, letter, { id, source: 'report', requireTls: false })
		})
		await this.#write(ops, [])
	}

	async stop(): Promise<void> {
		this.#stopped = true
		await this.#delays.stop()
		await Promise.all(this.#all().map(lane => lane.stop()))
	}

	async settled(): Promise<void> {
		// What one lane ends may be what the other waits for.
		for (let once = 0; once < 2; once++) await Promise.all(this.#all().map(lane => lane.settled()))
	}

	/** Recipients whose mail a node took over from us in the last minutes. */
	handedOver(node: string): number {
		return this.#flow.lately(nodeRoute(node), this.#options.clock.now())
	}

	/** Why this route waits, '' when it does not. */
	#waiting(route: string): string {
		return this.#waitingLane(route)?.waiting ?? ''
	}

	#waitingLane(route: string): Lane | undefined {
		return this.#lanes.get(route)?.find(({ waiting }) => waiting)
	}

	#all(): Lane[] {
		return [...this.#lanes.values()].flat()
	}

	#lanesOf(route: string): Lane[] {
		let lanes = this.#lanes.get(route)
		if (!lanes) {
			const parts: QueuePart[] = route.startsWith('node:') ? ['small', 'large'] : ['all']
			this.#lanes.set(route, (lanes = parts.map(part => this.#makeLane(route, part))))
		}
		return lanes
	}

	/** Something of this part has gone: what came after it in the other part, from and to the same people, may go. */
	#letOn(route: string, part: QueuePart): void {
		if (part === 'all' || (part === 'small' && !this.#options.store.reader.queue.hasLarge(route))) return
		this.wake([route])
	}

	#makeLane(route: string, part: QueuePart): Lane {
		const { store, clock, log, links, hostname, self, dnsServers, relayPort } = this.#options
		const common = {
			route,
			part,
			store,
			clock,
			log,
			sort: async (items: QueueItem[]) => {
				const stay = await this.#sort(route, items)
				if (stay.length < items.length) this.#letOn(route, part)
				return stay
			},
			settle: async (items: QueueItem[], answers: Reply[], peer: Peer) => {
				await this.#settle(items, answers, peer)
				this.#letOn(route, part)
			},
		}
		if (route.startsWith('node:')) {
			const node = route.slice('node:'.length)
			return new Lane({
				...common,
				open: () => openHandOver({ node, links, store, hostname, clock }),
				closed: () => (node === self ? null : this.#closed(node)),
				retry: TO_NODE,
				window: WINDOW,
			})
		}
		const domain = route.slice('mx:'.length)
		const sign = (item: QueueItem) => signatureFor(this.#options, item)
		return new Lane({
			...common,
			open: () => openRelay({ domain, hostname, store, clock, dnsServers, port: relayPort, sign }),
			closed: () => null,
			retry: TO_WORLD,
			window: 1,
		})
	}

	#closed(node: string): string | null {
		const info = this.#options.directory.nodes().find(one => one.id === node)
		if (!info) return 'this node is not in the list of nodes'
		return info.enabled ? null : `node ${info.description || info.hostname || info.ip} is disabled`
	}

	/** Takes out of a page what has waited too long, lives elsewhere by now, or has nobody any more. */
	async #sort(route: string, items: QueueItem[]): Promise<QueueItem[]> {
		const { directory, self, clock } = this.#options
		const stay: QueueItem[] = []
		const moved: Extract<QueueResult, { is: 'later' }>[] = []
		for (const item of items) {
			const found = destinations(directory.lookup(item.recipient), item.recipient, self)
			const places = withRoom(this.#options, found, item.size)
			const [first] = places
			if (places.length === 0) {
				await this.#giveUp(item, reply(550, '5.1.1', 'There is no such user (any more)'), false)
			} else if (places.length > 1 || first!.to === 'here' || first!.address !== item.recipient) {
				await this.#sendElsewhere(item, places)
			} else if (found[0]!.to === 'here' && item.expires > clock.now()) {
				const due = clock.now() + backOff(item.attempts + 1, LATER.first, LATER.most)
				moved.push({
					key: item.key,
					is: 'later',
					due,
					reply: `${FULL.code} ${FULL.enhanced} ${FULL.lines[0]}`,
				})
			} else if (first!.route !== route) {
				moved.push({ key: item.key, is: 'later', due: clock.now(), reply: '', route: first!.route })
			} else if (item.expires <= clock.now()) {
				const last = item.lastReply || this.#waiting(route) || 'no answer'
				await this.#giveUp(item, reply(451, '4.4.7', last), true)
			} else stay.push(item)
		}
		if (moved.length > 0) {
			await this.#write([], moved)
			this.wake(moved.flatMap(({ route }) => route ?? []))
		}
		return stay
	}

	async #giveUp(item: QueueItem, answer: Reply, expired: boolean): Promise<void> {
		await this.#write(await this.#tell(item, { ...failed(answer), expired }), [{ key: item.key, is: 'done' }])
		this.#note(item, 'failed', '', inWords(answer))
	}

	/** Results and the Ops that follow from them, in one transaction. */
	async #write(ops: Op[], results: QueueResult[]): Promise<void> {
		await this.#options.store.write([...ops, { do: 'queue.result', results }])
		this.wake(routesOf(ops))
	}

	/** It was held until now, or while it was waiting the account moved here, or its address became an alias. */
	async #sendElsewhere(item: QueueItem, places: Destination[]): Promise<void> {
		const { clock, log } = this.#options
		const ops: Op[] = []
		const [id] = item.id.split('.') as [string]
		let { notify } = item
		try {
			if (places.length > 1 && notify?.includes('SUCCESS')) {
				ops.push(...(await this.#tell(item, { is: 'expanded' }, `${id} expanded ${item.recipient}`)))
				notify = without(notify, 'SUCCESS')
			}
			const here = places.filter(place => place.to === 'here')
			if (here.length > 0) {
				const body = await this.#copy(item, returnPath(item.reversePath))
				for (const { account, address } of here) {
					const told = { ...item, recipient: address, notify }
					ops.push(fileFor(account, body, clock.now(), id))
					ops.push(...(await this.#tell(told, { is: 'delivered' }, `${id} delivered ${item.recipient}`)))
				}
			}
			const onward = places.filter(place => place.to === 'queue')
			if (onward.length > 0) {
				const { originalRecipient, warn } = item
				const recipients = onward.map(({ address, route }) => {
					return { address, route, originalRecipient, notify, warn }
				})
				const body = await this.#copy(item, '')
				ops.push({ do: 'queue.add', item: { ...item, id: `${id}.${newId(clock.now())}`, body, recipients } })
			}
		} catch (error) {
			log.error({ id: item.id, err: error }, 'a queued message cannot be read')
			const due = clock.now() + backOff(item.attempts + 1, LATER.first, LATER.most)
			const why = `451 4.3.0 The message cannot be read here: ${(error as Error).message}`
			return this.#write([], [{ key: item.key, is: 'later', due, reply: why }])
		}
		await this.#write(ops, [{ key: item.key, is: 'done' }])
		const to = places.map(one => (one.to === 'here' ? `here:${one.address}` : `${one.route} ${one.address}`))
		this.#note({ ...item, route: 'here' }, 'delivered', '', named(to))
	}

	/** The body of a queued message once more, with something in front. */
	async #copy(item: QueueItem, front: string): Promise<StagedBody> {
		const stage = this.#options.store.stage()
		try {
			if (front !== '') await stage.write(Buffer.from(front))
			for await (const piece of this.#options.store.reader.bodyStream(item.blob)) await stage.write(piece)
			return await stage.end()
		} catch (error) {
			stage.abort()
			throw error
		}
	}

	async #settle(items: QueueItem[], answers: Reply[], peer: Peer): Promise<void> {
		const { clock, log, count } = this.#options
		const ops: Op[] = []
		const results: QueueResult[] = []
		const outcomes = items.map((item, index) => this.#judge(item, answers[index]!))
		for (const [index, item] of items.entries()) {
			const answer = answers[index]!
			if (outcomes[index] === 'delivered') this.#flow.add(item.route, clock.now())
			if (outcomes[index] === 'deferred') {
				const { first, most } = item.route.startsWith('node:') ? SOON : LATER
				const due = clock.now() + backOff(item.attempts + 1, first, most)
				results.push({ key: item.key, is: 'later', due: Math.min(due, item.expires), reply: inWords(answer) })
				continue
			}
			if (outcomes[index] === 'failed') {
				const expired = answer.code < 500
				ops.push(...(await this.#tell(item, { is: 'failed', reply: answer, expired, peer: peer.name })))
			} else if (leavesReporting(item, peer)) {
				ops.push(...(await this.#tell(item, { is: 'relayed', peer: peer.name })))
			}
			results.push({ key: item.key, is: 'done' })
		}
		await this.#write(ops, results)
		for (const [index, item] of items.entries()) {
			const outcome = outcomes[index]!
			log.info(
				{ id: item.id, to: item.recipient, route: item.route, reply: inWords(answers[index]!) },
				outcome,
			)
			count(outcome)
			this.#note(item, outcome, peer.name, inWords(answers[index]!))
		}
	}

	#note(item: QueueItem, event: TraceRow['event'], peer: string, detail: string): void {
		this.#options.note?.({
			id: item.id.split('.')[0]!,
			event,
			via: item.route,
			from: item.reversePath,
			to: item.recipient,
			subject: '',
			messageId: '',
			peer,
			detail,
			size: item.size,
		})
	}

	#judge(item: QueueItem, answer: Reply): 'delivered' | 'deferred' | 'failed' {
		if (answer.code < 300) return 'delivered'
		return answer.code < 500 && item.expires > this.#options.clock.now() ? 'deferred' : 'failed'
	}

	/** The Ops that tell the sender; none when nobody wants to hear of it. */
	async #tell(item: QueueItem, event: Event, once?: string): Promise<Op[]> {
		if (!wantsReport(item, event.is)) return []
		return tellSender(this.#options, item, event, await this.#beginningOf(item), once)
	}

	/** As much of a message as may go back; nothing when it cannot be read, for the sender must hear of it all the same. */
	async #beginningOf({ id, blob }: QueueItem): Promise<Buffer> {
		const { store, log } = this.#options
		const pieces: Buffer[] = []
		try {
			for await (const piece of store.reader.bodyStream(blob, 0, MOST_RETURNED)) pieces.push(piece)
		} catch (error) {
			log.error({ id, err: error }, 'a queued message cannot be read')
		}
		return Buffer.concat(pieces)
	}
}

function failed(reply: Reply): Extract<Event, { is: 'failed' }> {
	return { is: 'failed', reply, expired: false, peer: '' }
}
