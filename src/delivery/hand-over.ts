import type { Links } from '../cluster/index.ts'
import type { Clock } from '../kit/index.ts'
import type { Store } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import { type Carrier, type Consignment, unreadable } from './lane.ts'
import { ConnectionLost, MailConnection } from './mail-connection.ts'
import { extensionsOf, mailCommand, notifyByNode, recipientCommand } from './parameters.ts'

// Bodies up to this size are sent in one piece.
const WHOLE = 256 * 1024
// Without an octet going or coming. Long, for a slow line empties the kernel's buffers slowly.
const ANSWER_WITHIN_MS = 120_000

/**
 * To a node of ours: LMTP (RFC 2033) on its web port, with our certificate. Commands and bodies are sent one behind
 * the other without waiting (PIPELINING, CHUNKING); on a slow line the line is always full.
 * @throws when the node cannot be reached
 */
export async function openHandOver(options: {
	node: string
	links: Links
	store: Store
	hostname: string
	clock: Clock
}): Promise<Carrier> {
	const socket = await options.links.connect(options.node, 'lmtp')
	const connection = new MailConnection(socket, ANSWER_WITHIN_MS)
	let hello: Reply
	try {
		hello = await greet(connection, options.hostname)
	} catch (error) {
		connection.lose('done')
		throw error
	}

	// What it announces, not what we know of ourselves: it may run another version.
	const peer = { name: hello.lines[0] ?? options.node, extensions: extensionsOf(hello) }
	// Replies are read message by message: how many one has depends on what its recipients were told.
	let read: Promise<unknown> = Promise.resolve()

	return {
		get lost() {
			return connection.lost !== null
		},
		get moved() {
			return connection.moved
		},
		spent: false,
		peer,
		close: () => connection.lose('done'),
		carry(consignment) {
			const [first] = consignment
			// A node of another version: what must stay protected is not given to whom that means nothing (RFC 8689).
			if (first.requireTls && !peer.extensions.has('REQUIRETLS')) {
				const refused = reply(550, '5.7.30', 'The node of the recipient does not know REQUIRETLS')
				return { sent: Promise.resolve(), answered: read.then(() => consignment.map(() => refused)) }
			}
			const handOver = first.id.split('.')[0]!
			let head = `${mailCommand(first, peer.extensions, options.clock.now(), handOver)}\r\n`
			for (const item of consignment) {
				head += `${recipientCommand(item, peer.extensions, notifyByNode(item))}\r\n`
			}
			head += `BDAT ${first.size} LAST\r\n`
			let broken: unknown = null
			const sent = sendBody(connection, options.store, head, first).catch(error => {
				broken = error
				connection.lose('a message broke off') // half a message is with the peer: it must not be taken for a whole one
			})
			const answered = read
				.then(() => answers(connection, consignment))
				.catch(error => {
					if (broken) return unreadable(consignment, broken)
					throw error
				})
			read = answered.catch(() => {})
			return { sent, answered }
		},
	}
}

async function greet(connection: MailConnection, hostname: string): Promise<Reply> {
	const greeting = await connection.reply()
	if (greeting.code !== 220) throw new Error(`the node refuses: ${greeting.lines.join(' ')}`)
	const hello = await connection.command(`LHLO ${hostname}`)
	if (hello.code !== 250) throw new Error(`the node refuses: ${hello.lines.join(' ')}`)
	return hello
}

async function sendBody(
	connection: MailConnection,
	store: Store,
	head: string,
	{ blob, size }: Consignment[0],
): Promise<void> {
	if (size <= WHOLE) {
		const body = store.reader.body(blob)
		connection.socket.cork()
		connection.send(head)
		connection.send(body)
		connection.socket.uncork()
		return connection.drained()
	}
	connection.send(head)
	for await (const piece of store.reader.bodyStream(blob)) {
		if (connection.lost) return
		if (!connection.send(piece)) await connection.drained()
	}
}

/** One reply for MAIL, one for each RCPT, then one for each RCPT that was accepted (RFC 2033 section 4.2). */
async function answers(connection: MailConnection, consignment: Consignment): Promise<Reply[]> {
	const sender = await answer(connection)
	const recipients: Reply[] = []
	for (const _ of consignment) recipients.push(await answer(connection))
	const good = recipients.filter(one => one.code < 300).length
	const filed: Reply[] = []
	for (let i = 0; i < Math.max(good, 1); i++) filed.push(await answer(connection))
	if (sender.code >= 300) return consignment.map(() => sender)
	return recipients.map(one => (one.code < 300 ? (filed.shift() ?? reply(451, '4.3.0', 'no answer')) : one))
}

/** 421 is no answer about a message: the node is being stopped. All that is under way comes again, in its order. */
async function answer(connection: MailConnection): Promise<Reply> {
	const one = await connection.reply()
	if (one.code === 421) throw new ConnectionLost(one.lines.join(' '))
	return one
}
