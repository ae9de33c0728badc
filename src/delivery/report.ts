import { encodeHeader, formatDate } from '../message/index.ts'
import type { QueueItem } from '../store/index.ts'
import { decodeXtext, type Reply } from '../wire/index.ts'

/** What a report tells of: one recipient of one message. */
export type Subject = Pick<
	QueueItem,
	| 'reversePath'
	| 'envelopeId'
	| 'ret'
	| 'recipient'
	| 'originalRecipient'
	| 'notify'
	| 'arrived'
	| 'size'
	| 'requireTls'
	| 'deliverBy'
	| 'byMode'
	| 'release'
>

/** What has become of it. `peer`: the server at the other end, '' when there was none. */
export type Event =
	/** `expired`: not refused, but given up after its time. */
	| { is: 'failed'; reply: Reply; expired: boolean; peer: string }
	/** `reply`: the last answer in words, '' when there was none. */
	| { is: 'delayed'; reply: string; until: number }
	| { is: 'delivered' }
	| { is: 'relayed'; peer: string }
	| { is: 'expanded' }

/** Does the sender want to know (RFC 3461 section 4.1)? Nobody is told of a report that cannot be delivered. */
export function wantsReport(
	{ reversePath, notify, byMode }: Pick<Subject, 'reversePath' | 'notify'> & Partial<Pick<Subject, 'byMode'>>,
	event: Event['is'],
): boolean {
	if (reversePath === '') return false
	if (event === 'failed' || event === 'delayed') {
		// Who says nothing wants to hear what is amiss.
		return notify === null || notify.split(',').includes(event === 'failed' ? 'FAILURE' : 'DELAY')
	}
	// RFC 2852 section 4: who set a time limit hears where it is not watched any more.
	if (event === 'relayed' && byMode && notify !== 'NEVER') return true
	return notify?.split(',').includes('SUCCESS') ?? false
}

const SUBJECTS = {
	failed: 'Undelivered mail 邮件未能送达',
	delayed: 'Delayed mail 邮件暂未送达',
	delivered: 'Delivered mail 邮件已送达',
	relayed: 'Relayed mail 邮件已转交',
	expanded: 'Mail passed on to several 邮件已分发',
}

// Of what another server said; a line has 998 octets at most (RFC 5322 section 2.1.1).
const MOST_SAID = 300

/**
 * A delivery status notification for one recipient (RFC 3464 in RFC 6522), in English and Chinese. Every line ends in CRLF.
 * @param original the message, or as much of its beginning as may be sent back; nothing of it comes back when it is empty
 */
