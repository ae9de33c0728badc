/** A mailbox of a million messages: a hundred copies of ten thousand, made by the store itself. */
import { performance } from 'node:perf_hooks'
import { fill } from './letters.ts'
import { PASSWORD, PanpipeNode } from './panpipe.ts'
import { median, type Row } from './table.ts'
import { ImapWire } from './wire-client.ts'

const MESSAGES = 1_000_000
const COPIED = 10_000
const ROUNDS = 15

export async function millionRows(root: string, started: (node: PanpipeNode) => void): Promise<Row[]> {
	const host = '127.88.0.32'
	let node = await PanpipeNode.start(root, 'million', host)
	started(node)
	await node.say('domain', 'add', 'test.com')
	await node.addAccount('user@test.com')
	const mailbox = { host, port: node.imap, login: 'user@test.com', password: PASSWORD }
	await fill(mailbox, COPIED)
	const maker = await ImapWire.open(mailbox)
	await maker.ask('CREATE Large')
	await maker.ask('SELECT INBOX')
	for (let made = 0; made < MESSAGES; made += COPIED) await maker.ask('COPY 1:* Large')
	maker.close()
	await node.stop()
	// Started anew, so that the first SELECT is one that nothing has prepared.
	node = await PanpipeNode.start(root, 'million', host)
	started(node)
	const client = await ImapWire.open(mailbox)
	const first = await time(client, 'SELECT Large')
	const found = { select: [] as number[], fetch: [] as number[], store: [] as number[] }
	for (let round = 0; round < ROUNDS; round++) {
		found.select.push(await time(client, 'SELECT Large'))
		found.fetch.push(
			await time(client, `FETCH ${MESSAGES - 49}:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)`),
		)
		const sign = round % 2 === 0 ? '+' : '-'
		found.store.push(await time(client, `STORE ${MESSAGES - round} ${sign}FLAGS (\\Flagged)`))
	}
	client.close()
	await node.stop()
	const row = (name: string, panpipe: number, below: number): Row => ({
		name: `1,000,000 messages: ${name}`,
		unit: 'ms',
		reference: null,
		panpipe,
		wanted: { below },
	})
	return [
		row('first SELECT after the start', first, 50),
		row('SELECT', median(found.select), 50),
		row('FETCH of the newest 50', median(found.fetch), 10),
		row('a flag', median(found.store), 5),
	]
}

async function time(client: ImapWire, command: string): Promise<number> {
	const started = performance.now()
	await client.ask(command)
	return performance.now() - started
}
