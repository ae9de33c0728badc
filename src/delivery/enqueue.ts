import { newId } from '../kit/index.ts'
import type { Op, StagedBody } from '../store/index.ts'
import { originalRecipient } from './parameters.ts'
import { wantsReport } from './report.ts'
import { type Destination, nodeRoute } from './route.ts'
import type { Recipient, Transaction } from './types.ts'

type Onward = Extract<Destination, { to: 'queue' }>
export type Queued = Omit<Extract<Op, { do: 'queue.add' }>['item']['recipients'][number], 'warn'>

/** When the message may go (RFC 4865), in milliseconds; null: now. */
export function releaseOf({ holdFor, holdUntil }: Transaction, now: number): number | null {
	const release = holdFor !== null ? now + holdFor * 1000 : holdUntil
	return release !== null && release > now ? release : null
}

/** What is held waits in the queue, also for those who live here. */
export function waiting(all: Destination[], self: string): Destination[] {
	return all.map(one =>
		one.to === 'here' ? { to: 'queue', route: nodeRoute(self), address: one.address } : one,
	)
}

/** One recipient of what goes on, with what the sender wants to hear of it. */
export function queuedFor({ address, route }: Onward, recipient: Recipient, notify: string | null): Queued {
	return { address, route, originalRecipient: originalOf(recipient, address), notify }
}

/** ORCPT: who was known by another address keeps it in the reports (RFC 3461 section 5.2.1). */
export function originalOf(recipient: Recipient, address: string): string | null {
	if (recipient.originalRecipient !== null || address === recipient.address)
		return recipient.originalRecipient
	return originalRecipient(recipient.address)
}

/** NOTIFY of an address that was named twice: what either wants to hear. */
export function bothNotify(one: string | null, other: string | null): string | null {
	if (one === other) return one
	const words = new Set([one, other].flatMap(list => (list ?? 'FAILURE,DELAY').split(',')))
	if (words.size > 1) words.delete('NEVER')
	return [...words].join(',')
}

/** The Op that queues a message, with its times. */
export function enqueue(
	{ reversePath, envelopeId, ret, smtputf8, by, priority, requireTls }: Transaction,
	recipients: Queued[],
	body: StagedBody,
	how: {
		id: string
		/** It is only a part of what is on its way under this id, or only passing through. */
		part: boolean
		now: number
		release: number | null
		source: string
		queueLifetimeMs: number
		delayReportMs: number
	},
): Op {
	const { now, release, source } = how
	// A message that is held begins to wait when it is let go.
	const begins = release ?? now
	const deliverBy = by && begins + by.seconds * 1000
	const late = begins + how.delayReportMs
	const expires = begins + how.queueLifetimeMs
	return {
		do: 'queue.add',
		item: {
			// A message that is only passing through keeps its id; the suffix keeps two parts of it apart in one queue.
			id: how.part ? `${how.id}.${newId(now)}` : how.id,
			reversePath,
			envelopeId,
			ret,
			smtputf8,
			body,
			arrived: now,
			expires: by?.mode === 'R' ? Math.min(expires, deliverBy!) : expires,
			source,
			recipients: recipients.map(one => {
				const told = wantsReport({ reversePath, notify: one.notify }, 'delayed')
				return { ...one, warn: deliverBy !== null ? Math.min(late, deliverBy) : told ? late : null }
			}),
			priority,
			requireTls,
			deliverBy,
			byMode: by && (by.trace ? `${by.mode}T` : by.mode),
			release,
		},
	}
}
