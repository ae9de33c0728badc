/**
 * IMAP and POP3 beside Dovecot: one operation after the other, each by turns at both servers with the same client, on a
 * mailbox of 10,000 messages of 4 KiB. The first rounds of each are not counted.
 */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Crowd, crowdOf, PEOPLE, PER_PERSON } from './crowd.ts'
import { fill, letter } from './letters.ts'
import { type Mailbox, memoryPerIdle } from './load.ts'
import { PASSWORD, PanpipeNode } from './panpipe.ts'
import { DURABLE, type Reference } from './reference.ts'
import { median, type Row } from './table.ts'
import { ImapWire, Pop3Wire } from './wire-client.ts'

export const MESSAGES = 10_000
const MAILBOXES = 500
const POP3_MESSAGES = 1000
const WARM_UP = 3
const IDLE = 2000
const CROWD_MS = 4000

/** One of the two servers. */
type Side = {
	mailbox(person: string, port?: 'imap' | 'pop3'): Mailbox
	/** The person with the 10,000 messages, INBOX selected. */
	client: ImapWire
	/** The same person, nothing selected. */
	free: ImapWire
	/** Somebody with 500 mailboxes. */
	boxes: ImapWire
	/** Somebody whose every change is on the disk before it is answered. */
	durable: ImapWire
	crowd: Crowd
}

type Operation = {
	name: string
	wanted: Row['wanted']
	/** Milliseconds, or of a rate so many a second. */
	run(side: Side): Promise<number>
	rounds?: number
	unit?: string
}

const faster = (times: number) => ({ faster: times })

/** How long it takes to ask this so many times, one by one; of one of them. */
const asking =
	(who: 'client' | 'free' | 'boxes', command: string, times = 1) =>
	async (side: Side) => {
		const started = performance.now()
		for (let i = 0; i < times; i++) await side[who].ask(command)
		return (performance.now() - started) / times
	}

/** What comes before and after is not counted. */
const between =
	(before: string[], command: string, after: string[] = []) =>
	async ({ client }: Side) => {
		for (const each of before) await client.ask(each)
		const started = performance.now()
		await client.ask(command)
		const spent = performance.now() - started
		for (const each of after) await client.ask(each)
		return spent
	}

const LAST_THOUSAND = `${MESSAGES + 1}:${MESSAGES + 1000}`

const OPERATIONS: Operation[] = [
	{ name: 'SELECT', wanted: { slowerBy: 0.1 }, run: asking('free', 'SELECT INBOX', 100) },
	{
		name: 'STATUS',
		wanted: { slowerBy: 0.1 },
		run: asking('boxes', 'STATUS INBOX (MESSAGES UIDNEXT UNSEEN)', 100),
	},
	{ name: `LIST of ${MAILBOXES}`, wanted: faster(1), run: asking('boxes', 'LIST "" "*"', 5) },
	{ name: 'FETCH 1:* (UID FLAGS)', wanted: faster(1), run: asking('client', 'FETCH 1:* (UID FLAGS)') },
	{ name: 'FETCH 1:* (ENVELOPE)', wanted: faster(1), run: asking('client', 'FETCH 1:* (ENVELOPE)') },
	{
		name: 'FETCH 1:* (UID … BODYSTRUCTURE)',
		wanted: faster(1),
		run: asking('client', 'FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE)'),
	},
	{
		name: 'FETCH 1:1000 BODY.PEEK[]',
		wanted: faster(1),
		run: asking('client', 'FETCH 1:1000 BODY.PEEK[]'),
	},
	{
		name: 'STORE 1:1000 +FLAGS',
		wanted: faster(1),
		run: between([], 'STORE 1:1000 +FLAGS (\\Flagged)', ['STORE 1:1000 -FLAGS.SILENT (\\Flagged)']),
	},
	// Into empty mailboxes, or there would be more copies of one message with every round.
	{
		name: 'COPY 300',
		wanted: faster(1),
		run: between(['DELETE Copies', 'CREATE Copies'], 'COPY 1:300 Copies'),
	},
	{
		name: 'MOVE 300',
		wanted: faster(1),
		run: between(
			['DELETE Moved', 'CREATE Moved', 'COPY 1:300 INBOX', 'NOOP'],
			`MOVE ${MESSAGES + 1}:${MESSAGES + 300} Moved`,
		),
	},
	{
		name: 'EXPUNGE 1000',
		wanted: faster(1),
		run: between(
			['COPY 1:1000 INBOX', 'NOOP', `STORE ${LAST_THOUSAND} +FLAGS.SILENT (\\Deleted)`],
			'EXPUNGE',
		),
	},
	{ name: 'APPEND, one by one, durable', wanted: faster(2), run: appending },
	...['TEXT quartz', 'BODY zephyr'].map(key => ({
		name: `SEARCH ${key}`,
		wanted: faster(20),
		run: asking('client', `SEARCH ${key}`),
	})),
	...['SUBJECT quarterly', 'FROM zoe@example', 'UNSEEN'].map(key => ({
		name: `SEARCH ${key}`,
		wanted: faster(1),
		run: asking('client', `SEARCH ${key}`),
	})),
	{ name: `POP3: list and ${POP3_MESSAGES} messages`, wanted: faster(1), run: download },
	{
		name: '50 clients at random',
		wanted: { ratioAbove: 2 },
		unit: '/s',
		run: ({ crowd }) => crowd.work(CROWD_MS),
		rounds: 3,
	},
]

