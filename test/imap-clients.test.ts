import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { ImapFlow } from 'imapflow'
import { type Home, PASSWORD, person, startHome } from './imap-house.ts'

/* Real clients, and what a transcript cannot say: TLS, large messages, slow readers. */

let home: Home
before(async () => {
	home = await startHome('b', [
		person('alice', 'b'),
		person('bob', 'b'),
		person('carol', 'b'),
		person('dave', 'gone'),
	])
})
after(() => home.close())

function flow(name: string): ImapFlow {
	return new ImapFlow({
		host: '127.0.0.1',
		port: home.port,
		secure: false,
		auth: { user: `${name}@example.com`, pass: PASSWORD },
		tls: { rejectUnauthorized: false },
		logger: false,
	})
}

test('imapflow does a day of work: folders, append, fetch, flags, search, move, idle', {
	timeout: 30_000,
}, async () => {
	const client = flow('alice')
	await client.connect()
	try {
		assert.equal(client.secureConnection, true)
		const folders = await client.list({ statusQuery: { messages: true, unseen: true } })
		assert.deepEqual(
			folders.map(({ path, specialUse }) => [path, specialUse]),
			[
				['INBOX', '\\Inbox'],
				['Sent', '\\Sent'],
				['Drafts', '\\Drafts'],
				['Archive', '\\Archive'],
				['Junk', '\\Junk'],
				['Trash', '\\Trash'],
			],
		)
		await client.mailboxCreate(['项目', 'A&B'])
		assert.ok((await client.list()).some(({ path }) => path === '项目/A&B'))
		const lock = await client.getMailboxLock('INBOX')
		try {
			const exists = once(client, 'exists')
			const text = 'From: =?utf-8?B?5byg5Lyf?= <zhangwei@example.com>\r\nSubject: hi\r\n\r\nhello\r\n'
			const appended = await client.append('INBOX', text, ['\\Flagged'], new Date('2024-05-06T07:08:09Z'))
			assert.ok(appended && appended.uid === 1)
			assert.equal((await exists)[0].count, 1)
			const message = await client.fetchOne('1', {
				envelope: true,
				source: true,
				flags: true,
				internalDate: true,
				bodyStructure: true,
			})
			assert.ok(message)
			assert.equal(message.envelope!.from![0]!.name, '张伟')
			assert.equal(message.source!.toString(), text)
			assert.deepEqual([...message.flags!], ['\\Flagged'])
			assert.equal(new Date(message.internalDate!).toISOString(), '2024-05-06T07:08:09.000Z')
			await client.messageFlagsAdd('1', ['\\Seen', '$Forwarded'])
			assert.deepEqual(await client.search({ seen: true, from: '张伟' }, { uid: true }), [1])
			const moved = await client.messageMove('1', '项目/A&B')
			assert.deepEqual(moved && [...moved.uidMap!], [[1, 1]])
		} finally {
			lock.release()
		}
		const status = await client.status('项目/A&B', { messages: true, unseen: true })
		assert.deepEqual(status && [status.messages, status.unseen], [1, 0])
	} finally {
		await client.logout()
	}
})

test('an IDLE client is told of a new message when it is filed', { timeout: 30_000 }, async () => {
	const client = flow('bob')
	await client.connect()
	try {
		await client.mailboxOpen('INBOX')
		const exists = once(client, 'exists')
		const idling = client.idle()
		await home.house.write([
			{
				do: 'message.add',
				account: 'id-of-bob',
				mailbox: 'INBOX',
				body: home.store.stageSmall(Buffer.from('Subject: x\r\n\r\ny\r\n')),
				flags: 0,
				keywords: [],
				internalDate: 0,
			},
		])
		assert.equal((await exists)[0].count, 1)
		await client.noop()
		await idling
	} finally {
		await client.logout()
	}
})

