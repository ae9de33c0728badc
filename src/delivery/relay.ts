import { isAscii } from 'node:buffer'
import type { QueueItem, Store } from '../store/index.ts'
import { DataEncoder, type Reply, reply } from '../wire/index.ts'
import { type Exchange, openExchange, type RelayOptions } from './exchange.ts'
import { type Carrier, type Consignment, unreadable } from './lane.ts'
import { ConnectionLost, type MailConnection } from './mail-connection.ts'
import { beyondAscii, limitOf, mailCommand, recipientCommand } from './parameters.ts'

// RFC 5321 section 4.5.3.2.6. Who gives up earlier sends it twice.
const TAKEN_WITHIN_MS = 600_000
// Of a header; a longer one is nobody's but an attacker's.
const MOST_HEADER = 256 * 1024

/**
 * To the world: the mail exchangers of a domain in order of preference (RFC 5321 section 5), TLS when offered
 * (RFC 7435: opportunistic, so the certificate is not asked for). One message after the other.
 * A domain that is not there, or takes no mail (RFC 7505), refuses at once. @throws when no exchanger can be reached
 */
export async function openRelay(options: RelayOptions): Promise<Carrier | { refused: Reply }> {
	const opened = await openExchange(options)
	if ('refused' in opened) return opened
	const { exchange, hostname } = opened
	const { connection, extensions } = exchange
	const most = limitOf(extensions, 'MAILMAX')
	let transactions = 0
	let underWay = 0
	let turn: Promise<unknown> = Promise.resolve()
	return {
		get lost() {
			return connection.lost !== null
		},
		get moved() {
			return connection.moved
		},
		get spent() {
			return transactions >= most
		},
		peer: { name: hostname, extensions },
		close: () => (underWay > 0 ? connection.lose('done') : void connection.quit()),
		carry(consignment) {
			underWay++
			const parts = inParts(consignment, limitOf(extensions, 'RCPTMAX'))
			transactions += parts.length
			const answered = turn.then(() => transactParts(exchange, parts)).finally(() => underWay--)
			turn = answered.catch(() => {})
			return { sent: turn.then(() => {}), answered }
		},
	}
}

/** RFC 9422: more recipients than the server takes go in several transactions. */
function inParts(consignment: Consignment, most: number): Consignment[] {
	if (consignment.length <= most) return [consignment]
	const parts: Consignment[] = []
	for (let at = 0; at < consignment.length; at += most)
		parts.push(consignment.slice(at, at + most) as Consignment)
	return parts
}

/** A connection that is lost with the second part must not bring the first one again. */
async function transactParts(exchange: Exchange, parts: Consignment[]): Promise<Reply[]> {
	const replies: Reply[] = []
	for (const part of parts) {
		try {
			replies.push(...(await transact(exchange, part)))
		} catch (error) {
			if (replies.length === 0) throw error
			replies.push(
				...part.map(() => reply(451, '4.4.2', `The connection was lost: ${(error as Error).message}`)),
			)
		}
	}
	return replies
}

/** What this message needs and the server does not have; null when all is there. */
async function lacks({ extensions, trusted, store }: Exchange, item: QueueItem): Promise<Reply | null> {
	if (!extensions.has('SMTPUTF8') && (beyondAscii(item) || (item.smtputf8 && (await isWide(store, item))))) {
		return reply(553, '5.6.7', 'The receiving server does not take addresses beyond ASCII (SMTPUTF8)')
	}
	if (item.requireTls && !(trusted && extensions.has('REQUIRETLS'))) {
		const what = trusted ? 'does not know REQUIRETLS' : 'has no TLS with a certificate of its domain'
		return reply(550, '5.7.30', `The message must stay protected, but the receiving server ${what}`)
	}
	// RFC 2852 section 4: it may not be given to whom the time means nothing.
	if (item.byMode?.startsWith('R') && !extensions.has('DELIVERBY')) {
		return reply(
			554,
			'5.3.3',
			'The receiving server does not watch the time limit of the message (DELIVERBY)',
		)
	}
	return null
}

/** QUIRK: is the header of a message beyond ASCII (RFC 6532)? That SMTPUTF8 was said is no sign: some programs always say it. */
async function isWide(store: Store, { blob }: QueueItem): Promise<boolean> {
	let head: Buffer = Buffer.alloc(0)
	for await (const piece of store.reader.bodyStream(blob, 0, MOST_HEADER)) {
		head = Buffer.concat([head, piece])
		const end = head.indexOf('\r\n\r\n')
		if (end >= 0) return !isAscii(head.subarray(0, end))
	}
	return !isAscii(head)
}

async function transact(exchange: Exchange, consignment: Consignment): Promise<Reply[]> {
	const { connection, extensions, clock } = exchange
	const [first] = consignment
	const refused = await lacks(exchange, first)
	if (refused) return consignment.map(() => refused)
	const sender = await connection.command(mailCommand(first, extensions, clock.now()))
	if (sender.code === 421) throw new ConnectionLost(sender.lines.join(' '))
	if (sender.code >= 300) {
		await reset(connection)
		return consignment.map(() => sender)
	}
	try {
		return await recipientsAndContent(exchange, consignment)
	} catch (error) {
		if (!(error instanceof ConnectionLost)) throw error
		// It may have to do with this message: it waits by itself and does not keep the others from going.
		const lost = reply(451, '4.4.2', `The connection was lost: ${error.message}`)
		return consignment.map(() => lost)
	}
}

async function recipientsAndContent(
	{ connection, extensions, store, sign }: Exchange,
	consignment: Consignment,
): Promise<Reply[]> {
	const recipients: Reply[] = []
	for (const item of consignment) {
		recipients.push(await connection.command(recipientCommand(item, extensions)))
	}
	if (recipients.every(one => one.code >= 300)) {
		await reset(connection)
		return recipients
	}
	const forAll = (one: Reply) => recipients.map(own => (own.code < 300 ? one : own))
	let front: string
	try {
		front = await sign(consignment[0])
	} catch (error) {
		await reset(connection)
		return unreadable(consignment, error)
	}
	const go = await connection.command('DATA')
	if (go.code < 400 && go.code !== 354) throw new ConnectionLost(`DATA was answered ${go.code}`)
	if (go.code !== 354) {
		await reset(connection)
		return forAll(go)
	}
	try {
		await sendContent(connection, store, consignment[0].blob, front)
	} catch (error) {
		connection.lose('a message broke off')
		return unreadable(consignment, error)
	}
	return forAll(await connection.reply(TAKEN_WITHIN_MS))
}

async function sendContent(
	connection: MailConnection,
	store: Store,
	blob: number,
	front: string,
): Promise<void> {
	const encoder = new DataEncoder()
	if (front !== '') connection.send(encoder.write(Buffer.from(front, 'latin1')))
	for await (const piece of store.reader.bodyStream(blob)) {
		if (connection.lost) return
		if (!connection.send(encoder.write(piece))) await connection.drained()
	}
	connection.send(encoder.end())
}

/** What is left of the transaction is forgotten, or the next MAIL would be refused. */
async function reset(connection: MailConnection): Promise<void> {
	await connection.command('RSET').catch(() => {})
}