export function deliveryReport(
	about: Subject,
	event: Event,
	original: Buffer,
	options: { hostname: string; now: number; id: string },
): Buffer {
	const { hostname, now, id } = options
	const boundary = `=_${id}`
	const said = printable(whatWasSaid(event)).slice(0, MOST_SAID)
	const wide = /[^\x00-\x7f]/.test(about.recipient + about.reversePath)
	// RFC 3461 section 4.3: only what failed is returned whole; RFC 8689 section 5: what must stay protected never.
	const whole = about.ret === 'FULL' && !about.requireTls && original.length === about.size
	const full = event.is === 'failed' && whole
	const head = headerOf(original)
	const quoted = said === '' ? [] : ['', `    ${said}`]
	const { en, zh } = words(about, event)
	const lines = [
		encodeHeader('From', `Mail Delivery System <postmaster@${hostname}>`),
		encodeHeader('To', `<${about.reversePath}>`),
		encodeHeader('Subject', SUBJECTS[event.is]),
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
		en,
		...quoted,
		'',
		zh,
		...quoted,
		'',
		`--${boundary}`,
		`Content-Type: message/${wide ? 'global-delivery-status' : 'delivery-status'}`,
		...(wide ? ['Content-Transfer-Encoding: 8bit'] : []),
		'',
		`Reporting-MTA: dns; ${hostname}`,
		...field('Original-Envelope-Id', about.envelopeId && decodeXtext(about.envelopeId), wide),
		`Arrival-Date: ${formatDate(about.arrived)}`,
		// RFC 2852 section 7, RFC 4865 section 8.
		...(about.deliverBy !== null ? [`Deliver-By-Date: ${formatDate(about.deliverBy)}`] : []),
		...(about.release !== null
			? [`Future-Release-Request: until;${new Date(about.release).toISOString().replace(/\.\d+/, '')}`]
			: []),
		'',
		...field(
			'Original-Recipient',
			about.originalRecipient && originalRecipient(about.originalRecipient),
			wide,
		),
		`Final-Recipient: ${/[^\x00-\x7f]/.test(about.recipient) ? 'utf-8' : 'rfc822'}; ${about.recipient}`,
		`Action: ${event.is}`,
		`Status: ${statusOf(about, event)}`,
		...field('Remote-MTA', 'peer' in event && event.peer !== '' ? `dns; ${event.peer}` : null, wide),
		...field('Diagnostic-Code', said === '' ? null : `smtp; ${said}`, wide),
		`Last-Attempt-Date: ${formatDate(now)}`,
		...(event.is === 'delayed' ? [`Will-Retry-Until: ${formatDate(event.until)}`] : []),
		'',
	]
	const returned = [
		`--${boundary}`,
		`Content-Type: ${full ? 'message/rfc822' : 'text/rfc822-headers'}`,
		...(/[^\x00-\x7f]/.test(head.toString('latin1')) || full ? ['Content-Transfer-Encoding: 8bit'] : []),
		'',
		'',
	]
	if (original.length > 0) lines.push(...returned)
	// encodeHeader ends its field with CRLF; join must not double it.
	const text = lines.map(line => line.replace(/\r\n$/, '')).join('\r\n')
	return Buffer.concat([Buffer.from(text), full ? original : head, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

function words(about: Subject, event: Event): { en: string; zh: string } {
	const to = `<${about.recipient}>`
	const since = formatDate(about.arrived)
	switch (event.is) {
		case 'failed':
			return event.expired
				? {
						en: `Your message to ${to} was not delivered. It could not be delivered since ${since}. The last answer was:`,
						zh: `您发给 ${to} 的邮件未能送达。自 ${since} 起一直无法投递，最后一次的答复是：`,
					}
				: {
						en: `Your message to ${to} was not delivered. The receiving side refused it:`,
						zh: `您发给 ${to} 的邮件未能送达。对方拒收，答复如下：`,
					}
		case 'delayed': {
			const until = formatDate(event.until)
			const why =
				event.reply === '' ? { en: '', zh: '' } : { en: ' The last answer was:', zh: '最后一次的答复是：' }
			return {
				en: `Your message to ${to} has not been delivered yet. It is being tried until ${until}; there is no need to send it again.${why.en}`,
				zh: `您发给 ${to} 的邮件尚未送达。系统将继续尝试到 ${until}，无需重新发送。${why.zh}`,
			}
		}
		case 'delivered':
			return {
				en: `Your message to ${to} is in its mailbox. That does not say that anybody has read it.`,
				zh: `您发给 ${to} 的邮件已送达收件人邮箱（并不表示已被阅读）。`,
			}
		case 'relayed':
			return {
				en: `Your message to ${to} was taken over by ${event.peer}, which may not report what becomes of it.`,
				zh: `您发给 ${to} 的邮件已转交给 ${event.peer}，对方可能不会再报告后续投递情况。`,
			}
		case 'expanded':
			return {
				en: `Your message to ${to} was passed on to everybody this address stands for.`,
				zh: `您发给 ${to} 的邮件已分发给该地址所代表的各收件人。`,
			}
	}
}

function whatWasSaid(event: Event): string {
	if (event.is === 'delayed') return event.reply
	if (event.is !== 'failed') return ''
	const { code, enhanced, lines } = event.reply
	return `${code} ${enhanced ? `${enhanced} ` : ''}${lines.join(' ')}`
}

/** RFC 3463; 1.9 = relayed to one that does not report. */
function statusOf(about: Subject, event: Event): string {
	switch (event.is) {
		case 'failed':
			// RFC 2852 section 4: what its sender wanted back after a time is not to be sent again by a machine.
			if (event.expired) return about.byMode?.startsWith('R') ? '5.4.7' : '4.4.7'
			return event.reply.enhanced ?? (event.reply.code >= 500 ? '5.0.0' : '4.0.0')
		case 'delayed':
			return /^\d{3} (4\.\d{1,3}\.\d{1,3})(?: |$)/.exec(event.reply)?.[1] ?? '4.4.7'
		case 'relayed':
			return '2.1.9'
		default:
			return '2.0.0'
	}
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