const IMAPLIB = `
import imaplib, ssl, sys
port, tls_port, user, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
context = ssl._create_unverified_context()
m = imaplib.IMAP4('127.0.0.1', port)
m.starttls(context)
assert m.login(user, password)[0] == 'OK'
assert m.create('"a folder"')[0] == 'OK'
letter = b'From: a@example.com\\r\\nSubject: one\\r\\n\\r\\nbody \\xe4\\xbd\\xa0\\r\\n'
for i in range(3):
    assert m.append('"a folder"', '(\\\\Seen)', None, letter)[0] == 'OK'
assert m.select('"a folder"') == ('OK', [b'3'])
typ, data = m.fetch('1:3', '(FLAGS RFC822)')
assert [part[1] for part in data if isinstance(part, tuple)] == [letter] * 3, data
assert m.search(None, 'SUBJECT', 'one', 'SEEN') == ('OK', [b'1 2 3'])
assert m.store('2', '+FLAGS', '\\\\Deleted')[0] == 'OK'
assert m.expunge() == ('OK', [b'2'])
assert m.copy('1', 'INBOX')[0] == 'OK'
assert m.uid('FETCH', '3', '(UID)') == ('OK', [b'2 (UID 3)'])
assert m.status('INBOX', '(MESSAGES)') == ('OK', [b'INBOX (MESSAGES 1)'])
assert m.close()[0] == 'OK'
assert m.logout()[0] == 'BYE'
s = imaplib.IMAP4_SSL('127.0.0.1', tls_port, ssl_context=context)
assert s.authenticate('PLAIN', lambda _: b'\\0' + user.encode() + b'\\0' + password.encode())[0] == 'OK'
assert s.select()[0] == 'OK'
s.shutdown()
print('done')
`

test('imaplib of Python works with STARTTLS and with TLS', { timeout: 30_000 }, async t => {
	const python = spawn('python3', [
		'-c',
		IMAPLIB,
		String(home.port),
		String(home.tlsPort),
		'carol@example.com',
		PASSWORD,
	])
	let out = ''
	python.stdout.on('data', text => (out += text))
	python.stderr.on('data', text => (out += text))
	const [event] = await Promise.race([once(python, 'close'), once(python, 'error')])
	if (event instanceof Error) return t.skip('there is no python3 here')
	assert.equal(out, 'done\n')
})

class Raw {
	socket: Socket
	got = ''
	#wake = () => {}

	constructor(socket: Socket) {
		this.socket = socket
		socket.on('data', chunk => {
			this.got += chunk.toString('latin1')
			this.#wake()
		})
		socket.on('error', () => {})
	}

	/** All up to and with the line that begins so. */
	async until(line: string): Promise<string> {
		for (;;) {
			const at = this.got.startsWith(line) ? 0 : this.got.indexOf(`\r\n${line}`)
			const end = at < 0 ? -1 : this.got.indexOf('\r\n', at + 2)
			if (end >= 0) {
				const text = this.got.slice(0, end + 2)
				this.got = this.got.slice(end + 2)
				return text
			}
			await new Promise<void>(resolve => {
				this.#wake = resolve
			})
		}
	}

	async say(text: string): Promise<string> {
		this.socket.write(`${text}\r\n`, 'latin1')
		return this.until(`${text.split(' ', 1)[0]} `)
	}
}

test('what is said before TLS does not count after STARTTLS', { timeout: 10_000 }, async () => {
	const plain = new Raw(connect(home.port, '127.0.0.1'))
	await plain.until('* OK')
	plain.socket.write('a STARTTLS\r\nb NOOP\r\n')
	await plain.until('a OK')
	plain.socket.removeAllListeners('data')
	const secure = new Raw(tlsConnect({ socket: plain.socket, rejectUnauthorized: false }))
	assert.doesNotMatch(await secure.say('c CAPABILITY'), /b OK|STARTTLS|LOGINDISABLED/)
	secure.socket.destroy()
})

