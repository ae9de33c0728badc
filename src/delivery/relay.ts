import { Resolver } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { domainToASCII } from 'node:url'
import mxConnect from 'mx-connect'
import type { Clock } from '../kit/index.ts'
import type { QueueItem, Store } from '../store/index.ts'
import { DataEncoder, type Reply, reply } from '../wire/index.ts'
import { type Carrier, type Consignment, unreadable } from './lane.ts'
import { ConnectionLost, MailConnection } from './mail-connection.ts'
import { extensionsOf, limitOf, mailCommand, needsUtf8, recipientCommand } from './parameters.ts'

export type RelayOptions = {
	domain: string
	hostname: string
	store: Store
	clock: Clock
	/** What stands before the message when it goes: its signature. */
	sign(item: QueueItem): Promise<string>
	/** DNS servers (`address` or `address:port`); empty = the system's. */
	dnsServers: readonly string[]
	/** Where mail exchangers listen: 25 in the world. */
	port: number
}

/**
 * To the world: the mail exchangers of a domain in order of preference (RFC 5321 section 5), TLS when offered
 * (RFC 7435: opportunistic, so the certificate is not asked for). One message after the other.
 * A domain that is not there, or takes no mail (RFC 7505), refuses at once. @throws when no exchanger can be reached
 */
export async function openRelay(options: RelayOptions): Promise<Carrier | { refused: Reply }> {
	const opened = await openConnection(options, true).catch(error => {
		if (error instanceof TlsFailed) return openConnection(options, false)
		throw error
	})
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

/** The exchanger offers TLS and cannot do it: opportunistic means that the mail goes all the same. */
class TlsFailed extends Error {}

async function openConnection(
	options: RelayOptions,
	tls: boolean,
): Promise<{ exchange: Exchange; hostname: string } | { refused: Reply }> {
	const found = await findExchanger(options)
	if ('refused' in found) return found
	const connection = new MailConnection(found.socket, 300_000)
	try {
		const known = await greet(connection, options, found.hostname, tls)
		return { exchange: { ...options, ...known, connection }, hostname: found.hostname }
	} catch (error) {
		connection.lose('done')
		throw error
	}
}

async function findExchanger(
	options: RelayOptions,
): Promise<{ socket: Socket; hostname: string } | { refused: Reply }> {
	try {
		return await mxConnect({
			target: options.domain,
			port: options.port,
			maxConnectTime: 30_000,
			localHostname: options.hostname,
			dnsOptions: options.dnsServers.length > 0 ? { resolveRecords: resolverFor(options.dnsServers) } : {},
		})
	} catch (error) {
		const { category, temporary, message } = error as {
			category?: string
			temporary?: boolean
			message: string
		}
		if (category === 'dns' && !temporary)
			return { refused: reply(550, '5.1.2', `${options.domain}: ${message}`) }
		throw error
	}
}

function resolverFor(servers: readonly string[]): (domain: string, type: string) => Promise<unknown> {
	const resolver = new Resolver({ timeout: 5000, tries: 2 })
	resolver.setServers(servers as string[])
	return (domain, type) => resolver.resolve(domain, type as 'MX') as Promise<unknown>
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

type Extensions = ReadonlyMap<string, string>
/** `trusted`: under TLS, and by its certificate it is an exchanger of the domain itself (RFC 8689 section 4.2.1). */
type Known = { extensions: Extensions; trusted: boolean }
type Exchange = RelayOptions & Known & { connection: MailConnection }

async function greet(
	connection: MailConnection,
	{ hostname, domain }: RelayOptions,
	peer: string,
	tls: boolean,
): Promise<Known> {
	const greeting = await connection.reply()
	if (greeting.code !== 220) throw new Error(`${peer} answered: ${greeting.code} ${greeting.lines.join(' ')}`)
	const extensions = await hello(connection, hostname)
	if (!tls || !extensions.has('STARTTLS')) return { extensions, trusted: false }
	const ready = await connection.command('STARTTLS')
	if (ready.code !== 220) return { extensions, trusted: false }
	const plain = connection.socket
	const servername = isIP(peer) ? '' : peer
	const secure = connectTls({ socket: plain, servername, rejectUnauthorized: false })
	connection.replaceSocket(secure)
	let shaken = false
	secure.once('secureConnect', () => {
		shaken = true
	})
	const protectedExtensions = await hello(connection, hostname).catch(error => {
		throw shaken ? error : new TlsFailed(error.message)
	})
	// Without DNSSEC or MTA-STS, MX records may lie: only a name within the domain the sender wrote is believed.
	const within = `.${peer.toLowerCase()}`.endsWith(`.${domainToASCII(domain) || domain}`)
	return { extensions: protectedExtensions, trusted: secure.authorized && within }
}

async function hello(connection: MailConnection, hostname: string): Promise<Extensions> {
	const answer = await connection.command(`EHLO ${hostname}`)
	if (answer.code === 250) return extensionsOf(answer)
	const old = await connection.command(`HELO ${hostname}`)
	if (old.code !== 250) throw new Error(`answered: ${old.code} ${old.lines.join(' ')}`)
	return new Map()
}

/** What this message needs and the server does not have; null when all is there. */
function lacks({ extensions, trusted }: Exchange, item: QueueItem): Reply | null {
	if (needsUtf8(item) && !extensions.has('SMTPUTF8')) {
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

async function transact(exchange: Exchange, consignment: Consignment): Promise<Reply[]> {
	const { connection, extensions, clock } = exchange
	const [first] = consignment
	const refused = lacks(exchange, first)
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
	return forAll(await connection.reply())
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
