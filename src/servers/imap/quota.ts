import type { Room } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { no, Rejected } from './done.ts'
import { OTHERS } from './mailboxes.ts'
import type { Session } from './session.ts'

/*
 * All mail of an account counts together (RFC 9208 section 3.1): one quota root for each account that has a limit. One's
 * own is called '', that of others like the beginning of their mailboxes' names.
 */

/** The account that a quota root belongs to. */
export function accountOfRoot(session: Session, root: string): string | null {
	if (root === '') return session.account!.id
	const address = root.startsWith(OTHERS) ? root.slice(OTHERS.length) : ''
	return address.includes('@') ? (session.house.accountOf(address)?.id ?? null) : null
}

export function rootOf(session: Session, account: string): string {
	return account === session.account!.id ? '' : `${OTHERS}${session.house.accountOf(account)?.address}`
}

/** The QUOTA response; null when nothing is limited: then there is no root, for its list may not be empty (section 7). */
export function quotaResponse(session: Session, account: string): string | null {
	const { house } = session
	const limits = house.quota?.(account)
	if (!limits || (limits.octets === null && limits.messages === null)) return null
	const { size, messages } = house.reader.usage(account)
	const list: string[] = []
	// Units of 1024 octets, begun ones count.
	if (limits.octets !== null)
		list.push(`STORAGE ${Math.ceil(size / 1024)} ${Math.floor(limits.octets / 1024)}`)
	if (limits.messages !== null) list.push(`MESSAGE ${messages} ${limits.messages}`)
	return `* QUOTA ${imap.formatString(rootOf(session, account), session.utf8)} (${list.join(' ')})\r\n`
}

/** What an Op that adds messages to an account is told: the writer, who knows best, refuses what goes beyond. */
export function roomOf({ house }: Session, account: string): { within?: Room } {
	const within = house.quota?.(account)
	return within && (within.octets !== null || within.messages !== null) ? { within } : {}
}

/** Of several messages that come or stay away together the first speaks for the others. */
export function roomForRest(
	{ within }: { within?: Room },
	octets: number,
	messages: number,
): { within?: Room } {
	if (!within) return {}
	return {
		within: {
			octets: within.octets === null ? null : within.octets - octets,
			messages: within.messages === null ? null : within.messages - messages,
		},
	}
}

/** Is there room for so much more? Said before octets are taken that would be for nothing. @throws Rejected */
export function mustFit(session: Session, account: string, octets: number): void {
	const limit = session.house.quota?.(account)?.octets ?? null
	if (limit !== null && session.house.reader.usage(account).size + octets > limit) {
		throw new Rejected(no('there is no room for that', 'OVERQUOTA'))
	}
}
