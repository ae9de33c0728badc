import { newId } from '../kit/index.ts'
import type { Op, QueueItem, QueuePart } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { Delays } from './delays.ts'
import { openHandOver } from './hand-over.ts'
import { Lane, type Peer } from './lane.ts'
import { notice } from './notice.ts'
import { failed, Outcomes } from './outcomes.ts'
import type { QueueOptions } from './queue-options.ts'
import { openRelay } from './relay.ts'
import { leadsToStrangers, nodeRoute } from './route.ts'
import { signatureFor } from './sign.ts'
import { bring, routesOf } from './tell.ts'
import { inWords } from './trace.ts'

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

const TO_NODE = { first: 500, most: 10_000 }
const TO_WORLD = { first: 60_000, most: 1800_000 }
const WINDOW = 64
const UNKNOWN =
	'it is for a cluster that this node has left; it goes when this node is let into it again, or drop it'

/** The mail that waits to leave this node: a lane for each route, to nodes of ours two. */
export class Queue {
	readonly #options: QueueOptions
	#lanes = new Map<string, Lane[]>()
	#stopped = false
	readonly #delays: Delays
	readonly #outcomes: Outcomes

	constructor(options: QueueOptions) {
		this.#options = options
		this.#outcomes = new Outcomes(options, routes => this.wake(routes))
		this.#delays = new Delays({
			...options,
			tell: (item, reply) =>
				this.#outcomes.tell(item, {
					is: 'delayed',
					reply: reply || this.#waiting(item.route),
					until: item.expires,
				}),
			write: (ops, results) => this.#outcomes.write(ops, results),
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
				lane.heard(anew)
			}
		})
		links.onPeerDown(node => {
			for (const lane of this.#lanes.get(nodeRoute(node)) ?? []) lane.silent()
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
		if (!lane) {
			return this.#isSilent(item.route)
				? { why: 'node-unreachable', reason: 'its node is not heard now; it goes as soon as that is' }
				: { why: 'on-its-way', reason: '' }
		}
		const reason = lane.waiting ?? ''
		if (!item.route.startsWith('node:')) return { why: 'told', reason }
		const node = item.route.slice('node:'.length)
		const info = this.#options.directory.nodes().find(({ id }) => id === node)
		if (!info) return { why: 'node-unknown', reason }
		if (!info.enabled) return { why: 'node-disabled', reason }
		return { why: lane.away ? 'node-unreachable' : 'told', reason }
	}

	#isSilent(route: string): boolean {
		return this.#options.links.peers().some(({ id, state }) => nodeRoute(id) === route && state !== 'up')
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
		if (report) for (const item of items) ops.push(...(await this.#outcomes.tell(item, failed(refused))))
		const results = await this.#options.store.write([...ops, { do: 'queue.drop', ids }])
		this.wake([...routesOf(ops), ...items.map(({ route }) => route)])
		for (const item of items) this.#outcomes.note(item, 'dropped', '', inWords(refused))
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
		await this.#outcomes.write(ops, [])
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
		return this.#outcomes.handedOver(node)
	}

	/** Recipients whose mail waits for somebody of a cluster that this node has left. */
	get leftBehind(): number {
		const { store, directory } = this.#options
		if (directory.isIncomplete) return 0
		return store.reader.queue
			.routes()
			.filter(({ route }) => leadsToStrangers(directory, route))
			.reduce((sum, { waiting }) => sum + waiting, 0)
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
				const stay = await this.#outcomes.sort(route, items, this.#waiting(route))
				if (stay.length < items.length) this.#letOn(route, part)
				return stay
			},
			settle: async (items: QueueItem[], answers: Reply[], peer: Peer) => {
				await this.#outcomes.settle(items, answers, peer)
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
		if (!info) return UNKNOWN
		return info.enabled ? null : `node ${info.description || info.hostname || info.ip} is disabled`
	}
}
