import type { Links } from '../cluster/index.ts'
import type { Store } from '../store/index.ts'
import { type Reply, reply } from '../wire/index.ts'
import type { Carrier, Consignment } from './lane.ts'
import { MailConnection } from './mail-connection.ts'
import { mailCommand, recipientCommand } from './parameters.ts'

// Bodies up to this size are sent in one piece.
const WHOLE = 256 * 1024

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
}): Promise<Carrier> {
	const socket = await options.links.connect(options.node, 'lmtp')
	const connection = new MailConnection(socket, 60_000)
	const greeting = await connection.reply()
	if (greeting.code !== 220) throw new Error(`the node refuses: ${greeting.lines.join(' ')}`)
	const hello = await connection.command(`LHLO ${options.hostname}`)
	if (hello.code !== 250) throw new Error(`the node refuses: ${hello.lines.join(' ')}`)

	// Replies are read message by message: how many one has depends on what its recipients were told.
	let read: Promise<unknown> = Promise.resolve()

	return {
		get lost() {
			return connection.lost !== null
		},
		close: () => connection.lose('done'),
		carry(consignment) {
			const [first] = consignment
			let head = `${mailCommand(first, undefined, first.id.split('.')[0])}\r\n`
			for (const item of consignment) head += `${recipientCommand(item)}\r\n`
			head += `BDAT ${first.size} LAST\r\n`
			const answered = read.then(() => answers(connection, consignment))
			read = answered.catch(() => {})
			return { sent: sendBody(connection, options.store, head, first), answered }
		},
	}
}

async function sendBody(
	connection: MailConnection,
	store: Store,
	head: string,
	{ blob, size }: Consignment[0],
): Promise<void> {
	if (size <= WHOLE) {
		connection.socket.cork()
		connection.send(head)
		connection.send(store.reader.body(blob))
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
	const sender = await connection.reply()
	const recipients: Reply[] = []
	for (const _ of consignment) recipients.push(await connection.reply())
	const good = recipients.filter(one => one.code < 300).length
	const filed: Reply[] = []
	for (let i = 0; i < Math.max(good, 1); i++) filed.push(await connection.reply())
	if (sender.code >= 300) return consignment.map(() => sender)
	return recipients.map(one => (one.code < 300 ? (filed.shift() ?? reply(451, '4.3.0', 'no answer')) : one))
}
