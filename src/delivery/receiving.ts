import type { Resolved } from '../directory/index.ts'
import { newId } from '../kit/index.ts'
import { formatDate, type Scanned } from '../message/index.ts'
import { type BodyStage, DiskFull, type Op } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { type Copy, divide, ended, placesOf, type StagedCopy } from './copies.ts'
import { bothNotify, enqueue, originalOf, type Queued, queuedFor, releaseOf } from './enqueue.ts'
import { fileFor } from './file.ts'
import { hasBeenThrough, listIdField } from './group.ts'
import { type Evidence, judge } from './judge.ts'
import { isOwn } from './own.ts'
import { without } from './parameters.ts'
import type { ReceiveOptions } from './receive-options.ts'
import { wantsReport } from './report.ts'
import { FULL, isFull } from './room.ts'
import { SubmittedHeader } from './submission.ts'
import { routesOf, tellSender } from './tell.ts'
import { inWords, named, receivedField, returnPath } from './trace.ts'
import type { Client, Incoming, Recipient, Taken, Transaction } from './types.ts'

// As much of a header as reports of success return, and as is looked through for a group's mark.
const MOST_HEADER = 64 * 1024

/** One message while it streams in. */
export class Receiving implements Incoming {
	#options: ReceiveOptions
	#client: Client
	#transaction: Transaction
	#id: string
	#copies: Copy[]
	#stages: BodyStage[]
	readonly #release: number | null
	/** Mends what a user's program submits; mail of others is not touched. */
	#submitted: SubmittedHeader | null = null
	/** The beginning of the message, for reports of success, for groups, and to see in whose name it is; null when nobody wants it. */
	#head: Buffer[] | null = null
	#headSize = 0
	#size = 0

	constructor(
		options: ReceiveOptions,
		client: Client,
		transaction: Transaction,
		resolve: (recipient: Recipient) => Resolved,
	) {
		this.#options = options
		this.#client = client
		this.#transaction = { ...transaction, recipients: [...transaction.recipients] }
		this.#id = transaction.handOver ?? newId(options.clock.now())
		const now = options.clock.now()
		this.#release = releaseOf(transaction, now)
		this.#copies = divide(options, this.#transaction, this.#release, resolve)
		// QUIRK: some programs sign in at port 25.
		if (client.protocol === 'submission' || client.account) {
			this.#submitted = new SubmittedHeader(formatDate(now), `<${newId(now)}@${options.hostname}>`)
		}
		const { reversePath } = transaction
		const told = transaction.recipients.some(({ notify }) =>
			wantsReport({ reversePath, notify }, 'delivered'),
		)
		if (told || client.account || this.#copies.some(({ group }) => group)) this.#head = []
		const received = receivedField(client, transaction, options.hostname, this.#id, now)
		for (const copy of this.#copies) {
			const places = placesOf(copy)
			const front = received + (copy.group ? listIdField(copy.group) : '')
			if (places.some(({ to }) => to === 'here'))
				copy.here = this.#stage(returnPath(copy.reversePath) + front)
			if (places.some(({ to }) => to === 'queue')) copy.onward = this.#stage(front)
		}
		this.#stages = this.#copies.flatMap(({ here, onward }) => [here, onward].filter(stage => stage !== null))
	}

	#stage(front: string): BodyStage {
		const stage = this.#options.store.stage()
		stage.write(Buffer.from(front))
		return stage
	}

	write(chunk: Buffer): void | Promise<void> {
		return this.#store(this.#submitted ? this.#submitted.write(chunk) : chunk)
	}

	#store(chunk: Buffer): void | Promise<void> {
		this.#size += chunk.length
		if (this.#head && this.#headSize < MOST_HEADER) {
			this.#head.push(Buffer.from(chunk.subarray(0, MOST_HEADER - this.#headSize)))
			this.#headSize += chunk.length
		}
		const waits: Promise<void>[] = []
		for (const stage of this.#stages) {
			const wait = stage.write(chunk)
			if (wait) waits.push(wait)
		}
		if (waits.length > 0) return Promise.all(waits).then(() => {})
	}

	async end(also: (taken: Taken) => Op[] = () => []): Promise<Reply[]> {
		try {
			const last = this.#submitted?.end()
			const written = last && last.length > 0 ? this.#store(last) : undefined
			const copies = this.#copies.map(ended)
			// What is in memory is written in this turn: what came later on a connection is not to be there earlier.
			const waits = written !== undefined || copies.some(copy => copy instanceof Promise)
			const staged = waits ? (await Promise.all([Promise.all(copies), written]))[0] : copies
			return await this.#settle(staged as StagedCopy[], also)
		} catch (error) {
			this.abort()
			return this.#everyRecipient(this.#fault(error))
		}
	}

