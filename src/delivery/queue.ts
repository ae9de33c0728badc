import type { Links } from '../cluster/index.ts'
import type { Directory } from '../directory/index.ts'
import { backOff, type Clock, type Log, newId } from '../kit/index.ts'
import type { Op, QueueItem, QueueResult, Store } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { nonDeliveryReport, wantsReport } from './bounce.ts'
import { fileFor } from './file.ts'
import { openHandOver } from './hand-over.ts'
import { Lane } from './lane.ts'
import { openRelay } from './relay.ts'
import { destinations, nodeRoute, routeNow } from './route.ts'
import { returnPath } from './trace.ts'

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
	/** For the statistics: delivered, deferred, failed. */
	count(outcome: string): void
}

/** A row of `queue list`: with the reason it waits. */
export type QueueView = QueueItem & { reason: string }

// RFC 5321 section 4.5.4.1: a message that was told "later" comes again after some minutes, then more rarely.
const LATER = { first: 60_000, most: 3600_000 }
const TO_NODE = { first: 500, most: 10_000 }
const TO_WORLD = { first: 60_000, most: 1800_000 }
const WINDOW = 64

/** The mail that waits to leave this node: one lane for each route. */
export class Queue {
	readonly #options: QueueOptions
	#lanes = new Map<string, Lane>()
	#stopped = false

	constructor(options: QueueOptions) {
		this.#options = options
	}

