import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { arrived, inbox, sendMail, submission } from './support/clients.ts'
import { nameServer } from './support/dns.ts'
import { exchanger } from './support/exchanger.ts'
import { endAll, TestNode, until } from './support/nodes.ts'

/* Mail to foreign domains: the world is another node, of another organisation, found by MX records. */

const dns = '[dns]\nservers = ["127.0.0.43:3053"]\n[relay]\nport = 3025\n'
const ours = new TestNode('127.0.0.41', dns)
const world = new TestNode('127.0.0.42')
let names: { close(): void }

before(async () => {
	names = await nameServer('127.0.0.43', 3053, {
		'example.net': {
			MX: [
				[10, 'mx1.example.net'],
				[20, 'mx2.example.net'],
			],
		},
		'mx1.example.net': { A: ['127.0.0.44'] }, // nobody listens there
		'mx2.example.net': { A: [world.ip] },
		'away.test': { MX: [[10, 'mx1.example.net']] },
		'closing.test': {
			MX: [
				[10, 'mx1.closing.test'],
				[20, 'mx2.closing.test'],
			],
		},
		'mx1.closing.test': { A: ['127.0.0.45', '127.0.0.46'] },
		'mx2.closing.test': { A: ['127.0.0.47'] },
		'plain.test': { MX: [[10, 'mx2.closing.test']] },
		'silent.test': { MX: [[0, '']] },
	})
	await Promise.all([ours.start(), world.start()])
	await ours.say('domain add', { domain: 'test.com' })
	await ours.addAccount('alice@test.com')
	await world.say('domain add', { domain: 'example.net' })
	await world.addAccount('张伟@example.net')
	await world.addAccount('bob@example.net')
})
after(async () => {
	names.close()
	await endAll()
})

const text = (subject: string) =>
	`From: <alice@test.com>\r\nSubject: ${subject}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0800\r\nMessage-ID: <${subject}@test.com>\r\n\r\n.dots\r\n..and more\r\n`

test('mail to a foreign domain goes to the first exchanger that answers, under TLS', async () => {
	const client = await submission(ours.ip, 'alice@test.com')
	assert.match(await sendMail(client, 'alice@test.com', 'bob@example.net', text('out')), /^250 /)
	client.close()
	await until('it has arrived', 10_000, async () => (await inbox(world.ip, 'bob@example.net')).length === 1)
	const [mail] = await inbox(world.ip, 'bob@example.net')
	assert.ok(mail!.endsWith(text('out')))
	assert.match(mail!, /with ESMTPS id/)
	assert.equal((await ours.say('queue list')).length, 0)
})

test('an address beyond ASCII travels with SMTPUTF8', async () => {
	const client = await submission(ours.ip, 'alice@test.com')
	assert.match(await client.say('MAIL FROM:<alice@test.com> SMTPUTF8'), /^250/)
	client.send(Buffer.from('RCPT TO:<张伟@example.net>\r\n'))
	assert.match(await client.reply(), /^250/)
	await client.say('DATA')
	assert.match(await client.say(`${text('utf8').replace(/^\./gm, '..')}.`), /^250/)
	client.close()
	await until('it has arrived', 10_000, async () => (await inbox(world.ip, '张伟@example.net')).length === 1)
})

test('what the other side refuses comes back to the sender as a report (RFC 3464)', async () => {
	const client = await submission(ours.ip, 'alice@test.com')
	await sendMail(client, 'alice@test.com', 'nobody@example.net', text('refused'))
	client.close()
	await until(
		'the report is there',
		10_000,
		async () => (await inbox(ours.ip, 'alice@test.com')).length === 1,
	)
	const [report] = await inbox(ours.ip, 'alice@test.com')
	assert.match(report!, /^Return-Path: <>\r\n/)
	assert.match(report!, /Content-Type: multipart\/report; report-type=delivery-status;/)
	assert.match(
		report!,
		/Final-Recipient: rfc822; nobody@example\.net\r\nAction: failed\r\nStatus: 5\.1\.1\r\nRemote-MTA: dns; mx2\.example\.net\r\nDiagnostic-Code: smtp; 550 5\.1\.1/,
	)
	assert.match(report!, /Subject: refused/)
	assert.equal((await ours.say('queue list')).length, 0)
})

