import type { Limits, Resolved } from '../directory/index.ts'
import { splitAddress } from '../message/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { releaseOf } from './enqueue.ts'
import { mayNotSend } from './group.ts'
import { isOwn } from './own.ts'
import type { ReceiveOptions } from './receive-options.ts'
import { Receiving, tooLarge } from './receiving.ts'
import { FULL, isFull } from './room.ts'
import { refusedRow } from './trace.ts'
import type { Client, Receiver, Recipient, Transaction } from './types.ts'

/** The way of a message from the first contact to the disk. */
export function makeReceiver(options: ReceiveOptions): Receiver {
	const { directory } = options
	/** Who has the postmaster's address at one of the domains; when nobody has, the administrators (RFC 5321 section 4.5.1). */
	const postmaster = (domains: string[]): Resolved => {
		const found = domains.map(domain => directory.lookup(`postmaster@${domain}`))
		const accounts = directory.access.administrators()
		const nobody: Resolved = accounts.length > 0 ? { is: 'alias', accounts, foreign: [] } : { is: 'unknown' }
		return found.find(({ is }) => is !== 'unknown') ?? nobody
	}
	/** `postmaster` alone, or at this node's own name, is that of whichever of our domains has one. Null: not an address. */
	const resolve = (address: string): Resolved | null => {
		const lower = address.toLowerCase()
		if (lower === 'postmaster' || lower === `postmaster@${options.hostname.toLowerCase()}`) {
			return postmaster(directory.domains())
		}
		const parts = splitAddress(address)
		if (!parts) return null
		const resolved = directory.lookup(address)
		const isPostmaster = resolved.is === 'unknown' && parts.local.toLowerCase() === 'postmaster'
		return isPostmaster ? postmaster([parts.domain]) : resolved
	}
	const senderRefused = (client: Client, transaction: Transaction): Reply | null => {
		const release = releaseOf(transaction, options.clock.now())
		if (release !== null && release > options.clock.now() + options.maxHoldSeconds * 1000) {
			return reply(501, '5.5.4', `A message is held for ${options.maxHoldSeconds} seconds at most`)
		}
		const most = client.account && directory.limitsOf(client.account.id).messageSize
		if (typeof most === 'number' && (transaction.size ?? 0) > most) return tooLarge(most)
		if (transaction.reversePath === '' || !client.account) return null
		if (isOwn(directory, client.account.id, transaction.reversePath)) return null
		return reply(553, '5.7.1', `${client.account.address} may not send as <${transaction.reversePath}>`)
	}
	const recipientRefused = (client: Client, transaction: Transaction, recipient: Recipient): Reply | null => {
		const resolved = resolve(recipient.address)
		if (!resolved) return reply(553, '5.1.3', 'This is not an address')
		// Our other node took it because its directory knows the account: ours will soon, or its will soon forget.
		if (resolved.is === 'unknown' && client.node) return reply(450, '4.1.1', 'Not known here yet')
		const isStrange = resolved.is === 'unknown' || (resolved.is === 'foreign' && !client.account)
		if (isStrange && directory.isIncomplete) return reply(450, '4.1.1', 'Not known here yet')
		// Each of us thinks it is the other: until our directories agree it is not to go to and fro.
		if (resolved.is === 'account' && resolved.account.home === client.node) {
			return reply(450, '4.1.1', 'As we know it, it lives with you')
		}
		if (resolved.is === 'unknown') return reply(550, '5.1.1', `<${recipient.address}>: no such user here`)
		if (resolved.is === 'foreign' && !client.account && !client.node) {
			return reply(550, '5.7.1', `<${recipient.address}>: relaying is for signed-in users only`)
		}
		if (resolved.is === 'group') {
			const refused = mayNotSend(resolved, client, transaction, directory)
			if (refused) return refused
		}
		const refused =
			client.account && mayNotReach(directory.limitsOf(client.account.id), transaction, recipient, resolved)
		if (refused) return refused
		const lives = resolved.is === 'account' && resolved.account.home === options.self
		return lives && isFull(options, resolved.account.id, transaction.size ?? 0) ? FULL : null
	}
	const judged = (client: Client, transaction: Transaction, to: string, refused: Reply | null) => {
		if (refused) options.note?.(refusedRow(client, transaction, to, refused))
		return refused
	}
	return {
		maxSize: options.maxSize,
		maxRecipients: options.maxRecipients,
		maxHoldSeconds: options.maxHoldSeconds,

		mayWriteAs: ({ account }, address) => account !== null && isOwn(directory, account.id, address),

		limitsOf({ account }) {
			const own = account && directory.limitsOf(account.id)
			return {
				maxSize: Math.min(options.maxSize, own?.messageSize ?? options.maxSize),
				maxRecipients: Math.min(options.maxRecipients, own?.recipients ?? options.maxRecipients),
			}
		},

		judgeSender(client, transaction) {
			return judged(client, transaction, '', senderRefused(client, transaction))
		},

		judgeRecipient(client, transaction, recipient) {
			return judged(client, transaction, recipient.address, recipientRefused(client, transaction, recipient))
		},

		open(client, transaction) {
			const known = (recipient: Recipient) => resolve(recipient.address) ?? { is: 'unknown' as const }
			return new Receiving(options, client, transaction, known)
		},
	}
}

/** What the units its owner belongs to do not allow an account. */
function mayNotReach(
	limits: Limits,
	{ recipients }: Transaction,
	recipient: Recipient,
	{ is }: Resolved,
): Reply | null {
	if (is === 'foreign' && !limits.outside) {
		return reply(550, '5.7.1', 'You may send to addresses of this organisation only; ask your administrator')
	}
	if (limits.recipients === null) return null
	// JMAP names all before any is judged, SMTP each after those before it.
	const place = recipients.indexOf(recipient)
	if ((place < 0 ? recipients.length : place) >= limits.recipients) {
		return reply(550, '5.5.3', `You may send a message to ${limits.recipients} recipients at most`)
	}
	return null
}
