import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { formatProxyLine, parseProxyLine } from '../src/servers/connection.ts'
import { type House, type Listening, servePop3 } from '../src/servers/index.ts'
import { openStore, type Store } from '../src/store/index.ts'
import { account, house } from './support/house.ts'
import { asNode, open, Talk } from './support/talk.ts'

const ALICE = 'id-of-alice'
let folder: string
let store: Store
let home: House
let door: Listening & { port: number }

before(async () => {
	folder = await mkdtemp(join(tmpdir(), 'panpipe-pop3-'))
	store = await openStore({ dir: folder, node: 'here' })
	await store.write([{ do: 'account.create', account: ALICE }])
	const accounts = [account('alice'), account('carol', { disabled: true })]
	home = house({ accounts, reader: store.reader, write: ops => store.write(ops) })
	door = await open(home, servePop3)
})
after(async () => {
	await door.close(0)
	await store.close()
	await rm(folder, { recursive: true })
})
beforeEach(async () => {
	const inbox = store.reader.mailbox(ALICE, 'INBOX')!
	const uids = store.reader.uids(inbox.key)
	if (uids.length > 0) {
		await store.write([{ do: 'message.expunge', account: ALICE, mailbox: inbox.key, uids, any: true }])
	}
})

async function file(...messages: string[]): Promise<void> {
	for (const message of messages) {
		await store.write([
			{
				do: 'message.add',
				account: ALICE,
				mailbox: 'INBOX',
				body: store.stageSmall(Buffer.from(message, 'latin1')),
				flags: 0,
				keywords: [],
				internalDate: 0,
			},
		])
	}
}

async function signedIn(): Promise<Talk> {
	const talk = await Talk.to(door.port)
	assert.match(await talk.reply(), /^\+OK/)
	assert.match(await talk.say('USER alice@example.com'), /^\+OK/)
	assert.match(await talk.say('PASS secret'), /^\+OK/)
	return talk
}

/** An answer of several lines. */
async function many(talk: Talk, line: string): Promise<string> {
	talk.send(`${line}\r\n`)
	return talk.hear(/^(?:-ERR.*\r\n|[\s\S]*\r\n\.\r\n)$/)
}

test('STAT, LIST, UIDL and RETR tell of each message what it is, byte for byte', async () => {
	const messages = [
		'Subject: a\r\n\r\n.one\r\n..two\r\n.\r\n',
		'\r\nno end of line',
		'odd \0and \r\n\r\n\xe9',
	]
	await file(...messages)
	const talk = await signedIn()
	assert.equal(await talk.say('STAT'), `+OK 3 ${messages.join('').length}\r\n`)
	assert.match(
		await many(talk, 'LIST'),
		new RegExp(`\r\n1 ${messages[0]!.length}\r\n2 ${messages[1]!.length}\r\n3 `),
	)
	assert.equal(await talk.say('LIST 2'), `+OK 2 ${messages[1]!.length}\r\n`)
	assert.match(await many(talk, 'UIDL'), /\r\n1 \d+\.\d+\r\n2 \d+\.\d+\r\n3 \d+\.\d+\r\n\.\r\n$/)
	for (const [i, message] of messages.entries()) {
		const heard = await many(talk, `RETR ${i + 1}`)
		const stuffed = `\r\n${message}`.replaceAll('\r\n.', '\r\n..').slice(2)
		assert.equal(
			heard,
			`+OK ${message.length} octets\r\n${stuffed}${message.endsWith('\r\n') ? '' : '\r\n'}.\r\n`,
		)
	}
	assert.match(await talk.say('RETR 4'), /^-ERR/)
	assert.match(await talk.say('RETR 0'), /^-ERR/)
	talk.close()
})

/** What a program takes for the message that looks for the end as `ends` says, and what it leaves in the line. */
function taken(heard: string, ends: RegExp): { message: string; rest: string } {
	const answer = heard.slice(heard.indexOf('\r\n') + 2)
	const end = ends.exec(answer)!
	return {
		message: answer.slice(0, end.index).replaceAll(/(\r\n|\r|\n)\.?/g, '\n'),
		rest: answer.slice(end.index + end[0].length),
	}
}

