import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { domainToASCII } from 'node:url'
import mxConnect from 'mx-connect'
import type { Clock } from '../kit/index.ts'
import type { QueueItem, Store } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { MailConnection } from './mail-connection.ts'
import { extensionsOf } from './parameters.ts'

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

const CONNECT_WITHIN_MS = 30_000
// RFC 5321 section 4.5.3.2.
const ANSWER_WITHIN_MS = 300_000
// As many addresses of a domain are tried one after the other when they take no mail now.
const MOST_EXCHANGERS = 5

type Extensions = ReadonlyMap<string, string>
/** `trusted`: under TLS, and by its certificate it is an exchanger of the domain itself (RFC 8689 section 4.2.1). */
type Known = { extensions: Extensions; trusted: boolean }
/** An open connection to a mail exchanger that has said what it can do. */
export type Exchange = RelayOptions & Known & { connection: MailConnection }

type Found = { socket: Socket; hostname: string; host: string }

/** The exchanger offers TLS and cannot do it: opportunistic means that the mail goes all the same. */
class TlsFailed extends Error {}

type Opened = { exchange: Exchange; hostname: string } | { refused: Reply }

/** Who is there but takes no mail now is passed over, as who is not there is (RFC 5321 section 5.1). */
export async function openExchange(options: RelayOptions): Promise<Opened> {
	const passed: string[] = []
	let first: unknown = null
	for (;;) {
		const found = await findExchanger(options, passed).catch(error => {
			throw first ?? error
		})
		if ('refused' in found) return found
		try {
			return await openConnection(options, found, true)
		} catch (error) {
			first ??= error
			const plain = error instanceof TlsFailed ? await openPlain(options, found).catch(() => null) : null
			if (plain) return plain
			passed.push(found.host)
			if (passed.length === MOST_EXCHANGERS) throw first
		}
	}
}

/** The same exchanger once more, without TLS. */
async function openPlain(options: RelayOptions, { hostname, host }: Found): Promise<Opened> {
	const socket = connect({ host, port: options.port, timeout: CONNECT_WITHIN_MS })
	socket.once('timeout', () => socket.destroy(new Error('no connection in time')))
	await once(socket, 'connect')
	socket.setTimeout(0)
	return openConnection(options, { socket, hostname, host }, false)
}

async function openConnection(options: RelayOptions, found: Found, tls: boolean): Promise<Opened> {
	const connection = new MailConnection(found.socket, ANSWER_WITHIN_MS)
	try {
		const known = await greet(connection, options, found.hostname, tls)
		return { exchange: { ...options, ...known, connection }, hostname: found.hostname }
	} catch (error) {
		connection.lose('done')
		throw error
	}
}

async function findExchanger(options: RelayOptions, passed: string[]): Promise<Found | { refused: Reply }> {
	try {
		return await mxConnect({
			target: options.domain,
			port: options.port,
			maxConnectTime: CONNECT_WITHIN_MS,
			ignoreMXHosts: passed,
			localHostname: options.hostname,
			dnsOptions: options.dnsServers.length > 0 ? { resolveRecords: resolverFor(options.dnsServers) } : {},
		})
	} catch (error) {
		const { category, code, temporary, message } = error as {
			category?: string
			code?: string
			temporary?: boolean
			message: string
		}
		// RFC 7505 section 4.2.
		if (code === 'ENULLMX') return { refused: reply(556, '5.1.10', `${options.domain} takes no mail`) }
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
