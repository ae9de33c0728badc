import { jmap } from '../../wire/index.ts'
import type { Call } from './call.ts'
import type { Json } from './objects.ts'
import type { Envelope } from './submit.ts'

export const KIND = 'EmailSubmission'

/** As the store keeps it. */
export type Kept = {
	identityId: string
	emailId: string
	threadId: string
	envelope: Envelope
	/** Milliseconds since 1970. */
	sendAt: number
	undoStatus: 'pending' | 'final' | 'canceled'
	/** Parts of it in the queue. */
	queued: string[]
	/** Recipients who had it at once. */
	filed: string[]
	smtpReply: string
}

export function keptOf(call: Call): { id: string; value: Kept }[] {
	return call.house.reader.emails.objects(call.account.id, KIND) as { id: string; value: Kept }[]
}

/** As a client sees it (RFC 8621 section 7). */
export function submissionRecord(call: Call, { id, value }: { id: string; value: Kept }): Json {
	const { queued: _, filed: __, smtpReply: ___, ...kept } = value
	return {
		id,
		...kept,
		sendAt: jmap.formatUtcDate(kept.sendAt),
		deliveryStatus: kept.undoStatus === 'canceled' ? null : deliveryStatus(call, value),
		dsnBlobIds: [],
		mdnBlobIds: [],
	}
}

/** What became of each recipient, as far as this node knows (RFC 8621 section 7). */
function deliveryStatus(call: Call, { envelope, queued, filed, smtpReply }: Kept): Json {
	const waiting = new Map(
		queued.flatMap(id => call.house.reader.queue.items({ id })).map(item => [item.recipient, item.lastReply]),
	)
	return Object.fromEntries(
		envelope.rcptTo.map(({ email }) => {
			const last = waiting.get(email)
			const delivered = filed.includes(email) ? 'yes' : last === undefined ? 'unknown' : 'queued'
			return [email, { smtpReply: last || smtpReply, delivered, displayed: 'unknown' }]
		}),
	)
}

/**
 * What was held and is on its way now is final: noted when somebody asks, and when its time has come while we run.
 */
export async function settleSubmissions(call: Call): Promise<void> {
	const now = Date.now()
	const due = keptOf(call).filter(({ value }) => value.undoStatus === 'pending' && value.sendAt <= now)
	if (due.length === 0) return
	await call.house.write(
		due.map(({ id, value }) => ({
			do: 'object.set' as const,
			account: call.account.id,
			kind: KIND,
			id,
			value: { ...value, undoStatus: 'final' },
		})),
	)
}

const LONGEST_TIMER = 2 ** 31 - 1

/** Tells everybody who watches when the time has come. */
export function settleLater(call: Call, at: number): void {
	const wait = at - Date.now() + 50
	if (wait > LONGEST_TIMER) return
	setTimeout(() => {
		settleSubmissions(call).catch(error =>
			call.house.log.warn({ err: error }, 'a submission was not settled'),
		)
	}, wait).unref()
}
