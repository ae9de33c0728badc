import { formatDate } from '../message/index.ts'
import type { TraceRow } from '../store/index.ts'
import type { Reply } from '../wire/index.ts'
import type { Client, Transaction } from './types.ts'

/** The transmission types of RFC 3848 (and RFC 6531 section 4.3 with UTF8). */
function withProtocol(client: Client, transaction: Transaction): string {
	if (client.protocol !== 'lmtp' && !client.extended) return 'SMTP'
	const utf8 = transaction.smtputf8 ? 'UTF8' : ''
	const base = client.protocol === 'lmtp' ? 'LMTP' : utf8 ? 'SMTP' : 'ESMTP'
	return `${utf8}${base}${client.tls ? 'S' : ''}${client.account ? 'A' : ''}`
}

/** The Received field of RFC 5321 section 4.4. `for` only where there is one recipient, so that none sees another. */
export function receivedField(
	client: Client,
	transaction: Transaction,
	hostname: string,
	id: string,
	now: number,
): string {
	const [only, ...more] = transaction.recipients
	const address = client.address.includes(':') ? `IPv6:${client.address}` : client.address
	// The name is the client's own choice: it must not end the place where its address stands, nor hide it in a comment.
	const helo = /^[\w.:[\]-]{1,255}$/.test(client.helo) ? client.helo : 'unknown'
	const lines = [
		`Received: from ${helo} ([${address}])`,
		`by ${hostname} (Panpipe) with ${withProtocol(client, transaction)} id ${id}`,
	]
	const shown = only && more.length === 0 && !/[^\x21-\x7e]/.test(only.address)
	if (shown) lines.push(`for <${only.address}>`)
	// RFC 6710 asks to name it.
	if (transaction.priority !== 0) lines.push(`priority ${transaction.priority}`)
	// A short `for` leaves room for the date.
	const date = formatDate(now)
	return `${lines.join('\r\n\t')};${shown ? ' ' : '\r\n\t'}${date}\r\n`
}

/** Put on top at final delivery (RFC 5321 section 4.4). */
export function returnPath(reversePath: string): string {
	return `Return-Path: <${reversePath}>\r\n`
}

// Of a message to thousands the journal names so many.
const MOST_NAMED = 1000

/** A list for the journal. */
export function named(all: string[]): string {
	if (all.length <= MOST_NAMED) return all.join(' ')
	return `${all.slice(0, MOST_NAMED).join(' ')} (+${all.length - MOST_NAMED})`
}

export function inWords({ code, enhanced, lines }: Reply): string {
	return `${code} ${enhanced ? `${enhanced} ` : ''}${lines.join(' ')}`
}

/** Refused before it had a name of its own: the connection's stands for it. */
export function refusedRow(
	client: Client,
	transaction: Transaction,
	to: string,
	refused: Reply,
): Omit<TraceRow, 'time'> {
	return {
		id: transaction.handOver ?? client.id,
		event: 'refused',
		via: client.protocol,
		from: transaction.reversePath,
		to,
		subject: '',
		messageId: '',
		peer: client.node ?? client.address,
		detail: inWords(refused),
		size: transaction.size ?? 0,
	}
}
