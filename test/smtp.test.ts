import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type House, type Listening, serveLmtp, serveSmtp, serveSubmission } from '../src/servers/index.ts'
import { account, house, type Recorder } from './support/house.ts'
import { asNode, open, Talk } from './support/talk.ts'

let recorder: Recorder
let home: House
let doors: (Listening & { port: number })[]
const port = { smtp: 0, submission: 0, submissions: 0 }

before(async () => {
	home = house({ accounts: [account('alice'), account('carol', { disabled: true })] })
	recorder = home.receiver as Recorder
	doors = [
		await open(home, serveSmtp),
		await open(home, serveSubmission),
		await open(home, serveSubmission, true),
	]
	port.smtp = doors[0]!.port
	port.submission = doors[1]!.port
	port.submissions = doors[2]!.port
})
beforeEach(() => {
	recorder.arrived = []
	recorder.aborted = 0
	recorder.disk = async () => {}
})
after(() => Promise.all(doors.map(door => door.close(0))))

async function smtp(): Promise<Talk> {
	const talk = await Talk.to(port.smtp)
	assert.match(await talk.reply(), /^220 mail\.example\.com ESMTP/)
	await talk.say('EHLO client.test')
	return talk
}
const PLAIN = (login: string, password: string) => Buffer.from(`\0${login}\0${password}`).toString('base64')
const codes = (heard: string) => [...heard.matchAll(/^(\d\d\d) /gm)].map(match => match[1])

test('a message arrives with its envelope, dots taken off', async () => {
	const talk = await smtp()
	assert.match(
		await talk.say('MAIL FROM:<alice@test.com> SIZE=20 BODY=8BITMIME RET=HDRS ENVID=e1'),
		/^250 2\.1\.0/,
	)
	assert.match(await talk.say('RCPT TO:<bob@example.com> NOTIFY=NEVER'), /^250 2\.1\.5/)
	assert.match(await talk.say('DATA'), /^354/)
	assert.match(await talk.say('Subject: a\r\n\r\n..b\r\n.'), /^250 2\.0\.0 Ok: 1/)
	const { transaction, content, client } = recorder.arrived[0]!
	assert.equal(content, 'Subject: a\r\n\r\n.b\r\n')
	assert.deepEqual(transaction, {
		reversePath: 'alice@test.com',
		size: 20,
		body: '8BITMIME',
		smtputf8: false,
		ret: 'HDRS',
		envelopeId: 'e1',
		holdFor: null,
		holdUntil: null,
		by: null,
		priority: 0,
		requireTls: false,
		handOver: null,
		recipients: [{ address: 'bob@example.com', notify: 'NEVER', originalRecipient: null }],
	})
	assert.equal(client.helo, 'client.test')
	assert.equal(client.address, '127.0.0.1')
	assert.equal(client.extended, true)
	assert.match(await talk.say('QUIT'), /^221/)
	await talk.rest()
})

test('EHLO offers what is there, and no BINARYMIME to strangers', async () => {
	const talk = await Talk.to(port.smtp)
	await talk.reply()
	const hello = await talk.say('EHLO x')
	for (const word of [
		'PIPELINING',
		'SIZE 100000',
		'8BITMIME',
		'SMTPUTF8',
		'CHUNKING',
		'ENHANCEDSTATUSCODES',
		'DSN',
		'STARTTLS',
		'AUTH PLAIN LOGIN',
	]) {
		assert.match(hello, new RegExp(`^250[- ]${word}\r$`, 'm'))
	}
	assert.doesNotMatch(hello, /BINARYMIME/)
	assert.match(await talk.say('LHLO x'), /^500/)
	talk.close()
})