test('no program sees the end of a message where there is none, whatever its lines end in', async () => {
	const lines = ['Subject: odd', '', 'one', '.', 'two', '..', '.three', 'DELE 1', '.', 'end']
	for (const end of ['\n', '\r', '\n\r\n', '\r\r\n']) {
		const odd = lines.join(end)
		// The second one is large: it is sent in pieces.
		await file(`${odd}${end}`, odd + `${end}filler`.repeat(60_000))
	}
	const talk = await signedIn()
	for (let number = 1; number <= 8; number++) {
		for (const command of [`RETR ${number}`, `TOP ${number} 100000`]) {
			const heard = await many(talk, command)
			assert.doesNotMatch(heard, /\r(?!\n)|(?<!\r)\n/, command)
			for (const ends of [/\r\n\.\r\n/, /\r?\n\.\r?\n/, /(\r\n|\r|\n)\.(\r\n|\r|\n)/]) {
				const { message, rest } = taken(heard, ends)
				assert.equal(rest, '', command)
				assert.deepEqual(message.split('\n').filter(Boolean).slice(0, 9), lines.filter(Boolean), command)
			}
		}
	}
	talk.close()
})

test('binary parts go as base64, for a line of POP3 has an end', async () => {
	const octets = '\x89PNG\r\n\x1a\n\0\r.\n.\r\n'
	const part = (encoding: string, content: string) =>
		`--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${content}\r\n--b--\r\n`
	const head = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
	await file(head + part('binary', octets))
	const talk = await signedIn()
	const base64 = Buffer.from(octets, 'latin1').toString('base64')
	const heard = await many(talk, 'RETR 1')
	assert.equal(heard.slice(heard.indexOf('\r\n') + 2), `${head}${part('base64', base64)}.\r\n`)
	talk.close()
})

test('TOP gives the header and as many lines as asked for', async () => {
	await file('Subject: a\r\nTo: b\r\n\r\none\r\ntwo\r\nthree\r\n', 'Subject: header only\r\n')
	const talk = await signedIn()
	const top = async (line: string) => (await many(talk, line)).split('\r\n').slice(1, -2)
	assert.deepEqual(await top('TOP 1 0'), ['Subject: a', 'To: b', ''])
	assert.deepEqual(await top('TOP 1 2'), ['Subject: a', 'To: b', '', 'one', 'two'])
	assert.equal((await top('TOP 1 99')).length, 6)
	assert.deepEqual(await top('TOP 2 1'), ['Subject: header only'])
	talk.close()
})

test('a large message comes as it is, and so does its top', async () => {
	const large = `Subject: large\r\n\r\n${'.dots and more\r\n'.repeat(60_000)}`
	await file(large)
	const talk = await signedIn()
	const heard = await many(talk, 'RETR 1')
	assert.ok(heard.endsWith(`${large.replaceAll('\r\n.', '\r\n..')}.\r\n`))
	assert.equal((await many(talk, 'TOP 1 3')).split('\r\n').length, 1 + 2 + 3 + 2)
	assert.match(await talk.say('NOOP'), /^\+OK/)
	talk.close()
})

test('what is marked goes at QUIT, and only then', async () => {
	await file('a\r\n', 'b\r\n', 'c\r\n')
	const left = () => store.reader.mailbox(ALICE, 'INBOX')!.messages
	let talk = await signedIn()
	await talk.say('DELE 1')
	assert.match(await talk.say('DELE 1'), /^-ERR/)
	assert.match(await talk.say('RETR 1'), /^-ERR/)
	assert.equal(await talk.say('STAT'), '+OK 2 6\r\n')
	talk.close()
	await unlocked()
	assert.equal(left(), 3)

	talk = await signedIn()
	await talk.say('DELE 1')
	assert.match(await talk.say('RSET'), /^\+OK 3 /)
	await talk.say('DELE 2')
	assert.match(await talk.say('QUIT'), /^\+OK/)
	await talk.rest()
	assert.equal(left(), 2)
	talk = await signedIn()
	assert.match(await many(talk, 'RETR 2'), /\r\nc\r\n\.\r\n$/)
	talk.close()
})

/** The server has seen that the other connection is gone. */
async function unlocked(): Promise<void> {
	for (;;) {
		const talk = await Talk.to(door.port)
		await talk.reply()
		await talk.say('USER alice@example.com')
		const answer = await talk.say('PASS secret')
		talk.send('QUIT\r\n')
		await talk.rest()
		if (answer.startsWith('+OK')) return
	}
}

