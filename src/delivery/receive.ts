import type { Directory, Limits, Resolved } from '../directory/index.ts'
import { type Clock, type Log, newId } from '../kit/index.ts'
import { formatDate, splitAddress } from '../message/index.ts'
import { type BodyStage, DiskFull, type Op, type StagedBody, type Store } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { bothNotify, enqueue, originalOf, type Queued, queuedFor, releaseOf, waiting } from './enqueue.ts'
import { fileFor } from './file.ts'
import { judge } from './judge.ts'
import { without } from './parameters.ts'
import { wantsReport } from './report.ts'
import { type Destination, destinations } from './route.ts'
import { SubmittedHeader } from './submission.ts'
import { routesOf, tellSender } from './tell.ts'
import { receivedField, returnPath } from './trace.ts'
import type { Client, Incoming, Receiver, Recipient, Transaction } from './types.ts'

export type ReceiveOptions = {
	hostname: string
	self: string
	store: Store
	directory: Directory
	log: Log
	clock: Clock
	maxSize: number
	maxRecipients: number
	/** Milliseconds a message may wait in the queue. */
	queueLifetimeMs: number
	/** The sender is told when a message has waited so long. */
	delayReportMs: number
	/** How long a message may be held back (RFC 4865). */
	maxHoldSeconds: number
	/** Called after a commit with the routes that have something new. */
	queued(routes: Iterable<string>): void
	/** For the statistics: accepted, refused. */
	count(outcome: string): void
}

/** The way of a message from the first contact to the disk. */
export function makeReceiver(options: ReceiveOptions): Receiver {
	const { directory } = options
	/** `postmaster` alone is that of whichever of our domains has one (RFC 5321 section 4.5.1). Null: not an address. */
	const resolve = (address: string): Resolved | null => {
		if (splitAddress(address)) return directory.lookup(address)
		if (address.toLowerCase() !== 'postmaster') return null
		const all = directory.domains().map(domain => directory.lookup(`postmaster@${domain}`))
		return all.find(one => one.is !== 'unknown') ?? { is: 'unknown' }
	}
	return {
		maxSize: options.maxSize,
		maxRecipients: options.maxRecipients,
		maxHoldSeconds: options.maxHoldSeconds,

		judgeSender(client, transaction) {
			const release = releaseOf(transaction, options.clock.now())
			if (release !== null && release > options.clock.now() + options.maxHoldSeconds * 1000) {
				return reply(501, '5.5.4', `A message is held for ${options.maxHoldSeconds} seconds at most`)
			}
			const most = client.account && directory.limitsOf(client.account.id).messageSize
			if (typeof most === 'number' && (transaction.size ?? 0) > most) return tooLarge(most)
			if (transaction.reversePath === '' || !client.account) return null
			const resolved = directory.lookup(transaction.reversePath)
			const owners =
				resolved.is === 'account' ? [resolved.account] : resolved.is === 'alias' ? resolved.accounts : []
			if (owners.some(owner => owner.id === client.account?.id)) return null
			return reply(553, '5.7.1', `${client.account.address} may not send as <${transaction.reversePath}>`)
		},

		judgeRecipient(client, transaction, recipient) {
			const resolved = resolve(recipient.address)
			if (!resolved) return reply(553, '5.1.3', 'This is not an address')
			// Our other node took it because its directory knows the account: ours will soon, or its will soon forget.
			if (resolved.is === 'unknown' && client.node) return reply(450, '4.1.1', 'Not known here yet')
			// Each of us thinks it is the other: until our directories agree it is not to go to and fro.
			if (resolved.is === 'account' && resolved.account.home === client.node) {
				return reply(450, '4.1.1', 'As we know it, it lives with you')
			}
			if (resolved.is === 'unknown') return reply(550, '5.1.1', `<${recipient.address}>: no such user here`)
			if (resolved.is === 'foreign' && !client.account && !client.node) {
				return reply(550, '5.7.1', `<${recipient.address}>: relaying is for signed-in users only`)
			}
			return client.account ? mayNotReach(directory.limitsOf(client.account.id), transaction, resolved) : null
		},

		open(client, transaction) {
			const known = (recipient: Recipient) => resolve(recipient.address) ?? { is: 'unknown' as const }
			return new Receiving(options, client, transaction, known)
		},
	}
}

/** What the units its owner belongs to do not allow an account. */
function mayNotReach(limits: Limits, { recipients }: Transaction, { is }: Resolved): Reply | null {
	if (is === 'foreign' && !limits.outside) {
		return reply(550, '5.7.1', 'You may send to addresses of this organisation only; ask your administrator')
	}
	if (limits.recipients !== null && recipients.length >= limits.recipients) {
		return reply(550, '5.5.3', `You may send a message to ${limits.recipients} recipients at most`)
	}
	return null
}

function tooLarge(most: number): Reply {
	return reply(552, '5.3.4', `You may send messages of ${most} octets at most`)
}

// As much of a header as reports of success return.
const MOST_HEADER = 64 * 1024

type Addressed = { recipient: Recipient; destinations: Destination[] }

