import type { QueueItem } from '../store/index.ts'
import { encodeXtext, formatCommand, type Reply } from '../wire/index.ts'

/** What the peer announced. */
type Extensions = ReadonlyMap<string, string>

/** The extensions of an EHLO or LHLO reply with their parameters (RFC 5321 section 4.1.1.1). */
export function extensionsOf({ lines }: Reply): Extensions {
	return new Map(
		lines.slice(1).map((line): [string, string] => {
			const [keyword, ...rest] = line.trim().split(' ')
			return [keyword!.toUpperCase(), rest.join(' ')]
		}),
	)
}

/** A limit of RFC 9422 (RCPTMAX, MAILMAX); Infinity where none is announced. */
export function limitOf(peer: Extensions, name: string): number {
	const found = new RegExp(`(?:^| )${name}=([1-9]\\d{0,8})(?: |$)`, 'i').exec(peer.get('LIMITS') ?? '')
	return found ? Number(found[1]) : Number.POSITIVE_INFINITY
}

/** MAIL with the ESMTP parameters this message needs and the peer knows (RFC 1870, 2852, 3461, 6152, 6531, 6710, 8689). */
export function mailCommand(
	item: QueueItem,
	peer: Extensions,
	now: number,
	handOver: string | null = null,
): string {
	const dsn = peer.has('DSN')
	return formatCommand({
		verb: 'MAIL',
		reversePath: item.reversePath,
		size: peer.has('SIZE') ? item.size : null,
		body: peer.has('8BITMIME') ? '8BITMIME' : null,
		smtputf8: peer.has('SMTPUTF8') && needsUtf8(item),
		ret: dsn ? item.ret : null,
		envelopeId: dsn ? item.envelopeId : null,
		auth: null,
		holdFor: null,
		holdUntil: null,
		by: peer.has('DELIVERBY') ? timeLeft(item, now) : null,
		priority: peer.has('MT-PRIORITY') && item.priority !== 0 ? item.priority : null,
		requireTls: peer.has('REQUIRETLS') && item.requireTls,
		handOver,
	})
}

/** RFC 2852 section 4: the time here is taken off. What must be returned when late does not leave late. */
function timeLeft({ deliverBy, byMode }: QueueItem, now: number) {
	if (deliverBy === null || byMode === null) return null
	const mode = byMode.startsWith('R') ? 'R' : 'N'
	const seconds = Math.max(Math.ceil((deliverBy - now) / 1000), mode === 'R' ? 1 : -999_999_999)
	return { seconds: seconds || 0, mode, trace: byMode.endsWith('T') } as const
}

/** RCPT likewise. */
export function recipientCommand(item: QueueItem, peer: Extensions, notify = item.notify): string {
	const dsn = peer.has('DSN')
	return formatCommand({
		verb: 'RCPT',
		forwardPath: item.recipient,
		notify: dsn ? notify : null,
		originalRecipient: dsn ? item.originalRecipient : null,
	})
}

/** What the next node of ours may still report: who was told of the delay is not told again. */
export function notifyByNode({ notify, warn, reversePath }: QueueItem): string | null {
	if (warn !== null || reversePath === '') return notify
	return notify === null ? 'FAILURE' : without(notify, 'DELAY')
}

/** A NOTIFY list without one of its words; NEVER when none is left. */
export function without(notify: string, word: string): string {
	return (
		notify
			.split(',')
			.filter(one => one !== word)
			.join(',') || 'NEVER'
	)
}

/** ORCPT for an address as it was written to us (RFC 3461 section 4.2; RFC 6533 section 3 beyond ASCII). */
export function originalRecipient(address: string): string {
	if (!/[^\x00-\x7f]/.test(address)) return `rfc822;${encodeXtext(address)}`
	const coded = Array.from(address, char =>
		char > '\x7f' || char === '\\'
			? `\\x{${char.codePointAt(0)!.toString(16).toUpperCase()}}`
			: encodeXtext(char),
	)
	return `utf-8;${coded.join('')}`
}

function needsUtf8(item: QueueItem): boolean {
	return item.smtputf8 || beyondAscii(item)
}

/** Do its addresses need SMTPUTF8? */
export function beyondAscii({ reversePath, recipient }: QueueItem): boolean {
	return /[^\x00-\x7f]/.test(reversePath + recipient)
}
