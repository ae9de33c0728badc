import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { type House, type Listening, servePop3, serveSubmission } from '../src/servers/index.ts'
import { openStore, type Store } from '../src/store/index.ts'
import { account, house, Recorder } from './support/house.ts'
import { open } from './support/talk.ts'

const run = promisify(execFile)
const missing = (program: string) =>
	spawnSync(program, ['--version']).status === 0 ? false : `${program} is not installed`

let folder: string
let store: Store
let home: House
let recorder: Recorder
let doors: (Listening & { port: number })[]

before(async () => {
	folder = await mkdtemp(join(tmpdir(), 'panpipe-programs-'))
	store = await openStore({ dir: folder, node: 'here' })
	recorder = new Recorder()
	home = house({
		accounts: [account('alice')],
		reader: store.reader,
		write: ops => store.write(ops),
		receiver: recorder,
	})
	doors = [
		await open(home, serveSubmission),
		await open(home, serveSubmission, true),
		await open(home, servePop3),
		await open(home, servePop3, true),
	]
	await store.write([{ do: 'account.create', account: 'id-of-alice' }])
	for (const text of ['Subject: one\r\n\r\n.dot\r\n', 'Subject: two\r\n\r\n']) {
		const body = store.stageSmall(Buffer.from(text))
		const where = { account: 'id-of-alice', mailbox: 'INBOX', flags: 0, keywords: [], internalDate: 0 }
		await store.write([{ do: 'message.add', body, ...where }])
	}
})
after(async () => {
	await Promise.all(doors.map(door => door.close(0)))
	await store.close()
	await rm(folder, { recursive: true })
})

const port = (i: number) => doors[i]!.port

test('curl sends with STARTTLS and with implicit TLS', { skip: missing('curl') }, async () => {
	for (const url of [`smtp://127.0.0.1:${port(0)}/me.test`, `smtps://127.0.0.1:${port(1)}/me.test`]) {
		recorder.arrived = []
		const curl = run('curl', [
			'-sS',
			'-k',
			'--ssl-reqd',
			'--url',
			url,
			'-u',
			'alice@example.com:secret',
			'--mail-from',
			'alice@example.com',
			'--mail-rcpt',
			'bob@example.com',
			'-T',
			'-',
		])
		curl.child.stdin!.end('Subject: curl\r\n\r\n.a\r\n')
		await curl
		assert.equal(recorder.arrived[0]!.content, 'Subject: curl\r\n\r\n.a\r\n')
		assert.equal(recorder.arrived[0]!.client.tls, true)
	}
})

test('curl fetches by POP3 with STLS and with implicit TLS', { skip: missing('curl') }, async () => {
	for (const url of [`pop3://127.0.0.1:${port(2)}/1`, `pop3s://127.0.0.1:${port(3)}/1`]) {
		const { stdout } = await run('curl', [
			'-sS',
			'-k',
			'--ssl-reqd',
			'--url',
			url,
			'-u',
			'alice@example.com:secret',
		])
		assert.equal(stdout, 'Subject: one\r\n\r\n.dot\r\n')
	}
})

test('Python sends and fetches', { skip: missing('python3') }, async () => {
	recorder.arrived = []
	const script = `
import smtplib, poplib, ssl
c = ssl._create_unverified_context()
s = smtplib.SMTP('127.0.0.1', ${port(0)})
s.starttls(context=c)
s.login('alice@example.com', 'secret')
print(s.sendmail('alice@example.com', ['bob@example.com', 'nobody@example.com'], b'Subject: py\\n\\n.x\\n', ['BODY=8BITMIME'], ['NOTIFY=NEVER']))
print(s.verify('bob')[0], s.noop()[0], s.quit()[0])
p = poplib.POP3('127.0.0.1', ${port(2)})
print(sorted(p.capa())[:2])
p.stls(c)
p.user('alice@example.com'); p.pass_('secret')
print(p.stat()[0], p.retr(1)[1], p.top(1, 0)[1], len(p.uidl()[1]))
p.dele(2)
print(p.quit())
`
	const { stdout } = await run('python3', ['-W', 'ignore', '-c', script])
	assert.deepEqual(stdout.split('\n'), [
		"{'nobody@example.com': (550, b'5.1.1 No such user')}",
		'252 250 221',
		"['AUTH-RESP-CODE', 'EXPIRE']",
		"2 [b'Subject: one', b'', b'.dot'] [b'Subject: one', b''] 2",
		"b'+OK Goodbye'",
		'',
	])
	assert.equal(recorder.arrived[0]!.content, 'Subject: py\r\n\r\n.x\r\n\r\n')
	assert.equal(store.reader.mailbox('id-of-alice', 'INBOX')!.messages, 1)
})
