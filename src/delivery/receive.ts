import type { Directory, Resolved } from '../directory/index.ts'
import { type Clock, type Log, newId } from '../kit/index.ts'
import { splitAddress } from '../message/index.ts'
import { type BodyStage, DiskFull, type Op, type StagedBody, type Store } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { fileFor } from './file.ts'
import { judge } from './judge.ts'
import { type Destination, destinations } from './route.ts'
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

		judgeSender(client, transaction) {
			if (transaction.reversePath === '' || !client.account) return null
			const resolved = directory.lookup(transaction.reversePath)
			const owners =
				resolved.is === 'account' ? [resolved.account] : resolved.is === 'alias' ? resolved.accounts : []
			if (owners.some(owner => owner.id === client.account?.id)) return null
			return reply(553, '5.7.1', `${client.account.address} may not send as <${transaction.reversePath}>`)
		},

		judgeRecipient(client, _transaction, recipient) {
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
			return null
		},

		open(client, transaction) {
			const known = (recipient: Recipient) => resolve(recipient.address) ?? { is: 'unknown' as const }
			return new Receiving(options, client, transaction, known)
		},
	}
}

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
		this.#addressed = transaction.recipients.map(recipient => ({
			recipient,
			destinations: destinations(resolve(recipient), recipient.address, options.self),
		}))
		const all = this.#addressed.flatMap(({ destinations }) => destinations)
		const received = receivedField(client, transaction, options.hostname, this.#id, options.clock.now())
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
		const waits = [this.#here?.write(chunk), this.#onward?.write(chunk)].filter(wait => wait !== undefined)
		if (waits.length > 0) return Promise.all(waits).then(() => {})
	}

	async end(): Promise<Reply[]> {
		try {
			// In as many turns for one body as for two: what came later on a connection is not to be written earlier.
			const [here, onward] = await Promise.all([this.#here?.end(), this.#onward?.end()])
			return await this.#settle(here ?? null, onward ?? null)
		} catch (error) {
			this.abort()
			return this.#everyRecipient(this.#fault(error))
		}
	}

	async #settle(here: StagedBody | null, onward: StagedBody | null): Promise<Reply[]> {
		const refused = judge({ scanned: (here ?? onward)!.scanned })
		if (refused) {
			this.abort()
			this.#tell('refused', refused.lines[0])
			return this.#everyRecipient(refused)
		}
		const { ops, routes } = this.#ops(here, onward)
		this.#here = this.#onward = null // the bodies are the store's from here on
		await this.#options.store.write(ops)
		this.#options.queued(routes)
		this.#tell('accepted')
		return this.#everyRecipient(reply(250, '2.0.0', `Ok: ${this.#id}`))
	}

	/** Everything the message becomes here, in one transaction: filed for those who live here, queued for the others. */
	#ops(here: StagedBody | null, onward: StagedBody | null): { ops: Op[]; routes: Set<string> } {
		const { clock, queueLifetimeMs } = this.#options
		const { reversePath, envelopeId, ret, smtputf8 } = this.#transaction
		const now = clock.now()
		const ops: Op[] = []
		const routes = new Set<string>()
		const reached = new Set<string>()
		const recipients: Extract<Op, { do: 'queue.add' }>['item']['recipients'] = []
		for (const { recipient, destinations } of this.#addressed) {
			for (const destination of destinations) {
				const key = destination.to === 'here' ? destination.account : destination.address
				if (reached.has(key)) continue // twice named, or named and member of an alias: one copy
				reached.add(key)
				if (destination.to === 'here') {
					ops.push(fileFor(destination.account, here!, now, this.#transaction.handOver ?? undefined))
				} else {
					const { originalRecipient, notify } = recipient
					recipients.push({
						address: destination.address,
						route: destination.route,
						originalRecipient,
						notify,
					})
					routes.add(destination.route)
				}
			}
		}
		if (recipients.length > 0) {
			const source = this.#client.account?.address ?? this.#client.node ?? this.#client.address
			const expires = now + queueLifetimeMs
			// A message that is only passing through keeps its id; the suffix keeps two parts of it apart in one queue.
			const id = this.#transaction.handOver ? `${this.#id}.${newId(now)}` : this.#id
			ops.push({
				do: 'queue.add',
				item: {
					id,
					reversePath,
					envelopeId,
					ret,
					smtputf8,
					body: onward!,
					arrived: now,
					expires,
					source,
					recipients,
				},
			})
		}
		return { ops, routes }
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