test('one session at a time has the maildrop; the others are told so', async () => {
	await unlocked()
	const first = await signedIn()
	const second = await Talk.to(door.port)
	await second.reply()
	await second.say('USER alice@example.com')
	assert.match(await second.say('PASS secret'), /^-ERR \[IN-USE\]/)
	await first.say('QUIT')
	await first.rest()
	await second.say('USER alice@example.com')
	assert.match(await second.say('PASS secret'), /^\+OK/)
	await second.say('QUIT')
	await second.rest()
})

test('a message that another program expunged is not sent as something else', async () => {
	await unlocked()
	await file('a\r\n')
	const talk = await signedIn()
	const inbox = store.reader.mailbox(ALICE, 'INBOX')!
	await store.write([
		{
			do: 'message.expunge',
			account: ALICE,
			mailbox: inbox.key,
			uids: store.reader.uids(inbox.key),
			any: true,
		},
	])
	assert.match(await talk.say('RETR 1'), /^-ERR \[SYS\/TEMP\]/)
	await talk.say('QUIT')
	await talk.rest()
})

test('AUTH with and without initial response; failures have codes and an end', async () => {
	await unlocked()
	const token = Buffer.from('\0alice@example.com\0secret').toString('base64')
	for (const [ask, answer] of [
		[`AUTH PLAIN ${token}`, null],
		['AUTH PLAIN', token],
	] as const) {
		const talk = await Talk.to(door.port)
		await talk.reply()
		let heard = await talk.say(ask)
		if (answer) {
			assert.equal(heard, '+ \r\n')
			heard = await talk.say(answer)
		}
		assert.match(heard, /^\+OK/)
		await talk.say('QUIT')
		await talk.rest()
	}
	const talk = await Talk.to(door.port)
	await talk.reply()
	assert.match(await talk.say('STAT'), /^-ERR/)
	assert.equal(await many(talk, 'AUTH'), '+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n')
	assert.equal(await talk.say('AUTH LOGIN'), `+ ${Buffer.from('Username:').toString('base64')}\r\n`)
	assert.match(await talk.say('*'), /^-ERR/)
	assert.match(await talk.say(`AUTH EXTERNAL ${token}`), /^-ERR/)
	await talk.say('USER carol@example.com')
	assert.match(await talk.say('PASS secret'), /^-ERR \[AUTH\] this account is switched off/)
	await talk.say('USER alice@example.com')
	assert.match(await talk.say('PASS wrong'), /^-ERR \[AUTH\]/)
	talk.send('USER alice@example.com\r\nPASS wrong\r\n'.repeat(3))
	assert.match(await talk.rest(), /-ERR \[AUTH\] name or password is wrong\r\n$/)
})

test('CAPA tells what can be done, before and after STLS; nothing said before TLS counts', async () => {
	const talk = await Talk.to(door.port)
	await talk.reply()
	const capabilities = await many(talk, 'CAPA')
	for (const word of [
		'TOP',
		'UIDL',
		'USER',
		'SASL PLAIN LOGIN',
		'STLS',
		'PIPELINING',
		'RESP-CODES',
		'AUTH-RESP-CODE',
		'UTF8 USER',
		'EXPIRE NEVER',
	]) {
		assert.match(capabilities, new RegExp(`\r\n${word}\r\n`))
	}
	talk.send('STLS\r\nUSER alice@example.com\r\n')
	assert.match(await talk.reply(), /^\+OK/)
	await talk.startTls()
	assert.match(await talk.say('PASS secret'), /^-ERR/)
	assert.doesNotMatch(await many(talk, 'CAPA'), /STLS/)
	assert.match(await talk.say('LANG fr'), /^-ERR/)
	assert.match(await talk.say('UTF8'), /^\+OK/)
	talk.close()
})

for (const [end, name] of [
	['\r\n', 'CRLF'],
	['\n', 'LF'],
] as const) {
	test(`a whole session in one packet, its lines ended by ${name}, is answered to the end`, async () => {
		await unlocked()
		await file('a\r\n')
		const talk = await Talk.to(door.port)
		const lines = ['USER alice@example.com', 'PASS secret', 'STAT', 'RETR 1', 'DELE 1', 'QUIT']
		talk.send(lines.map(line => line + end).join(''))
		talk.halfClose()
		assert.match(
			await talk.rest(),
			/\+OK 1 3\r\n\+OK 3 octets\r\na\r\n\.\r\n\+OK [^\r]*\r\n\+OK Goodbye\r\n$/,
		)
		assert.equal(store.reader.mailbox(ALICE, 'INBOX')!.messages, 0)
	})
}