	async #settle(copies: StagedCopy[], also: (taken: Taken) => Op[]): Promise<Reply[]> {
		const { scanned } = copies.flatMap(({ here, onward }) => here ?? onward ?? [])[0]!
		const refused =
			this.#tooLarge() ??
			this.#movedAway() ??
			this.#noRoom() ??
			this.#circling() ??
			judge(this.#evidence(scanned))
		if (refused) {
			this.abort()
			this.#tell('refused', refused.lines[0])
			this.#note('refused', scanned, inWords(refused))
			return this.#everyRecipient(refused)
		}
		const ops = this.#ops(copies)
		ops.push(...also(this.#taken(copies, ops)))
		this.#stages = [] // the bodies are the store's from here on
		await this.#options.store.write(ops)
		const routes = routesOf(ops)
		if (routes.length > 0) this.#options.queued(new Set(routes))
		this.#tell('accepted')
		this.#note('accepted', scanned, this.#places())
		return this.#everyRecipient(reply(250, '2.0.0', `Ok: ${this.#id}`))
	}

	#evidence(scanned: Scanned): Evidence {
		const { account } = this.#client
		const { directory } = this.#options
		return {
			scanned,
			header: Buffer.concat(this.#head ?? []),
			isOwn: account && (address => isOwn(directory, account.id, address)),
		}
	}

	/** Who did not say beforehand how large it is hears of it now, where that concerns nobody else. */
	#noRoom(): Reply | null {
		const [place, ...others] = this.#copies.flatMap(placesOf)
		if (place?.to !== 'here' || others.length > 0) return null
		return isFull(this.#options, place.account, this.#size) ? FULL : null
	}

	/**
	 * While the message came an account was renamed, removed or made part of another: nothing is filed where nobody looks
	 * any more. Whoever comes again finds the way as it is by then.
	 */
	#movedAway(): Reply | null {
		const { directory, self } = this.#options
		for (const one of this.#copies.flatMap(placesOf)) {
			if (one.to !== 'here') continue
			const now = directory.lookup(one.address)
			if (now.is === 'account' && now.account.id === one.account && now.account.home === self) continue
			return reply(451, '4.2.1', `<${one.address}> is just being moved; try again later`)
		}
		return null
	}

	#tooLarge(): Reply | null {
		const { account } = this.#client
		const most = account && this.#options.directory.limitsOf(account.id).messageSize
		return typeof most === 'number' && this.#size > most ? tooLarge(most) : null
	}

	#circling(): Reply | null {
		const groups = this.#copies.flatMap(({ group }) => group ?? [])
		if (groups.length === 0) return null
		const header = Buffer.concat(this.#head!)
		const group = groups.find(one => hasBeenThrough(one, header))
		return group ? reply(554, '5.4.6', `This message has been through <${group.address}> already`) : null
	}

