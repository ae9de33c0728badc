import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { arrived, inbox, sendMail, smtp, submission } from './support/clients.ts'
import { endAll, joinTo, TestNode, until } from './support/nodes.ts'

/* What our users' programs send, over two nodes as they run in the world. */

const a = new TestNode('127.0.0.130')
const b = new TestNode('127.0.0.132')

before(async () => {
	await Promise.all([a.start(), b.start()])
	await a.say('domain add', { domain: 'test.com' })
	await joinTo(a, b)
	await a.addAccount('alice@test.com')
	await a.addAccount('dave@test.com')
	await b.addAccount('bob@test.com')
	await until('a knows bob', 10_000, async () => (await a.say('account list')).length === 3)
})
after(endAll)

test('submitted mail gets its missing fields and loses Bcc, here and at another node; Received shows the real client', async () => {
	const draft =
		'From: alice@test.com\r\nBcc: dave@test.com,\r\n bob@test.com\r\nSubject: x\r\n\r\nBcc: stays\r\n'
	const client = await submission(a.ip, 'alice@test.com')
	assert.match(await sendMail(client, 'alice@test.com', 'dave@test.com', draft), /^250/)
	assert.match(await sendMail(client, 'alice@test.com', 'bob@test.com', draft), /^250/)
	client.close()
	await until('bob has it', 10_000, async () => (await inbox(b.ip, 'bob@test.com')).length === 1)
	for (const [mail] of [await inbox(a.ip, 'dave@test.com'), await inbox(b.ip, 'bob@test.com')]) {
		const [head, body, ...more] = mail!.split('\r\n\r\n')
		assert.deepEqual([body, more], ['Bcc: stays\r\n', []])
		assert.doesNotMatch(head!, /bcc/i)
		assert.match(
			head!,
			/\r\nFrom: alice@test\.com\r\nSubject: x\r\nDate: [^\r]+\r\nMessage-ID: <[0-9a-z]{26}@[^\r>]+>$/,
		)
		assert.match(
			head!,
			/Received: from client\.example\.org \(\[127\.0\.0\.1\]\)\r\n\tby [^\r]+ with ESMTPA id /,
		)
	}
})

test('nobody writes in the name of a colleague, at either node; a letter may be sent again', async () => {
	for (const ip of [a.ip, b.ip]) {
		const client = await submission(ip, 'alice@test.com')
		const send = (header: string) =>
			sendMail(client, 'alice@test.com', 'dave@test.com', `${header}\r\nSubject: whose\r\n\r\nhi\r\n`)
		assert.match(await send('From: Bob <bob@test.com>'), /^550 5\.7\.1 <bob@test\.com> in From/)
		assert.match(await send('From: Alice <Alice@Test.com>'), /^250/)
		assert.match(await send('Resent-From: alice@test.com\r\nFrom: bob@test.com'), /^250/)
		client.close()
	}
})

test('who signs in at the port of the servers is served alike', async () => {
	const client = await smtp(a.ip)
	const password = Buffer.from(`\0alice@test.com\0secret`).toString('base64')
	assert.match(await client.say(`AUTH PLAIN ${password}`), /^235/)
	const draft = 'From: alice@test.com\r\nBcc: eve@example.org\r\nSubject: at 25\r\n\r\nhi\r\n'
	assert.match(await sendMail(client, 'alice@test.com', 'dave@test.com', draft), /^250/)
	client.close()
	const mail = await arrived(a.ip, 'dave@test.com', /^Subject: at 25\r$/m)
	assert.doesNotMatch(mail, /Bcc/)
	assert.match(mail, /^Date: .*\r\nMessage-ID: </m)
})

test('mail from another server is not touched', async () => {
	const client = await smtp(a.ip)
	await sendMail(client, 'eve@example.org', 'dave@test.com', 'Bcc: dave@test.com\r\n\r\nhi\r\n')
	client.close()
	await arrived(a.ip, 'dave@test.com', /\r\nBcc: dave@test\.com\r\n\r\nhi\r\n$/)
})

test('"queue list" shows when a held message will be sent; it waits through a restart and is sent then', async () => {
	const client = await submission(a.ip, 'alice@test.com')
	const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3000).toISOString()
	assert.match(await client.say(`MAIL FROM:<alice@test.com> HOLDUNTIL=${at.replace('.000', '')}`), /^250/)
	assert.match(await client.say('RCPT TO:<alice@test.com>'), /^250/)
	assert.match(await client.say('DATA'), /^354/)
	assert.match(await client.say('Subject: later\r\n\r\n.'), /^250/)
	client.close()
	const [waiting] = await a.json('queue', 'list')
	assert.deepEqual([waiting.to, waiting.sendAt, waiting.next], ['alice@test.com', at, at])
	assert.match(waiting.reason, /later/)
	await a.kill()
	await a.start()
	await until('it is sent', 15_000, async () => (await inbox(a.ip, 'alice@test.com')).length === 1)
	assert.ok(Date.now() >= Date.parse(at))
	assert.deepEqual(await a.say('queue list'), [])
})
