import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { normalAddress } from '../kit/index.ts'
import type { Entrance, House } from './types.ts'

/** A connection that is being talked on. */
export type Conversation = {
	/** We are stopping: says so in the words of its protocol, finishes what is promised, and ends the connection. */
	farewell(): void
}

/** Begins to talk, greeting included. Everything after that is the conversation's own business. */
export type Serve = (house: House, entrance: Entrance) => Conversation | undefined

// PROXY protocol version 1, section 2.1: the longest line, CRLF included.
const MOST_PROXY_LINE = 107
const LF = 10
const HANDSHAKE_MS = 30_000

/** What came instead of the PROXY line was none. */
class BadProxyLine extends Error {}

/**
 * Reads the PROXY protocol (version 1) line with which connections between our nodes begin, for IMAP and POP3.
 * Gives the real client's address (of the connection itself for `PROXY UNKNOWN`) and the octets that came after it.
 * The socket is paused then. @throws BadProxyLine, or when the connection ends before
 */
export function readProxyLine(socket: Socket): Promise<{ client: string; rest: Buffer }> {
	return new Promise((resolve, reject) => {
		let got: Buffer = Buffer.alloc(0)
		const hear = (chunk: Buffer) => {
			got = got.length === 0 ? chunk : Buffer.concat([got, chunk])
			const end = got.indexOf(LF)
			if (end < 0 && got.length < MOST_PROXY_LINE) return
			stop()
			socket.pause()
			const client = end < 0 ? null : parseProxyLine(got.toString('latin1', 0, end + 1))
			if (client === null) return reject(new BadProxyLine('a PROXY line was expected'))
			resolve({ client: client || normalAddress(socket.remoteAddress), rest: got.subarray(end + 1) })
		}
		const fail = () => {
			stop()
			reject(new Error('the connection ended before its PROXY line'))
		}
		const stop = () => {
			socket.off('data', hear)
			socket.off('close', fail)
		}
		socket.on('data', hear)
		socket.on('close', fail)
	})
}

/** The client's address of a PROXY line with its CRLF; '' for UNKNOWN, null when it is no such line. */
export function parseProxyLine(line: string): string | null {
	if (line.length > MOST_PROXY_LINE) return null
	if (/^PROXY UNKNOWN(?: [ -~]*)?\r\n$/.test(line)) return ''
	const match = /^PROXY TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})\r\n$/.exec(line)
	if (!match) return null
	const version = Number(match[1])
	if (isIP(match[2]!) !== version || isIP(match[3]!) !== version) return null
	if (Number(match[4]) > 65535 || Number(match[5]) > 65535) return null
	return normalAddress(match[2])
}

/** The line for a client's address; ports do not matter to us. */
export function formatProxyLine(client: string, server: string): string {
	const [from, to] = [normalAddress(client), normalAddress(server)]
	const version = isIP(from)
	if (version === 0) return 'PROXY UNKNOWN\r\n'
	const end = isIP(to) === version ? to : version === 4 ? '127.0.0.1' : '::1'
	return `PROXY TCP${version} ${from} ${end} 0 0\r\n`
}

/**
 * TLS from here on, our side being the server: implicit TLS and STARTTLS alike, with the certificate of this moment.
 * `ready` is called when the handshake is done; a handshake that fails, or takes too long, closes the socket.
 */
export function secure(
	socket: Socket,
	context: SecureContext,
	ready: (socket: TLSSocket) => void,
): TLSSocket {
	const tls = new TLSSocket(socket, { isServer: true, secureContext: context })
	const giveUp = () => socket.destroy()
	const late = setTimeout(giveUp, HANDSHAKE_MS)
	tls.on('error', () => tls.destroy())
	// Whoever says no more has no handshake to finish.
	tls.once('end', giveUp)
	if (socket.readableEnded) setImmediate(giveUp)
	socket.once('close', () => clearTimeout(late))
	tls.once('secure', () => {
		clearTimeout(late)
		tls.off('end', giveUp)
		ready(tls)
	})
	return tls
}
