import { backOff, newId } from '../kit/index.ts'
import type { Op, QueueItem, QueueResult, StagedBody, TraceRow } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { fileFor } from './file.ts'
import { Flow } from './flow.ts'
import type { Peer } from './lane.ts'
import { without } from './parameters.ts'
import type { QueueOptions } from './queue-options.ts'
import { type Event, wantsReport } from './report.ts'
import { FULL, withRoom } from './room.ts'
import { type Destination, destinations, leadsToStrangers, nodeRoute } from './route.ts'
import { leavesReporting, routesOf, tellSender } from './tell.ts'
import { inWords, named, returnPath } from './trace.ts'

// RFC 5321 section 4.5.4.1: a message that was told "later" comes again after some minutes, then more rarely.
const LATER = { first: 60_000, most: 3600_000 }
// A node of ours says so while it has not heard yet what we know: that is a matter of seconds.
const SOON = { first: 1000, most: 600_000 }
// Of a message in a report to its sender: a large one is not sent back as a whole.
const MOST_RETURNED = 100 * 1024

/** What becomes of mail that waited: written together with what its sender is told, then noted. */
export class Outcomes {
	readonly #options: QueueOptions
	readonly #wake: (routes: Iterable<string>) => void
	readonly #flow = new Flow()

	/** @param wake there is something new on these routes */
	constructor(options: QueueOptions, wake: (routes: Iterable<string>) => void) {
		this.#options = options
		this.#wake = wake
	}

	/** Recipients whose mail a node took over from us in the last minutes. */
	handedOver(node: string): number {
		return this.#flow.lately(nodeRoute(node), this.#options.clock.now())
	}

	/**
	 * Takes out of a page what has waited too long, lives elsewhere by now, or has nobody any more; the rest stays.
	 * Whoever this node knew in a cluster it has left is not nobody: it may be let in again, his mail waits for that.
	 * @param waiting why the route waits, '' when it does not
	 */
	async sort(route: string, items: QueueItem[], waiting: string): Promise<QueueItem[]> {
		const { directory, self, clock } = this.#options
		const stay: QueueItem[] = []
		const moved: Extract<QueueResult, { is: 'later' }>[] = []
		// Whom a directory that is still being fetched does not know may live where we thought.
		if (directory.isIncomplete && route.startsWith('node:')) return items
		const mayBeSomebody = leadsToStrangers(directory, route)
		for (const item of items) {
			const found = destinations(directory.lookup(item.recipient), item.recipient, self)
			const places = withRoom(this.#options, found, item.size)
			const [first] = places
			if (!first && !mayBeSomebody) {
				await this.#giveUp(item, reply(550, '5.1.1', 'There is no such user (any more)'), false)
			} else if (first && (places.length > 1 || first.to === 'here' || first.address !== item.recipient)) {
				await this.#sendElsewhere(item, places)
			} else if (found[0]?.to === 'here' && item.expires > clock.now()) {
				const due = clock.now() + backOff(item.attempts + 1, LATER.first, LATER.most)
				moved.push({
					key: item.key,
					is: 'later',
					due,
					reply: `${FULL.code} ${FULL.enhanced} ${FULL.lines[0]}`,
				})
			} else if (first?.to === 'queue' && first.route !== route) {
				moved.push({ key: item.key, is: 'later', due: clock.now(), reply: '', route: first.route })
			} else if (item.expires <= clock.now()) {
				const last = item.lastReply || waiting || 'no answer'
				await this.#giveUp(item, reply(451, '4.4.7', last), true)
			} else stay.push(item)
		}
		if (moved.length > 0) {
			await this.write([], moved)
			this.#wake(moved.flatMap(({ route }) => route ?? []))
		}
		return stay
	}

	async #giveUp(item: QueueItem, answer: Reply, expired: boolean): Promise<void> {
		await this.write(await this.tell(item, { ...failed(answer), expired }), [{ key: item.key, is: 'done' }])
		const { id, recipient: to, reversePath } = item
		if (reversePath === '') this.#options.log.warn({ id, to }, 'a report can be given to nobody')
		else this.#options.log.info({ id, to, route: item.route, reply: inWords(answer) }, 'failed')
		this.note(item, 'failed', '', inWords(answer))
	}

	/** It was held until now, or while it was waiting the account moved here, or its address became an alias. */
	async #sendElsewhere(item: QueueItem, places: Destination[]): Promise<void> {
		const { clock, log } = this.#options
		const ops: Op[] = []
		const [id] = item.id.split('.') as [string]
		let { notify } = item
		try {
			if (places.length > 1 && notify?.includes('SUCCESS')) {
				ops.push(...(await this.tell(item, { is: 'expanded' }, `${id} expanded ${item.recipient}`)))
				notify = without(notify, 'SUCCESS')
			}
			const here = places.filter(place => place.to === 'here')
			if (here.length > 0) {
				const body = await this.#copy(item, returnPath(item.reversePath))
				for (const { account, address } of here) {
					const told = { ...item, recipient: address, notify }
					ops.push(fileFor(account, body, clock.now(), id))
					ops.push(...(await this.tell(told, { is: 'delivered' }, `${id} delivered ${item.recipient}`)))
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
			return this.write([], [{ key: item.key, is: 'later', due, reply: why }])
		}
		await this.write(ops, [{ key: item.key, is: 'done' }])
		const to = places.map(one => (one.to === 'here' ? `here:${one.address}` : `${one.route} ${one.address}`))
		this.note({ ...item, route: 'here' }, 'delivered', '', named(to))
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

	/** What a peer has answered, to each. */
	async settle(items: QueueItem[], answers: Reply[], peer: Peer): Promise<void> {
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
				ops.push(...(await this.tell(item, { is: 'failed', reply: answer, expired, peer: peer.name })))
			} else if (leavesReporting(item, peer)) {
				ops.push(...(await this.tell(item, { is: 'relayed', peer: peer.name })))
			}
			results.push({ key: item.key, is: 'done' })
		}
		await this.write(ops, results)
		for (const [index, item] of items.entries()) {
			const outcome = outcomes[index]!
			log.info(
				{ id: item.id, to: item.recipient, route: item.route, reply: inWords(answers[index]!) },
				outcome,
			)
			count(outcome)
			this.note(item, outcome, peer.name, inWords(answers[index]!))
		}
	}

	#judge(item: QueueItem, answer: Reply): 'delivered' | 'deferred' | 'failed' {
		if (answer.code < 300) return 'delivered'
		return answer.code < 500 && item.expires > this.#options.clock.now() ? 'deferred' : 'failed'
	}

	/** Results and the Ops that follow from them, in one transaction. */
	async write(ops: Op[], results: QueueResult[]): Promise<void> {
		await this.#options.store.write([...ops, { do: 'queue.result', results }])
		this.#wake(routesOf(ops))
	}

	/** The Ops that tell the sender; none when nobody wants to hear of it. */
	async tell(item: QueueItem, event: Event, once?: string): Promise<Op[]> {
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

	note(item: QueueItem, event: TraceRow['event'], peer: string, detail: string): void {
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
}

export function failed(reply: Reply): Extract<Event, { is: 'failed' }> {
	return { is: 'failed', reply, expired: false, peer: '' }
}