test('each extension is offered where it counts, and only there', async () => {
	const at = async (door: number, implicitTls = false) => {
		const talk = await Talk.to(door, implicitTls)
		await talk.reply()
		const hello = await talk.say('EHLO x')
		return { talk, hello }
	}
	const relay = await at(port.smtp)
	assert.match(relay.hello, /^250-DELIVERBY\r\n/m)
	assert.match(relay.hello, /^250[- ]LIMITS MAILMAX=10000 RCPTMAX=5\r\n/m)
	assert.doesNotMatch(relay.hello, /FUTURERELEASE|MT-PRIORITY|REQUIRETLS/)
	assert.match(await relay.talk.say('MAIL FROM:<a@test.com> HOLDFOR=60'), /^555/)
	assert.match(await relay.talk.say('MAIL FROM:<a@test.com> MT-PRIORITY=3'), /^555/)
	assert.match(await relay.talk.say('MAIL FROM:<a@test.com> REQUIRETLS'), /^530 5\.7\.10/)
	assert.match(await relay.talk.say('MAIL FROM:<a@test.com> BY=0;R'), /^501/)
	await relay.talk.say('STARTTLS')
	await relay.talk.startTls()
	assert.match(await relay.talk.say('EHLO x'), /^250[- ]REQUIRETLS\r\n/m)
	assert.match(await relay.talk.say('MAIL FROM:<a@test.com> REQUIRETLS BY=60;R'), /^250/)
	relay.talk.close()

	const { talk, hello } = await at(port.submissions, true)
	assert.match(hello, /^250[- ]FUTURERELEASE 3600 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\r\n/m)
	assert.match(hello, /^250[- ]MT-PRIORITY\r\n/m)
	assert.match(hello, /^250[- ]REQUIRETLS\r\n/m)
	await talk.say(`AUTH PLAIN ${PLAIN('alice@example.com', 'secret')}`)
	await talk.say('MAIL FROM:<alice@example.com> HOLDFOR=60 BY=-5;NT MT-PRIORITY=-3 REQUIRETLS')
	await talk.say('RCPT TO:<dave@example.org>')
	await talk.say('DATA')
	await talk.say('x\r\n.')
	const { holdFor, by, priority, requireTls } = recorder.arrived[0]!.transaction
	assert.deepEqual(
		{ holdFor, by, priority, requireTls },
		{ holdFor: 60, by: { seconds: -5, mode: 'N', trace: true }, priority: -3, requireTls: true },
	)
	talk.close()
})

test('pipelined commands are answered in order, also while a message waits for the disk', async () => {
	let written = () => {}
	recorder.disk = () => new Promise<void>(resolve => (written = resolve))
	const talk = await smtp()
	talk.send('MAIL FROM:<a@test.com>\r\nRCPT TO:<nobody@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n')
	assert.deepEqual(codes(await talk.hear(/354 .*\r\n$/)), ['250', '550', '250', '354'])
	talk.send('x\r\n.\r\nMAIL FROM:<b@test.com>\r\nFOO\r\nNOOP\r\n')
	talk.send('QUIT\r\n')
	while (written.toString() === '() => {}') await new Promise(setImmediate)
	written()
	assert.deepEqual(codes(await talk.rest()), ['250', '250', '500', '250', '221'])
})

test('a whole session in one packet, closed by the client at once, is answered to the end', async () => {
	const talk = await Talk.to(port.smtp)
	talk.send('EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\nhi\r\n.\r\n')
	talk.halfClose()
	assert.deepEqual(codes(await talk.rest()), ['220', '250', '250', '250', '354', '250'])
	assert.equal(recorder.arrived[0]!.transaction.reversePath, '')
})

test('bare line ends neither end a message nor smuggle another', async () => {
	for (const end of ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r.\r\n', '\r\n.\r']) {
		const talk = await smtp()
		await talk.say('MAIL FROM:<a@test.com>')
		await talk.say('RCPT TO:<bob@example.com>')
		await talk.say('DATA')
		talk.send(`a${end}MAIL FROM:<mallory@test.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\nfraud\r\n.\r\n`)
		assert.deepEqual(codes(await talk.reply()), ['250'])
		assert.doesNotMatch(recorder.arrived.at(-1)!.content, /[^\r]\n|\r[^\n]/)
		talk.close()
	}
	assert.equal(recorder.arrived.length, 6)
})

test('too large: declared, sent, and in chunks', async () => {
	const talk = await smtp()
	assert.match(await talk.say('MAIL FROM:<a@test.com> SIZE=100001'), /^552 5\.3\.4/)
	await talk.say('MAIL FROM:<a@test.com>')
	await talk.say('RCPT TO:<bob@example.com>')
	await talk.say('DATA')
	assert.match(await talk.say(`${'x\r\n'.repeat(40_000)}.`), /^552 5\.3\.4/)
	assert.equal(recorder.aborted, 1)
	await talk.say('MAIL FROM:<a@test.com>')
	await talk.say('RCPT TO:<bob@example.com>')
	talk.send(`BDAT 60000\r\n${'x'.repeat(60000)}`)
	assert.match(await talk.reply(), /^250/)
	talk.send(`BDAT 60000\r\n${'x'.repeat(60000)}`)
	assert.match(await talk.reply(), /^552/)
	talk.send('BDAT 4 LAST\r\nQUIT')
	assert.match(await talk.reply(), /^503/)
	assert.match(await talk.say('NOOP'), /^250/)
	assert.equal(recorder.arrived.length, 0)
	talk.close()
})