export async function imapRows(
	root: string,
	reference: Reference,
	runs: number,
	started: (node: PanpipeNode) => void,
	note: (text: string) => void,
): Promise<Row[]> {
	const node = await PanpipeNode.start(root, 'imap', '127.88.0.31')
	started(node)
	await node.say('domain', 'add', 'test.com')
	const crowd = Array.from({ length: PEOPLE }, (_, i) => `crowd${i}@test.com`)
	for (const person of ['user@test.com', 'boxes@test.com', 'pop3@test.com', DURABLE, ...crowd])
		await node.addAccount(person)
	const sides = {
		reference: await furnish(
			(login, port = 'imap') => ({
				host: reference.host,
				port: reference[port],
				login,
				password: reference.password,
			}),
			crowd,
		),
		panpipe: await furnish(
			(login, port = 'imap') => ({ host: node.host, port: node[port], login, password: PASSWORD }),
			crowd,
		),
	}
	note('the mailboxes are filled')
	await indexed(sides.panpipe.client)
	const rows: Row[] = []
	for (const operation of OPERATIONS) rows.push(await compare(operation, sides, runs, note))
	for (const side of Object.values(sides)) leave(side)
	await node.stop()
	rows.push(await idleRow(root, reference, sides.reference.mailbox('user@test.com'), started, note))
	return rows
}

async function furnish(mailbox: Side['mailbox'], crowd: string[]): Promise<Side> {
	const user = mailbox('user@test.com')
	await fill(user, MESSAGES, i => (i % 2 === 0 ? '\\Seen' : ''))
	await fill(mailbox('pop3@test.com'), POP3_MESSAGES)
	for (const person of crowd) await fill(mailbox(person), PER_PERSON)
	const boxes = await ImapWire.open(mailbox('boxes@test.com'))
	for (let i = 1; i < MAILBOXES; i++) await boxes.ask(`CREATE Project${i % 20}/Part${i}`)
	const client = await ImapWire.open(user)
	for (const name of ['Copies', 'Moved']) await client.ask(`CREATE ${name}`)
	await client.ask('SELECT INBOX')
	return {
		mailbox,
		client,
		free: await ImapWire.open(user),
		boxes,
		durable: await ImapWire.open(mailbox(DURABLE)),
		crowd: await crowdOf(crowd.map(person => mailbox(person))),
	}
}

function leave({ client, free, boxes, durable, crowd }: Side): void {
	for (const each of [client, free, boxes, durable, crowd]) each.close()
}

/** A word nobody wrote is soon not found once the index knows all. */
/** What came in is in the full-text index. */
export async function indexed(client: ImapWire): Promise<void> {
	for (let quick = 0, tries = 0; quick < 3; tries++) {
		const started = performance.now()
		await client.ask('SEARCH BODY nowhere')
		quick = performance.now() - started < 30 ? quick + 1 : 0
		if (tries === 600) throw new Error('the search index is not ready after two minutes')
		await sleep(200)
	}
}

async function compare(
	{ name, wanted, run, rounds, unit = 'ms' }: Operation,
	sides: { reference: Side; panpipe: Side },
	runs: number,
	note: (text: string) => void,
): Promise<Row> {
	const found = { reference: [] as number[], panpipe: [] as number[] }
	const counted = rounds ?? Math.max(runs, 3) * 5
	const first = rounds ? 1 : WARM_UP
	for (let round = 0; round < counted + first; round++) {
		for (const side of ['reference', 'panpipe'] as const) {
			const figure = await run(sides[side])
			if (round >= first) found[side].push(figure)
		}
	}
	const row: Row = {
		name,
		unit,
		reference: median(found.reference),
		panpipe: median(found.panpipe),
		wanted,
	}
	note(`${name}: Dovecot ${row.reference!.toFixed(2)}, Panpipe ${row.panpipe.toFixed(2)} ${unit}`)
	return row
}

async function appending({ durable }: Side): Promise<number> {
	const times = 50
	const commands = Array.from({ length: times }, () => ImapWire.append('INBOX', letter(++written)))
	const started = performance.now()
	for (const command of commands) await durable.ask(command)
	return (performance.now() - started) / times
}
/** No message comes twice: Panpipe would keep its body once. */
let written = 1_000_000

async function download({ mailbox }: Side): Promise<number> {
	const started = performance.now()
	const client = await Pop3Wire.open(mailbox('pop3@test.com', 'pop3'))
	await client.list()
	for (let i = 1; i <= POP3_MESSAGES; i++) await client.retr(i)
	const spent = performance.now() - started
	await client.quit()
	return spent
}

/** All into the INBOX with the 10,000 messages. */
async function idleRow(
	root: string,
	reference: Reference,
	theirs: Mailbox,
	started: (node: PanpipeNode) => void,
	note: (text: string) => void,
): Promise<Row> {
	const dovecot = await memoryPerIdle(reference.dovecot, theirs, IDLE)
	// Started anew: a heap that has grown before would hide what the connections take.
	const node = await PanpipeNode.start(root, 'imap', '127.88.0.31')
	started(node)
	const ours = { host: node.host, port: node.imap, login: 'user@test.com', password: PASSWORD }
	const panpipe = await memoryPerIdle(node.pid, ours, IDLE)
	await node.stop()
	const name = `${IDLE} idle connections: memory of one`
	note(`${name}: Dovecot ${dovecot / 1024}, Panpipe ${panpipe / 1024} KiB`)
	return {
		name,
		unit: 'KiB',
		reference: dovecot / 1024,
		panpipe: panpipe / 1024,
		wanted: { ratioBelow: 0.1 },
	}
}
