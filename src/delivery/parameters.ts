import type { QueueItem } from '../store/index.ts'
import { formatCommand } from '../wire/index.ts'

/** MAIL with the ESMTP parameters this message needs and the peer knows (RFC 1870, 3461, 6152, 6531). */
export function mailCommand(
	item: QueueItem,
	peer: ReadonlySet<string> = OURS,
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
		handOver,
	})
}

/** RCPT likewise. */
export function recipientCommand(item: QueueItem, peer: ReadonlySet<string> = OURS): string {
	const dsn = peer.has('DSN')
	return formatCommand({
		verb: 'RCPT',
		forwardPath: item.recipient,
		notify: dsn ? item.notify : null,
		originalRecipient: dsn ? item.originalRecipient : null,
	})
}

export function needsUtf8(item: QueueItem): boolean {
	return item.smtputf8 || /[^\x00-\x7f]/.test(item.reversePath + item.recipient)
}

const OURS: ReadonlySet<string> = new Set(['SIZE', '8BITMIME', 'SMTPUTF8', 'DSN'])