test('BDAT takes exactly its octets and ends lines properly', async () => {
	const talk = await smtp()
	talk.send(
		'MAIL FROM:<a@test.com>\r\nRCPT TO:<bob@example.com>\r\nBDAT 3\r\na\nbBDAT 2\r\n\r\nBDAT 0\r\nBDAT 5 LAST\r\n.\r\nx\ry',
	)
	talk.send('NOOP\r\n')
	const heard = await talk.hear(/(?:.*\r\n){7}$/)
	assert.deepEqual(codes(heard), ['250', '250', '250', '250', '250', '250', '500'])
	assert.equal(recorder.arrived[0]!.content, 'a\r\nb\r\n.\r\nx\r\n')
	talk.close()
})

test('what is submitted as BINARYMIME is base64 from here on, however it is cut into chunks', async () => {
	const octets = Buffer.concat([
		Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
		Buffer.from('\n.\r\n'),
	])
	const content = Buffer.concat([
		Buffer.from('Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n'),
		octets,
	])
	for (const size of [content.length, 7]) {
		const talk = await Talk.to(port.submission)
		await talk.reply()
		assert.match(await talk.say('EHLO x'), /^250[- ]BINARYMIME\r$/m)
		await talk.say(`AUTH PLAIN ${PLAIN('alice@example.com', 'secret')}`)
		await talk.say('MAIL FROM:<alice@example.com> BODY=BINARYMIME')
		await talk.say('RCPT TO:<dave@example.org>')
		for (let at = 0; at < content.length; at += size) {
			const chunk = content.subarray(at, at + size)
			talk.send(`BDAT ${chunk.length}${at + size >= content.length ? ' LAST' : ''}\r\n`)
			talk.send(chunk)
			assert.match(await talk.reply(), /^250/)
		}
		const [head, body] = recorder.arrived.at(-1)!.content.split('\r\n\r\n')
		assert.equal(head, 'Content-Type: image/png\r\nContent-Transfer-Encoding: base64')
		assert.ok(Buffer.from(body!, 'base64').equals(octets))
		talk.close()
	}
	const stranger = await smtp()
	assert.match(await stranger.say('MAIL FROM:<a@test.com> BODY=BINARYMIME'), /^555/)
	stranger.close()
})

test('a refused BDAT is let go with its octets', async () => {
	const talk = await smtp()
	talk.send('BDAT 6\r\nQUIT\r\nNOOP\r\n')
	assert.deepEqual(codes(await talk.hear(/250 .*\r\n$/)), ['503', '250'])
	talk.close()
})

test('what a BDAT that cannot be read brings is never taken for commands', async () => {
	for (const command of ['BDAT 20 FIRST', 'BDAT 99999999999999999 LAST', 'BDAT', 'bdat x']) {
		const talk = await smtp()
		await talk.say('MAIL FROM:<a@test.com>')
		await talk.say('RCPT TO:<bob@example.com>')
		talk.send(`${command}\r\nRCPT TO:<carol@example.com>\r\nNOOP\r\n`)
		assert.deepEqual(codes(await talk.rest()), ['501'])
	}
})

test('the order of commands is watched over', async () => {
	const talk = await Talk.to(port.smtp)
	await talk.reply()
	assert.match(await talk.say('MAIL FROM:<a@test.com>'), /^503/)
	await talk.say('HELO x')
	assert.match(await talk.say('RCPT TO:<bob@example.com>'), /^503/)
	assert.match(await talk.say('DATA'), /^503/)
	await talk.say('MAIL FROM:<a@test.com>')
	assert.match(await talk.say('MAIL FROM:<a@test.com>'), /^503/)
	assert.match(await talk.say('DATA'), /^503/)
	assert.match(await talk.say('RSET'), /^250/)
	assert.match(await talk.say('RCPT TO:<bob@example.com>'), /^503/)
	talk.close()
})