/** One message while it streams in. */
class Receiving implements Incoming {
	#options: ReceiveOptions
	#client: Client
	#transaction: Transaction
	#id: string
	#addressed: Addressed[]
	/** What is filed here begins with Return-Path, what goes on to others does not: at most two bodies. */
	#here: BodyStage | null = null
	#onward: BodyStage | null = null
	readonly #release: number | null
	/** Mends what a user's program submits; mail of others is not touched. */
	#submitted: SubmittedHeader | null = null
	/** The beginning of the message, for reports of success; null when nobody wants one. */
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
		this.#addressed = transaction.recipients.map(recipient => ({
			recipient,
			destinations: destinations(resolve(recipient), recipient.address, options.self),
		}))
		if (this.#release !== null)
			for (const one of this.#addressed) one.destinations = waiting(one.destinations, options.self)
		if (client.protocol === 'submission') {
			this.#submitted = new SubmittedHeader(formatDate(now), `<${newId(now)}@${options.hostname}>`)
		}
		const { reversePath } = transaction
		if (transaction.recipients.some(({ notify }) => wantsReport({ reversePath, notify }, 'delivered')))
			this.#head = []
		const all = this.#addressed.flatMap(({ destinations }) => destinations)
		const received = receivedField(client, transaction, options.hostname, this.#id, now)
		if (all.some(({ to }) => to === 'here')) {
			this.#here = options.store.stage()
			this.#here.write(Buffer.from(returnPath(transaction.reversePath) + received))
		}
		if (all.some(({ to }) => to === 'queue')) {
			this.#onward = options.store.stage()
			this.#onward.write(Buffer.from(received))
		}
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
		const waits = [this.#here?.write(chunk), this.#onward?.write(chunk)].filter(wait => wait !== undefined)
		if (waits.length > 0) return Promise.all(waits).then(() => {})
	}

	async end(): Promise<Reply[]> {
		try {
			const last = this.#submitted?.end()
			const written = last && last.length > 0 ? this.#store(last) : undefined
			// In as many turns for one body as for two: what came later on a connection is not to be written earlier.
			const [here, onward] = await Promise.all([this.#here?.end(), this.#onward?.end(), written])
			return await this.#settle(here ?? null, onward ?? null)
		} catch (error) {
			this.abort()
			return this.#everyRecipient(this.#fault(error))
		}
	}

	async #settle(here: StagedBody | null, onward: StagedBody | null): Promise<Reply[]> {
		const refused = this.#tooLarge() ?? judge({ scanned: (here ?? onward)!.scanned })
		if (refused) {
			this.abort()
			this.#tell('refused', refused.lines[0])
			return this.#everyRecipient(refused)
		}
		const ops = this.#ops(here, onward)
		this.#here = this.#onward = null // the bodies are the store's from here on
		await this.#options.store.write(ops)
		const routes = routesOf(ops)
		if (routes.length > 0) this.#options.queued(new Set(routes))
		this.#tell('accepted')
		return this.#everyRecipient(reply(250, '2.0.0', `Ok: ${this.#id}`))
	}

	#tooLarge(): Reply | null {
		const { account } = this.#client
		const most = account && this.#options.directory.limitsOf(account.id).messageSize
		return typeof most === 'number' && this.#size > most ? tooLarge(most) : null
	}

	/** Everything the message becomes here, in one transaction: filed for those who live here, queued for the others. */
	#ops(here: StagedBody | null, onward: StagedBody | null): Op[] {
		const { clock } = this.#options
		const handOver = this.#transaction.handOver ?? undefined
		const now = clock.now()
		const ops: Op[] = []
		const filed = new Set<string>()
		const queued = new Map<string, Queued>()
		for (const { recipient, destinations } of this.#addressed) {
			let { notify } = recipient
			if (destinations.length > 1 && notify?.includes('SUCCESS')) {
				// RFC 3461 section 5.2.7.3: the sender hears of this, not of each member.
				ops.push(...this.#report(recipient, recipient.address, 'expanded', now))
				notify = without(notify, 'SUCCESS')
			}
			for (const destination of destinations) {
				if (destination.to === 'here') {
					// Twice named, or named and member of an alias: one copy.
					if (!filed.has(destination.account)) ops.push(fileFor(destination.account, here!, now, handOver))
					filed.add(destination.account)
					if (notify?.includes('SUCCESS')) {
						ops.push(...this.#report(recipient, destination.address, 'delivered', now))
					}
					continue
				}
				const known = queued.get(destination.address)
				if (known) known.notify = bothNotify(known.notify, notify)
				else queued.set(destination.address, queuedFor(destination, recipient, notify))
			}
		}
		if (queued.size > 0) {
			const how = { id: this.#id, now, release: this.#release, source: this.#source(), ...this.#options }
			ops.push(enqueue(this.#transaction, [...queued.values()], onward!, how))
		}
		return ops
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
		return this.#client.protocol === 'lmtp' ? this.#addressed.map(() => one) : [one]
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

	abort(): void {
		this.#here?.abort()
		this.#onward?.abort()
	}
}