test('a node of ours names the client and signs in by EXTERNAL; nobody else may', async () => {
	await unlocked()
	const { talk, close } = await asNode(home, servePop3)
	talk.send(`${formatProxyLine('192.0.2.7', '127.0.0.1')}CAPA\r\n`)
	assert.match(await talk.hear(/\r\n\.\r\n$/), /SASL EXTERNAL/)
	assert.match(
		await talk.say(`AUTH EXTERNAL ${Buffer.from('id-of-nobody').toString('base64')}`),
		/^-ERR \[AUTH\]/,
	)
	assert.match(await talk.say('USER alice@example.com'), /^-ERR/)
	assert.match(await talk.say(`AUTH EXTERNAL ${Buffer.from(ALICE).toString('base64')}`), /^\+OK/)
	await talk.say('QUIT')
	await close()
	const stranger = await asNode(home, servePop3)
	stranger.talk.send('CAPA\r\n')
	assert.equal(await stranger.talk.rest(), '')
	await stranger.close()
})

test('an account that lives elsewhere is read through this node', async () => {
	await unlocked()
	await file('far away\r\n')
	// Here a connection to the home needs no TLS: the protocol cannot see it.
	const adopted = await open(home, servePop3)
	const far: Server = createServer(socket =>
		adopted.adopt({ socket, implicitTls: true, node: 'near' }, servePop3),
	)
	await new Promise<void>(resolve => far.listen(0, '127.0.0.1', resolve))
	const { port } = far.address() as { port: number }
	const near = house({
		self: 'near',
		accounts: [account('alice', { home: 'here' })],
		connect: async () => connect(port, '127.0.0.1') as TLSSocket,
	})
	const nearDoor = await open(near, servePop3)
	const talk = await Talk.to(nearDoor.port)
	await talk.reply()
	talk.send('USER alice@example.com\r\nPASS secret\r\nRETR 1\r\n')
	assert.match(await talk.hear(/\r\n\.\r\n$/), /\r\nfar away\r\n\.\r\n$/)
	assert.match(await talk.say('QUIT'), /^\+OK/)
	await talk.rest()
	far.close()
	await nearDoor.close(0)
	await adopted.close(0)
})

test('PROXY lines come back as they were; others are none', () => {
	for (const address of ['192.0.2.7', '2001:db8::7'])
		assert.equal(parseProxyLine(formatProxyLine(address, '127.0.0.1')), address)
	assert.equal(parseProxyLine(formatProxyLine('?', '?')), '')
	for (const line of [
		'PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n',
		'PROXY TCP4 ::1 ::1 1 2\r\n',
		'PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\r\n',
		'PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n',
		'USER a\r\n',
	]) {
		assert.equal(parseProxyLine(line), null)
	}
})

test('a mailbox of 100,000 messages opens at once, and QUIT deletes them in one transaction', async t => {
	const body = store.stageSmall(Buffer.from('Subject: one of many\r\n\r\n'))
	const add = { do: 'message.add', account: ALICE, mailbox: 'INBOX', body, flags: 0 } as const
	for (let thousand = 0; thousand < 100; thousand++) {
		await store.write(Array.from({ length: 1000 }, () => ({ ...add, keywords: [], internalDate: 0 })))
	}
	const talk = await Talk.to(door.port)
	await talk.reply()
	await talk.say('USER alice@example.com')
	const began = performance.now()
	assert.match(await talk.say('PASS secret'), /^\+OK 100000 messages \(2400000 octets\)/)
	const opened = performance.now() - began
	t.diagnostic(`opened in ${opened.toFixed(0)} ms`)
	assert.ok(opened < 1000, `it took ${opened} ms`)
	const uidls = (await many(talk, 'UIDL')).split('\r\n')
	assert.equal(uidls.length, 100_003)
	assert.match(uidls[100_000]!, /^100000 \d+\.\d+$/)
	talk.send(Array.from({ length: 99_999 }, (_, at) => `DELE ${at + 1}\r\n`).join(''))
	talk.send('STAT\r\n')
	await talk.hear(/\+OK 1 24\r\n$/)
	let transactions = 0
	const { write } = home
	home.write = ops => {
		transactions++
		return write(ops)
	}
	t.after(() => {
		home.write = write
	})
	assert.match(await talk.say('QUIT'), /^\+OK/)
	assert.equal(transactions, 1)
	assert.equal(store.reader.mailbox(ALICE, 'INBOX')!.messages, 1)
})