test('too many recipients, lines that are too long, too many errors', async () => {
	const talk = await smtp()
	await talk.say('MAIL FROM:<a@test.com>')
	for (let i = 0; i < 5; i++) assert.match(await talk.say(`RCPT TO:<u${i}@example.com>`), /^250/)
	assert.match(await talk.say('RCPT TO:<u6@example.com>'), /^452 4\.5\.3/)
	assert.match(await talk.say(`NOOP ${'x'.repeat(3000)}`), /^500/)
	assert.match(await talk.say(`NOOP ${'x'.repeat(200_000)}`), /^500/)
	assert.match(await talk.say('NOOP'), /^250/)
	talk.send('FOO\r\n'.repeat(30))
	assert.match(await talk.rest(), /421 4\.7\.0 .*\r\n$/)
})

test('addresses beyond ASCII need SMTPUTF8', async () => {
	const talk = await smtp()
	assert.match(await talk.say('MAIL FROM:<张伟@例子.test>'), /^553 5\.6\.7/)
	assert.match(await talk.say('MAIL FROM:<张伟@例子.test> SMTPUTF8'), /^250/)
	assert.match(await talk.say('RCPT TO:<张伟@example.com>'), /^250/)
	await talk.say('DATA')
	await talk.say('x\r\n.')
	assert.equal(recorder.arrived[0]!.transaction.reversePath, '张伟@例子.test')
	talk.close()
})

test('a client that goes away in the middle leaves nothing', async () => {
	const talk = await smtp()
	await talk.say('MAIL FROM:<a@test.com>')
	await talk.say('RCPT TO:<bob@example.com>')
	await talk.say('DATA')
	talk.send('half a mess')
	talk.close()
	while (recorder.aborted === 0) await new Promise(setImmediate)
	assert.equal(recorder.arrived.length, 0)
})

test('a fault of ours is temporary and tells nothing', async () => {
	recorder.disk = () => Promise.reject(new Error('SQLITE_CORRUPT: /var/lib'))
	const talk = await smtp()
	await talk.say('MAIL FROM:<a@test.com>')
	await talk.say('RCPT TO:<bob@example.com>')
	await talk.say('DATA')
	assert.equal(await talk.say('x\r\n.'), '451 4.3.0 This server has a problem; try again later\r\n')
	assert.match(await talk.say('NOOP'), /^250/)
	talk.close()
})

test('submission: no mail without signing in, and then only as oneself', async () => {
	const talk = await Talk.to(port.submission)
	await talk.reply()
	await talk.say('EHLO x')
	assert.match(await talk.say('MAIL FROM:<alice@example.com>'), /^530 5\.7\.0/)
	assert.match(await talk.say(`AUTH PLAIN ${PLAIN('alice@example.com', 'wrong')}`), /^535 5\.7\.8/)
	assert.match(await talk.say(`AUTH PLAIN ${PLAIN('carol@example.com', 'secret')}`), /^535 5\.7\.13/)
	assert.match(await talk.say(`AUTH PLAIN ${PLAIN('alice@example.com', 'secret')}`), /^235 2\.7\.0/)
	assert.match(await talk.say('AUTH PLAIN'), /^503/)
	assert.match(await talk.say('MAIL FROM:<bob@example.com>'), /^553/)
	assert.match(await talk.say('MAIL FROM:<alice@example.com>'), /^250/)
	await talk.say('RCPT TO:<dave@example.org>')
	await talk.say('DATA')
	await talk.say('x\r\n.')
	assert.deepEqual(recorder.arrived[0]!.client.account, { id: 'id-of-alice', address: 'alice@example.com' })
	talk.close()
})

test('AUTH LOGIN, cancelling, and five failures', async () => {
	const talk = await Talk.to(port.submission)
	await talk.reply()
	await talk.say('EHLO x')
	assert.equal(await talk.say('AUTH LOGIN'), `334 ${Buffer.from('Username:').toString('base64')}\r\n`)
	assert.match(await talk.say('*'), /^501/)
	assert.match(await talk.say('AUTH PLAIN'), /^334 \r\n/)
	assert.match(await talk.say('***'), /^501/)
	assert.match(await talk.say('AUTH CRAM-MD5'), /^504/)
	for (let i = 0; i < 4; i++)
		assert.match(await talk.say(`AUTH PLAIN ${PLAIN('alice@example.com', 'x')}`), /^535/)
	talk.send(`AUTH PLAIN ${PLAIN('alice@example.com', 'x')}\r\n`)
	assert.deepEqual(codes(await talk.rest()), ['535', '421'])
})

