import { no, Rejected } from './done.ts'
import type { Session } from './session.ts'

/** All mail of an account counts together (RFC 9208 section 3.1): the one quota root, when there is a limit. */
export const ROOT = ''

/**
 * `(STORAGE usage limit MESSAGE usage limit)` with those that are limited; null when nothing is: then there is no quota
 * root, for its list may not be empty (RFC 9208 section 7).
 */
export function quotaList(session: Session): string | null {
	const { house, account } = session
	const limits = house.quota?.(account!.id)
	if (!limits || (limits.octets === null && limits.messages === null)) return null
	const { size, messages } = house.reader.usage(account!.id)
	const list: string[] = []
	// Units of 1024 octets, begun ones count.
	if (limits.octets !== null)
		list.push(`STORAGE ${Math.ceil(size / 1024)} ${Math.floor(limits.octets / 1024)}`)
	if (limits.messages !== null) list.push(`MESSAGE ${messages} ${limits.messages}`)
	return `(${list.join(' ')})`
}

/** Is there room for so much more? @throws Rejected with OVERQUOTA */
export function mustFit(session: Session, octets: number, messages: number): void {
	const { house, account } = session
	const limits = house.quota?.(account!.id)
	if (!limits) return
	const usage = house.reader.usage(account!.id)
	if (
		(limits.octets !== null && usage.size + octets > limits.octets) ||
		(limits.messages !== null && usage.messages + messages > limits.messages)
	) {
		throw new Rejected(no('there is no room for that in your mailboxes', 'OVERQUOTA'))
	}
}

/** The same for copies of messages of the selected mailbox. @throws Rejected with OVERQUOTA */
export function mustFitCopies(session: Session, uids: number[]): void {
	const { house, account, view } = session
	if (!house.quota?.(account!.id)) return
	let octets = 0
	for (const uid of uids) octets += house.reader.messages(view!.mailbox, uid, uid)[0]?.size ?? 0
	mustFit(session, octets, uids.length)
}
