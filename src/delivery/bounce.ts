import { encodeHeader, formatDate } from '../message/index.ts'
import type { QueueItem } from '../store/index.ts'
import { decodeXtext, type Reply } from '../wire/index.ts'

export type Failure = {
	item: QueueItem
	reply: Reply /** Not refused, but given up after the time in the queue. */
	expired: boolean
}

/** Does the sender want to know (RFC 3461 section 4.1)? Nobody is told of a report that cannot be delivered. */
export function wantsReport(item: QueueItem): boolean {
	if (item.reversePath === '') return false
	return item.notify === null || item.notify.split(',').includes('FAILURE')
}

// Of what another server said; a line has 998 octets at most (RFC 5322 section 2.1.1).
const MOST_SAID = 300

/**
 * A non-delivery report for one recipient (RFC 3464 in RFC 6522), in English and Chinese. Every line ends in CRLF.
 * @param original the message, or as much of its beginning as may be sent back
 */
export function nonDeliveryReport(
	failure: Failure,
	original: Buffer,
	options: { hostname: string; now: number; id: string },
): Buffer {
	const { item, reply } = failure
	const { hostname, now, id } = options
	const boundary = `=_${id}`
	const status = failure.expired ? '4.4.7' : (reply.enhanced ?? (reply.code >= 500 ? '5.0.0' : '4.0.0'))
	const said = printable(
		`${reply.code} ${reply.enhanced ? `${reply.enhanced} ` : ''}${reply.lines.join(' ')}`,
	).slice(0, MOST_SAID)
	const wide = /[^\x00-\x7f]/.test(item.recipient + item.reversePath)
	const full = item.ret === 'FULL' && original.length === item.size
	const head = headerOf(original)
	const since = formatDate(item.arrived)
	const why = {
		en: failure.expired
			? `It could not be delivered since ${since}. The last answer was:`
			: 'The receiving side refused it:',
		zh: failure.expired ? `自 ${since} 起一直无法投递，最后一次的答复是：` : '对方拒收，答复如下：',
	}
	const lines = [
		encodeHeader('From', `Mail Delivery System <postmaster@${hostname}>`),
		encodeHeader('To', `<${item.reversePath}>`),
		encodeHeader('Subject', 'Undelivered mail 邮件未能送达'),
		`Date: ${formatDate(now)}`,
		`Message-ID: <${id}@${hostname}>`,
		'Auto-Submitted: auto-replied',
		'MIME-Version: 1.0',
		`Content-Type: multipart/report; report-type=${wide ? 'global-delivery-status' : 'delivery-status'};`,
		`\tboundary="${boundary}"`,
		'Content-Transfer-Encoding: 8bit',
		'',
		`--${boundary}`,
		'Content-Type: text/plain; charset=utf-8',
		'Content-Transfer-Encoding: 8bit',
		'',
		`Your message to <${item.recipient}> was not delivered. ${why.en}`,
		'',
		`    ${said}`,
		'',
		`您发给 <${item.recipient}> 的邮件未能送达。${why.zh}`,
		'',
		`    ${said}`,
		'',
		`--${boundary}`,
		`Content-Type: message/${wide ? 'global-delivery-status' : 'delivery-status'}`,
		...(wide ? ['Content-Transfer-Encoding: 8bit'] : []),
		'',
		`Reporting-MTA: dns; ${hostname}`,
		...field('Original-Envelope-Id', item.envelopeId && decodeXtext(item.envelopeId), wide),
		`Arrival-Date: ${since}`,
		'',
		...field('Original-Recipient', item.originalRecipient && originalRecipient(item.originalRecipient), wide),
		`Final-Recipient: ${wide ? 'utf-8' : 'rfc822'}; ${item.recipient}`,
		'Action: failed',
		`Status: ${status}`,
		...field('Diagnostic-Code', `smtp; ${said}`, wide),
		`Last-Attempt-Date: ${formatDate(now)}`,
		'',
		`--${boundary}`,
		`Content-Type: ${full ? 'message/rfc822' : 'text/rfc822-headers'}`,
		...(/[^\x00-\x7f]/.test(head.toString('latin1')) || full ? ['Content-Transfer-Encoding: 8bit'] : []),
		'',
		'',
	]
	// encodeHeader ends its field with CRLF where the room that writes messages does; join must not double it.
	const text = lines.map(line => line.replace(/\r\n$/, '')).join('\r\n')
	return Buffer.concat([Buffer.from(text), full ? original : head, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

/** A field of a delivery status, which is ASCII unless it is `wide` (RFC 6533); others chose the words. */
function field(name: string, value: string | null, wide: boolean): string[] {
	if (!value) return []
	const clean = printable(value)
	return [`${name}: ${wide ? clean : clean.replace(/[^\x00-\x7f]/g, '?')}`]
}

/** ORCPT without its xtext (RFC 3461 section 6.3). */
function originalRecipient(orcpt: string): string {
	const at = orcpt.indexOf(';') + 1
	const address = orcpt.slice(at)
	return `${orcpt.slice(0, at)} ${decodeXtext(address) ?? address}`
}

function printable(text: string): string {
	return text.replace(/[\x00-\x1f\x7f]+/g, ' ')
}

/** Up to the blank line, or to the last line that is whole. */
function headerOf(message: Buffer): Buffer {
	const end = message.indexOf('\r\n\r\n')
	return message.subarray(0, (end < 0 ? message.lastIndexOf('\r\n') : end) + 2)
}