test('a client that goes away after STARTTLS while its answers are held up harms nobody', async () => {
	const slow: typeof serveSmtp = (house, entrance) => {
		const { socket } = entrance
		const write = socket.write.bind(socket) as (text: string, done?: () => void) => boolean
		// After the greeting as when the client reads nothing, or is gone already.
		socket.write = ((text: string, done?: () => void) => {
			return write(text, done) && text.includes('ESMTP')
		}) as typeof socket.write
		return serveSmtp(house, entrance)
	}
	const listening = await open(home, slow)
	const unhandled: unknown[] = []
	const hear = (error: unknown) => unhandled.push(error)
	process.on('unhandledRejection', hear)
	const talk = await Talk.to(listening.port)
	await talk.reply()
	talk.send('NOOP\r\nSTARTTLS\r\n')
	await talk.hear(/\n220 2\.0\.0 [^\r]*\r\n$/)
	talk.close()
	await listening.close(5000)
	await new Promise(setImmediate)
	process.off('unhandledRejection', hear)
	assert.deepEqual(unhandled, [])
})

test('STARTTLS forgets what was said before it, injected commands included', async () => {
	const talk = await smtp()
	talk.send('STARTTLS\r\nMAIL FROM:<mallory@test.com>\r\n')
	assert.match(await talk.reply(), /^220 2\.0\.0/)
	await talk.startTls()
	assert.match(await talk.say('MAIL FROM:<a@test.com>'), /^503/)
	const hello = await talk.say('EHLO x')
	assert.doesNotMatch(hello, /STARTTLS/)
	assert.match(await talk.say('STARTTLS'), /^503/)
	await talk.say('MAIL FROM:<a@test.com>')
	await talk.say('RCPT TO:<bob@example.com>')
	await talk.say('DATA')
	await talk.say('x\r\n.')
	assert.equal(recorder.arrived[0]!.client.tls, true)
	assert.match(await talk.say('QUIT'), /^221/)
	await talk.rest()
})

test('implicit TLS speaks at once', async () => {
	const talk = await Talk.to(port.submissions, true)
	assert.match(await talk.reply(), /^220/)
	assert.match(await talk.say('EHLO x'), /AUTH PLAIN LOGIN/)
	talk.close()
})

test('LMTP answers for each recipient, takes hand-over ids, and reads on while the disk works', async () => {
	const waits: (() => void)[] = []
	recorder.disk = () => new Promise<void>(resolve => waits.push(resolve))
	const { talk, close } = await asNode(home, serveLmtp)
	assert.match(await talk.reply(), /^220 mail\.example\.com LMTP/)
	assert.match(await talk.say('EHLO x'), /^500/)
	assert.match(await talk.say('LHLO other.example.com'), /BINARYMIME/)
	const one = (id: string) =>
		`MAIL FROM:<a@test.com> SIZE=4 BODY=8BITMIME XPANPIPE=${id}\r\nRCPT TO:<nobody@example.com>\r\nRCPT TO:<bob@example.com>\r\nRCPT TO:<alice@example.com>\r\nBDAT 4 LAST\r\na\nb\r`
	const none = 'MAIL FROM:<a@test.com> XPANPIPE=x\r\nRCPT TO:<nobody@example.com>\r\nBDAT 4 LAST\r\nabcd'
	talk.send(one('id1') + one('id2') + none)
	while (waits.length < 2) await new Promise(setImmediate)
	waits[1]!()
	waits[0]!()
	const heard = await talk.hear(/503 .*\r\n$/)
	const each = ['250', '550', '250', '250', '250', '250']
	assert.deepEqual(codes(heard), [...each, ...each, '250', '550', '503'])
	assert.deepEqual(recorder.arrived.map(({ transaction }) => transaction.handOver).sort(), ['id1', 'id2'])
	assert.equal(recorder.arrived[0]!.content, 'a\nb\r')
	await close()
})

test('hand-over ids are for nodes only', async () => {
	const talk = await smtp()
	assert.match(await talk.say('MAIL FROM:<a@test.com> XPANPIPE=x'), /^555/)
	talk.close()
})

test('stopping says goodbye and keeps the promise of what is under way', async () => {
	const own = house()
	const door = await open(own, serveSmtp)
	const mine = own.receiver as Recorder
	let written = () => {}
	const begun = new Promise<void>(resolve => {
		mine.disk = () =>
			new Promise<void>(done => {
				written = done
				resolve()
			})
	})
	const talk = await Talk.to(door.port)
	talk.send('EHLO x\r\nMAIL FROM:<a@test.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\nx\r\n.\r\n')
	await begun
	const closed = door.close(5000)
	written()
	assert.deepEqual(codes(await talk.rest()).slice(-3), ['354', '250', '421'])
	talk.close()
	await closed
})
