import type { QueueItem } from '../store/index.ts'

/** ESMTP parameters of MAIL that this message needs (RFC 1870, 3461, 6152, 6531). */
export function mailParameters(item: QueueItem, peer: ReadonlySet<string> = ALL): string {
	let out = ''
	if (peer.has('SIZE')) out += ` SIZE=${item.size}`
	if (peer.has('8BITMIME')) out += ' BODY=8BITMIME'
	if (peer.has('SMTPUTF8') && needsUtf8(item)) out += ' SMTPUTF8'
	if (peer.has('DSN')) {
		if (item.ret) out += ` RET=${item.ret}`
		if (item.envelopeId) out += ` ENVID=${item.envelopeId}`
	}
	return out
}

/** ESMTP parameters of RCPT. */
export function recipientParameters(item: QueueItem, peer: ReadonlySet<string> = ALL): string {
	if (!peer.has('DSN')) return ''
	let out = ''
	if (item.notify) out += ` NOTIFY=${item.notify}`
	if (item.originalRecipient) out += ` ORCPT=${item.originalRecipient}`
	return out
}

export function needsUtf8(item: QueueItem): boolean {
	return item.smtputf8 || /[^\x00-\x7f]/.test(item.reversePath + item.recipient)
}

const ALL = new Set(['SIZE', '8BITMIME', 'SMTPUTF8', 'DSN'])