	/** Mail that waited when the node stopped goes on. */
	start(): void {
		const { links } = this.#options
		this.wake(this.#options.store.reader.queueRoutes().map(({ route }) => route))
		links.onPeerUp(node => this.#lanes.get(nodeRoute(node))?.wake())
	}

	wake(routes: Iterable<string>): void {
		if (this.#stopped) return
		for (const route of routes) this.#lane(route).wake()
	}

	/** Nodes, accounts or domains changed: what waits may belong elsewhere now, or may go. */
	directoryChanged(): void {
		for (const lane of this.#lanes.values()) if (lane.waiting) lane.wake()
	}

	list(filter: { route?: string; id?: string } = {}): QueueView[] {
		return this.#options.store.reader.queue(filter).map(item => ({
			...item,
			reason: item.held ? 'held' : item.lastReply || (this.#lanes.get(item.route)?.waiting ?? ''),
		}))
	}

	async retry(ids: string[] | null): Promise<boolean> {
		const [result] = await this.#options.store.write([{ do: 'queue.retry', ids }])
		this.wake(this.#options.store.reader.queueRoutes().map(({ route }) => route))
		return result!.ok
	}

	async hold(ids: string[], on: boolean): Promise<boolean> {
		const [result] = await this.#options.store.write([{ do: 'queue.hold', ids, on }])
		if (!on) await this.retry(ids)
		return result!.ok
	}

	/** Out of the queue; with `report` the sender is told. */
	async drop(ids: string[], report: boolean): Promise<boolean> {
		const ops: Op[] = []
		if (report) {
			const refused = reply(554, '5.7.0', 'The administrator removed this message from the queue')
			for (const id of ids) {
				for (const item of this.#options.store.reader.queue({ id }))
					ops.push(...this.#report(item, refused, false))
			}
		}
		const results = await this.#options.store.write([...ops, { do: 'queue.drop', ids }])
		this.wake(routesOf(ops))
		return results.at(-1)!.ok
	}

	async stop(): Promise<void> {
		this.#stopped = true
		await Promise.all([...this.#lanes.values()].map(lane => lane.stop()))
	}

	async settled(): Promise<void> {
		await Promise.all([...this.#lanes.values()].map(lane => lane.settled()))
	}

	#lane(route: string): Lane {
		let lane = this.#lanes.get(route)
		if (!lane) this.#lanes.set(route, (lane = this.#makeLane(route)))
		return lane
	}

	#makeLane(route: string): Lane {
		const { store, clock, log, links, hostname, self, dnsServers, relayPort } = this.#options
		const common = {
			route,
			store,
			clock,
			log,
			sort: (items: QueueItem[]) => this.#sort(route, items),
			settle: (items: QueueItem[], answers: Reply[]) => this.#settle(items, answers),
		}
		if (route.startsWith('node:')) {
			const node = route.slice('node:'.length)
			return new Lane({
				...common,
				open: () => openHandOver({ node, links, store, hostname }),
				closed: () => (node === self ? null : this.#closed(node)),
				retry: TO_NODE,
				window: WINDOW,
			})
		}
		const domain = route.slice('mx:'.length)
		return new Lane({
			...common,
			open: () => openRelay({ domain, hostname, store, dnsServers, port: relayPort }),
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
		const ops: Op[] = []
		const results: QueueResult[] = []
		for (const item of items) {
			const now = routeNow(directory, item.recipient, self)
			if (now === null) {
				ops.push(...this.#report(item, reply(550, '5.1.1', 'There is no such user (any more)'), false))
				results.push({ key: item.key, is: 'done' })
			} else if (now === nodeRoute(self)) {
				ops.push(...this.#fileHere(item))
				results.push({ key: item.key, is: 'done' })
			} else if (now !== route) {
				results.push({ key: item.key, is: 'later', due: clock.now(), reply: '', route: now })
			} else if (item.expires <= clock.now()) {
				const last = item.lastReply || this.#lanes.get(route)?.waiting || 'no answer'
				ops.push(...this.#report(item, reply(451, '4.4.7', last), true))
				results.push({ key: item.key, is: 'done' })
			} else stay.push(item)
		}
		if (results.length > 0) {
			await this.#options.store.write([...ops, { do: 'queue.result', results }])
			this.wake([
				...routesOf(ops),
				...results.flatMap(result => (result.is === 'later' && result.route ? [result.route] : [])),
			])
		}
		return stay
	}

	/** An account moved here while its mail was waiting. */
	#fileHere(item: QueueItem): Op[] {
		const { store, directory, self, clock } = this.#options
		const body = store.stageSmall(
			Buffer.concat([Buffer.from(returnPath(item.reversePath)), store.reader.body(item.blob)]),
		)
		return destinations(directory.lookup(item.recipient), item.recipient, self).flatMap(one =>
			one.to === 'here' ? [fileFor(one.account, body, clock.now(), item.id.split('.')[0])] : [],
		)
	}

	/** Results and the reports that follow from them, in one transaction. */
	async #settle(items: QueueItem[], answers: Reply[]): Promise<void> {
		const reports: Op[] = []
		const results = items.map((item, index): QueueResult => {
			const answer = answers[index]!
			const outcome = this.#judge(item, answer)
			const said = `${answer.code} ${answer.enhanced ? `${answer.enhanced} ` : ''}${answer.lines.join(' ')}`
			this.#options.log.info({ id: item.id, to: item.recipient, route: item.route, reply: said }, outcome)
			this.#options.count(outcome)
			if (outcome === 'deferred') {
				const wait = backOff(item.attempts + 1, LATER.first, LATER.most)
				return { key: item.key, is: 'later', due: this.#options.clock.now() + wait, reply: said }
			}
			if (outcome === 'failed') reports.push(...this.#report(item, answer, answer.code < 500))
			return { key: item.key, is: 'done' }
		})
		await this.#options.store.write([...reports, { do: 'queue.result', results }])
		this.wake(routesOf(reports))
	}

	#judge(item: QueueItem, answer: Reply): 'delivered' | 'deferred' | 'failed' {
		if (answer.code < 300) return 'delivered'
		return answer.code < 500 && item.expires > this.#options.clock.now() ? 'deferred' : 'failed'
	}

	/** The Ops that bring a non-delivery report to the sender; none when nobody wants one. */
	#report(item: QueueItem, answer: Reply, expired: boolean): Op[] {
		if (!wantsReport(item)) return []
		const { hostname, clock, store, directory, self, queueLifetimeMs } = this.#options
		const now = clock.now()
		const id = newId(now)
		const bytes = nonDeliveryReport({ item, reply: answer, expired }, store.reader.body(item.blob), {
			hostname,
			now,
			id,
		})
		return destinations(directory.lookup(item.reversePath), item.reversePath, self).map((one): Op => {
			if (one.to === 'here') {
				return fileFor(
					one.account,
					store.stageSmall(Buffer.concat([Buffer.from(returnPath('')), bytes])),
					now,
				)
			}
			const recipients = [
				{ address: one.address, route: one.route, originalRecipient: null, notify: 'NEVER' },
			]
			const body = store.stageSmall(bytes)
			const queued = { reversePath: '', envelopeId: null, ret: null, smtputf8: false, source: 'report' }
			return {
				do: 'queue.add',
				item: { id, body, arrived: now, expires: now + queueLifetimeMs, recipients, ...queued },
			}
		})
	}
}

function routesOf(ops: Op[]): string[] {
	return ops.flatMap(op => (op.do === 'queue.add' ? op.item.recipients.map(({ route }) => route) : []))
}