	/** Everything the message becomes here, in one transaction: filed for those who live here, queued for the others. */
	#ops(copies: StagedCopy[]): Op[] {
		const { clock } = this.#options
		const { handOver } = this.#transaction
		const now = clock.now()
		const ops: Op[] = []
		const filed = new Set<string>()
		const queued = new Map<string, Queued>()
		for (const copy of copies) {
			const onward = new Set<Queued>()
			const owned = copy.reversePath !== this.#transaction.reversePath
			for (const { recipient, destinations } of copy.addressed) {
				let { notify } = recipient
				if ((copy.group || destinations.length > 1) && notify?.includes('SUCCESS')) {
					// RFC 3461 section 5.2.7.3: the sender hears of this, not of each member. Of what goes on in the
					// name of somebody else the sender hears nothing more.
					const is = owned ? 'delivered' : 'expanded'
					ops.push(...this.#report(recipient, recipient.address, is, now))
					notify = without(notify, 'SUCCESS')
				}
				// What its owner wants to hear is not for the sender to say.
				if (owned) notify = null
				for (const destination of destinations) {
					if (destination.to === 'here') {
						// Twice named, or named and member of an alias: one copy.
						if (!filed.has(destination.account))
							ops.push(fileFor(destination.account, copy.here!, now, handOver ?? undefined))
						filed.add(destination.account)
						if (notify?.includes('SUCCESS')) {
							ops.push(...this.#report(recipient, destination.address, 'delivered', now))
						}
						continue
					}
					const known = queued.get(destination.address)
					if (known) known.notify = owned ? known.notify : bothNotify(known.notify, notify)
					else {
						const one = queuedFor(destination, recipient, notify)
						if (owned) one.originalRecipient = null
						queued.set(destination.address, one)
						onward.add(one)
					}
				}
			}
			if (onward.size === 0) continue
			const envelope = owned ? { reversePath: copy.reversePath, envelopeId: null, ret: null } : {}
			// Their own parts of one message are kept apart in one queue.
			const part = handOver !== null || copy !== copies[0]
			const how = {
				id: this.#id,
				part,
				now,
				release: this.#release,
				source: this.#source(),
				...this.#options,
			}
			ops.push(enqueue({ ...this.#transaction, ...envelope }, [...onward], copy.onward!, how))
		}
		return ops
	}

	#taken(copies: StagedCopy[], ops: Op[]): Taken {
		const queued = ops.flatMap(op => (op.do === 'queue.add' ? [op.item.id] : []))
		const all = copies.flatMap(({ addressed }) => addressed)
		const here = all.filter(({ destinations }) => destinations.every(({ to }) => to === 'here'))
		return { id: this.#id, queued, filed: here.map(({ recipient }) => recipient.address) }
	}

	#source(): string {
		return this.#client.account?.address ?? this.#client.node ?? this.#client.address
	}

	/** `delivered` or `expanded`. */
	#report(recipient: Recipient, address: string, is: 'delivered' | 'expanded', now: number): Op[] {
		const { reversePath, envelopeId, ret, handOver, requireTls } = this.#transaction
		const about = {
			reversePath,
			envelopeId,
			ret,
			recipient: address,
			originalRecipient: originalOf(recipient, address),
			notify: recipient.notify,
			arrived: now,
			size: this.#headSize,
			requireTls,
			deliverBy: null,
			byMode: null,
			release: null,
		}
		const once = handOver ? `${handOver} ${is} ${recipient.address}` : undefined
		return tellSender(this.#options, about, { is }, Buffer.concat(this.#head ?? []), once)
	}

	/** A fault of ours is a temporary error to the peer; a full disk has a code of its own. */
	#fault(error: unknown): Reply {
		const full = error instanceof DiskFull || (error as { code?: string }).code === 'ENOSPC'
		this.#options.log.error(
			{ id: this.#id, err: error },
			full ? 'disk full: message not taken' : 'message not taken',
		)
		return full
			? reply(452, '4.3.1', 'No room for this message now; try again later')
			: reply(451, '4.3.0', 'This server has a problem; try again later')
	}

	#everyRecipient(one: Reply): Reply[] {
		return this.#client.protocol === 'lmtp' ? this.#transaction.recipients.map(() => one) : [one]
	}

	#tell(outcome: string, reason?: string): void {
		this.#options.count(outcome)
		const { reversePath, recipients } = this.#transaction
		const to =
			recipients.length === 1 ? recipients[0]!.address : recipients.map(recipient => recipient.address)
		this.#options.log.info(
			{
				id: this.#id,
				from: reversePath,
				to,
				by: this.#client.protocol,
				client: this.#client.address,
				...(reason ? { reason } : {}),
			},
			outcome,
		)
	}

	#note(event: 'accepted' | 'refused', { envelope }: Scanned, detail: string): void {
		const { reversePath, recipients } = this.#transaction
		this.#options.note?.({
			id: this.#id,
			event,
			via: this.#client.protocol,
			from: reversePath,
			to: named(recipients.map(({ address }) => address)),
			subject: envelope.subject ?? '',
			messageId: envelope.messageId ?? '',
			peer: this.#client.node ?? this.#client.address,
			detail,
			size: this.#size,
		})
	}

	/** Where it went from here. */
	#places(): string {
		const all = this.#copies.flatMap(placesOf)
		return named(all.map(one => (one.to === 'here' ? `here:${one.address}` : `${one.route} ${one.address}`)))
	}

	abort(): void {
		for (const stage of this.#stages) stage.abort()
	}
}

/** What a limit of its unit says to the owner of an account. */
export function tooLarge(most: number): Reply {
	return reply(552, '5.3.4', `You may send messages of ${most} octets at most`)
}