test('a large message goes in and out byte for byte, whole and in pieces, also to a slow reader', {
	timeout: 60_000,
}, async () => {
	const line = 'abcdefghijklmnopqrstuvwxyz 0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789\r\n'
	const letter = `Subject: large\r\n\r\n${line.repeat(100_000)}`
	const client = new Raw(connect(home.port, '127.0.0.1'))
	await client.until('* OK')
	await client.say(`a LOGIN carol@example.com ${PASSWORD}`)
	await client.say('b CREATE large')
	client.socket.write(`c APPEND large {${letter.length}+}\r\n${letter}\r\n`)
	assert.match(await client.until('c '), /^c OK \[APPENDUID/)
	await client.say('d SELECT large')
	const whole = await client.say('e FETCH 1 (UID BODY.PEEK[])')
	assert.equal(whole, `* 1 FETCH (UID 1 BODY[] {${letter.length}}\r\n${letter})\r\ne OK FETCH completed\r\n`)
	const piece = await client.say('f FETCH 1 BODY.PEEK[TEXT]<5000000.90>')
	const body = letter.slice('Subject: large\r\n\r\n'.length)
	assert.equal(
		piece,
		`* 1 FETCH (BODY[TEXT]<5000000> {90}\r\n${body.slice(5_000_000, 5_000_090)})\r\nf OK FETCH completed\r\n`,
	)
	assert.match(await client.say('g SEARCH BODY "xyz 0123" SUBJECT large'), /^\* SEARCH 1\r\n/)

	// Somebody who asks for it many times and reads nothing must not fill our memory.
	client.socket.pause()
	const heap = process.memoryUsage().rss
	client.socket.write('h FETCH 1 BODY.PEEK[]\r\n'.repeat(40))
	const other = new Raw(connect(home.port, '127.0.0.1'))
	await other.until('* OK')
	for (let i = 0; i < 50; i++) assert.match(await other.say(`n${i} NOOP`), /OK/)
	assert.ok(process.memoryUsage().rss - heap < 150 * 1024 * 1024)
	other.socket.destroy()
	client.socket.destroy()
})

test('whoever lives where nobody answers is told so, and may come again', { timeout: 10_000 }, async () => {
	const client = new Raw(connect(home.port, '127.0.0.1'))
	await client.until('* OK')
	assert.match(await client.say(`a LOGIN dave@example.com ${PASSWORD}`), /^a NO \[UNAVAILABLE\] /)
	await client.until('* BYE')
})

test('pipelined commands are answered in order, whatever they need', { timeout: 10_000 }, async () => {
	const client = new Raw(connect(home.port, '127.0.0.1'))
	await client.until('* OK')
	const letter = 'Subject: p\r\n\r\n.'
	client.socket.write(
		`a LOGIN carol@example.com ${PASSWORD}\r\nb CREATE p\r\nc APPEND p {${letter.length}+}\r\n${letter}\r\nd SELECT p\r\ne FETCH 1 UID\r\nf LOGOUT\r\n`,
	)
	const all = await client.until('f ')
	assert.deepEqual(all.match(/^[a-f] \w+/gm), ['a OK', 'b OK', 'c OK', 'd OK', 'e OK', 'f OK'])
})

test('lines may end in LF alone, and be as long as sets of many uids are', { timeout: 10_000 }, async () => {
	const client = new Raw(connect(home.port, '127.0.0.1'))
	await client.until('* OK')
	const uids = Array.from({ length: 20_000 }, (_, i) => 1_000_000 + 2 * i).join()
	client.socket.write(
		`a LOGIN carol@example.com ${PASSWORD}\nb CREATE lf\r\nc APPEND lf {3+}\na\r\n\nd SELECT lf\ne UID STORE ${uids} +FLAGS (\\Seen)\nf FETCH 1 RFC822.SIZE\ng LOGOUT\n`,
	)
	const all = await client.until('g ')
	assert.deepEqual(all.match(/^[a-g] \w+/gm), ['a OK', 'b OK', 'c OK', 'd OK', 'e OK', 'f OK', 'g OK'])
	assert.match(all, /^\* 1 FETCH \(RFC822\.SIZE 3\)/m)
})

test('a line without end is not listened to for ever', { timeout: 10_000 }, async () => {
	const client = new Raw(connect(home.port, '127.0.0.1'))
	await client.until('* OK')
	client.socket.write(`a NOOP ${'x'.repeat(300_000)}`)
	await client.until('* BYE')
})