test('a domain that is not there is reported at once', async () => {
	const client = await submission(ours.ip, 'alice@test.com')
	await sendMail(client, 'alice@test.com', 'who@nowhere.test', text('typo'))
	client.close()
	assert.match(
		await arrived(ours.ip, 'alice@test.com', /^Final-Recipient: [^\r]*who@nowhere\.test/m),
		/Status: 5\.1\.2/,
	)
})

test('a domain whose exchangers do not answer waits, says why, and can be held, released and dropped with a report', async () => {
	const client = await submission(ours.ip, 'alice@test.com')
	await sendMail(client, 'alice@test.com', 'who@away.test', text('lost'))
	client.close()
	await until('its reason is known', 10_000, async () => (await ours.say('queue list'))[0]?.reason !== '')
	const [waiting] = await ours.json('queue', 'list')
	assert.deepEqual([waiting.to, waiting.destination, waiting.held], ['who@away.test', 'away.test', false])
	await ours.panpipe('queue', 'hold', waiting.id)
	assert.equal((await ours.json('queue', 'list'))[0].held, true)
	await ours.panpipe('queue', 'release', waiting.id)
	assert.equal((await ours.json('queue', 'list'))[0].held, false)
	assert.match((await ours.json('queue', 'show', waiting.id)).header, /Subject: lost/)
	await ours.panpipe('queue', 'retry', waiting.id)
	await ours.panpipe('queue', 'drop', waiting.id)
	assert.deepEqual(await ours.json('queue', 'list'), [])
	await arrived(ours.ip, 'alice@test.com', /^Final-Recipient: [^\r]*who@away\.test/m)
	await assert.rejects(ours.panpipe('queue', 'show', waiting.id), /no message/)
})

test('an exchanger that takes no mail now, or hangs up, is passed over for the next one', async t => {
	const closed = await exchanger('127.0.0.45', 3025, [], null, '554 5.3.2 not today\r\n')
	const broken = await exchanger('127.0.0.46', 3025, [], null, '')
	const good = await exchanger('127.0.0.47', 3025, [])
	t.after(() => Promise.all([closed.close(), broken.close(), good.close()]))
	const client = await submission(ours.ip, 'alice@test.com')
	assert.match(await sendMail(client, 'alice@test.com', 'bob@closing.test', text('next')), /^250/)
	client.close()
	await until('the second exchanger has it', 20_000, () => good.taken.length === 1)
	assert.deepEqual([closed.connections, broken.connections], [1, 1])
})

test('SMTPUTF8 without anything beyond ASCII keeps no message from a server without it', async t => {
	const good = await exchanger('127.0.0.47', 3025, ['8BITMIME'])
	t.after(() => good.close())
	const client = await submission(ours.ip, 'alice@test.com')
	const send = async (to: string, content: string) => {
		assert.match(await client.say('MAIL FROM:<alice@test.com> SMTPUTF8'), /^250/)
		assert.match(await client.say(`RCPT TO:<${to}>`), /^250/)
		await client.say('DATA')
		client.send(Buffer.from(`${content}.\r\n`))
		assert.match(await client.reply(), /^250/)
	}
	const body = '\r\n正文\r\n'
	await send('carol@plain.test', `From: alice@test.com\r\nSubject: plain\r\n${body}`)
	await send('dave@plain.test', `From: alice@test.com\r\nSubject: 你好\r\n${body}`)
	client.close()
	const report = await arrived(ours.ip, 'alice@test.com', /^Final-Recipient: [^\r]*dave@plain\.test/m)
	assert.match(report, /Status: 5\.6\.7/)
	assert.deepEqual(
		good.taken.map(({ recipients }) => recipients),
		[['RCPT TO:<carol@plain.test>']],
	)
	assert.doesNotMatch(good.taken[0]!.mail, /SMTPUTF8/)
})

test('a domain that takes no mail at all says so in its report (RFC 7505)', async () => {
	const client = await submission(ours.ip, 'alice@test.com')
	await sendMail(client, 'alice@test.com', 'who@silent.test', text('null'))
	client.close()
	assert.match(
		await arrived(ours.ip, 'alice@test.com', /^Final-Recipient: [^\r]*who@silent\.test/m),
		/Status: 5\.1\.10\r\nDiagnostic-Code: smtp; 556 5\.1\.10/,
	)
})
