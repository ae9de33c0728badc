import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { nameServer } from './support/dns.ts'
import { certificateFor, type Exchanger, exchanger } from './support/exchanger.ts'
import { HOUR, type Post, Town } from './support/post.ts'

/* What a sender may ask for: later (RFC 4865), within a time (2852), first (6710), never unprotected (8689). */

const DNS = { address: '127.0.0.137', port: 3053, relayPort: 3025 }
let names: { close(): void }
let plain: Exchanger
let safe: Exchanger
let liar: Exchanger

before(async () => {
	const { context, pem } = certificateFor('mx.safe.test')
	setDefaultCACertificates([...getCACertificates('default'), pem])
	plain = await exchanger('127.0.0.138', 3025, ['DSN'])
	safe = await exchanger('127.0.0.139', 3025, ['DSN', 'REQUIRETLS', 'DELIVERBY', 'MT-PRIORITY'], context)
	const other = certificateFor('mx.elsewhere.test')
	liar = await exchanger('127.0.0.136', 3025, ['REQUIRETLS'], other.context)
	names = await nameServer(DNS.address, DNS.port, {
		'plain.test': { MX: [[10, 'mx.plain.test']] },
		'mx.plain.test': { A: ['127.0.0.138'] },
		'safe.test': { MX: [[10, 'mx.safe.test']] },
		'mx.safe.test': { A: ['127.0.0.139'] },
		'guest.test': { MX: [[10, 'mx.safe.test']] },
		'liar.test': { MX: [[10, 'mx.liar.test']] },
		'mx.liar.test': { A: ['127.0.0.136'] },
	})
})
after(async () => {
	names.close()
	await Promise.all([plain.close(), safe.close(), liar.close()])
})

/** alice lives at a, bob at b. */
async function town(t: TestContext): Promise<{ town: Town; a: Post; b: Post }> {
	for (const one of [plain, safe, liar]) Object.assign(one, { taken: [], connections: 0 })
	const town = new Town(t, DNS)
	const [a, b] = (await town.open('a', 'b')) as [Post, Post]
	a.account('alice@test.com')
	a.account('dave@test.com')
	b.account('bob@test.com')
	await town.nodes.settled()
	return { town, a, b }
}
const to = (...addresses: string[]) =>
	addresses.map(address => ({ address, notify: 'SUCCESS,FAILURE,DELAY', originalRecipient: null }))
const told = (post: Post) => post.reports('alice@test.com').map(one => [one.Action, one.Status])

test('a message that is held leaves at its time, here, to another node and to the world, also after a restart and a retry', async t => {
	const { town: all, a, b } = await town(t)
	const answer = await a.send('alice@test.com', to('dave@test.com', 'bob@test.com', 'who@plain.test'), {
		holdFor: 6 * 3600,
	})
	assert.equal(answer.code, 250)
	const listed = a.queue.list()
	assert.deepEqual(
		listed.map(one => [one.recipient, one.release, one.due]),
		['dave@test.com', 'bob@test.com', 'who@plain.test'].map(address => [
			address,
			all.nodes.now + 6 * HOUR,
			all.nodes.now + 6 * HOUR,
		]),
	)
	await a.queue.retry(null)
	await a.queue.hold([listed[0]!.id], true)
	await a.queue.hold([listed[0]!.id], false)
	await all.pass(5.9 * HOUR)
	await a.end()
	await a.begin()
	await all.settled()
	assert.equal(a.queue.list().length, 3)
	assert.deepEqual(told(a), []) // four hours of being held are no delay
	await all.pass(0.2 * HOUR)
	assert.deepEqual(a.queue.list(), [])
	assert.deepEqual(
		[a.inbox('dave@test.com').length, b.inbox('bob@test.com').length, plain.taken.length],
		[1, 1, 1],
	)
	assert.deepEqual(told(a), [
		['delivered', '2.0.0'],
		['delivered', '2.0.0'],
	])
})

test('HOLDUNTIL in the past is now; more than is allowed is refused', async t => {
	const { town: all, a } = await town(t)
	await a.send('alice@test.com', to('dave@test.com'), { holdUntil: all.nodes.now - 1000 })
	assert.equal(a.inbox('dave@test.com').length, 1)
	for (const hold of [{ holdFor: 31 * 86_400 }, { holdUntil: all.nodes.now + 31 * 24 * HOUR }]) {
		const { code, enhanced } = await a.send('alice@test.com', to('dave@test.com'), hold)
		assert.deepEqual([code, enhanced], [501, '5.5.4'])
	}
	assert.deepEqual(a.queue.list(), [])
})

test('a held message whose recipient is gone by then comes back', async t => {
	const { town: all, a, b } = await town(t)
	await a.send('alice@test.com', to('bob@test.com'), { holdFor: 60 })
	b.directory.removeAccount(b.directory.accountByAddress('bob@test.com')!.id)
	await all.nodes.settled()
	await all.pass(HOUR)
	const [report] = a.reports('alice@test.com')
	assert.deepEqual([report!.Action, report!.Status], ['failed', '5.1.1'])
	assert.match(report!['Future-Release-Request']!, /^until;\d{4}-/)
})

test('BY with R: what is not there in time comes back then, and is not tried any longer', async t => {
	const { town: all, a, b } = await town(t)
	b.reachable = false
	await a.send('alice@test.com', to('bob@test.com'), { by: { seconds: 600, mode: 'R', trace: false } })
	await all.pass(500_000)
	assert.deepEqual(told(a), [])
	await all.pass(200_000)
	assert.deepEqual(told(a), [['failed', '5.4.7']])
	assert.ok(a.reports('alice@test.com')[0]!['Deliver-By-Date'])
	b.reachable = true
	await all.pass(0)
	assert.equal(b.inbox('bob@test.com').length, 0)
	assert.deepEqual(a.queue.list(), [])
})

test('BY with N: the sender hears that it is late, and it is delivered all the same', async t => {
	const { town: all, a, b } = await town(t)
	b.reachable = false
	await a.send('alice@test.com', to('bob@test.com'), { by: { seconds: 600, mode: 'N', trace: false } })
	await all.pass(700_000)
	await all.pass(10 * HOUR)
	assert.deepEqual(
		told(a).map(([action]) => action),
		['delayed'],
	)
	b.reachable = true
	await all.pass(0)
	assert.deepEqual(
		told(a).map(([action]) => action),
		['delayed', 'delivered'],
	)
})

test('BY goes on with the time that is left; to a server without it R does not go, of N the sender hears', async t => {
	const { town: all, a } = await town(t)
	const by = { seconds: 600, trace: false }
	await a.send('alice@test.com', to('who@safe.test'), { by: { ...by, mode: 'R' } })
	await a.send('alice@test.com', to('who@safe.test'), { by: { ...by, mode: 'N' }, holdFor: 60 })
	await all.pass(70_000)
	assert.match(safe.taken[0]!.mail, / BY=600;R$/)
	assert.match(safe.taken[1]!.mail, / BY=590;N$/)
	assert.deepEqual(told(a), [])
	await a.send('alice@test.com', to('who@safe.test'), { by: { ...by, mode: 'R', trace: true } })
	assert.match(safe.taken[2]!.mail, / BY=600;RT$/)
	await a.send('alice@test.com', to('who@plain.test'), { by: { ...by, mode: 'N' } })
	await a.send('alice@test.com', to('who@plain.test'), { by: { ...by, mode: 'R' } })
	assert.deepEqual(told(a), [
		['relayed', '2.1.9'],
		['relayed', '2.1.9'],
		['failed', '5.3.3'],
	])
	assert.equal(plain.taken.length, 1)
})

test('REQUIRETLS: only to a server that knows it, by a certificate of the domain; else it comes back (5.7.30)', async t => {
	const { a } = await town(t)
	await a.send('alice@test.com', to('who@safe.test'), { requireTls: true })
	assert.match(safe.taken[0]!.mail, / REQUIRETLS$/)
	assert.equal(safe.taken[0]!.tls, true)
	for (const domain of ['plain.test', 'liar.test', 'guest.test'])
		await a.send('alice@test.com', to(`who@${domain}`), { requireTls: true })
	assert.deepEqual(told(a), [
		['failed', '5.7.30'],
		['failed', '5.7.30'],
		['failed', '5.7.30'],
	])
	assert.deepEqual([plain.taken.length, liar.taken.length, safe.taken.length], [0, 0, 1])
	await a.send('alice@test.com', to('who@plain.test'), {})
	assert.equal(plain.taken.length, 1)
})

test('REQUIRETLS holds for the report too, and between our nodes it is carried on', async t => {
	const { town: all, a, b } = await town(t)
	const stranger = { client: { protocol: 'smtp' as const, account: null }, requireTls: true }
	await a.send('eve@plain.test', to('dave@test.com'), stranger)
	// Into the world, where nobody protects it, goes no more than that it was delivered.
	assert.deepEqual(a.queue.list(), [])
	assert.equal(plain.taken.length, 1)
	const { mail, content } = plain.taken[0]!
	assert.doesNotMatch(mail, /REQUIRETLS/)
	assert.match(content, /\r\nAction: delivered\r\n/)
	assert.doesNotMatch(content, /rfc822-headers|hello/)
	// At b the address is no account any more but goes out into the world.
	a.reachable = b.reachable = false
	await a.send('alice@test.com', to('bob@test.com'), { requireTls: true, priority: 4 })
	const [waiting] = a.queue.list()
	assert.deepEqual([waiting!.requireTls, waiting!.priority], [true, 4])
	b.reachable = true
	await all.pass(0)
	assert.match(b.inbox('bob@test.com')[0]!, /\r\n\tpriority 4;/)
})

test('MT-PRIORITY: the urgent goes first, behind what the same sender sent to the same recipient', async t => {
	const { town: all, a, b } = await town(t)
	a.account('carol@test.com')
	b.reachable = false
	const send = async (from: string, subject: string, priority: number) =>
		a.send(from, to('bob@test.com'), { priority }, `Subject: ${subject}\r\n\r\n`)
	await send('alice@test.com', '1', 0)
	await send('carol@test.com', '2', 0)
	await send('carol@test.com', '3', 6)
	await send('alice@test.com', '4', -3)
	b.reachable = true
	await all.pass(0)
	const order = b.inbox('bob@test.com').map(mail => /^Subject: (\d)/m.exec(mail)![1])
	assert.deepEqual(order, ['2', '3', '1', '4'])
	await a.send('alice@test.com', to('who@safe.test'), { priority: -2 })
	assert.match(safe.taken[0]!.mail, / MT-PRIORITY=-2$/)
})

test('MT-PRIORITY: what is urgent goes first however much waits, unless its own sender has more to say before', async t => {
	const { town: all, a, b } = await town(t)
	a.account('carol@test.com')
	b.reachable = false
	const send = async (from: string, subject: string, priority: number) =>
		a.send(from, to('bob@test.com'), { priority }, `Subject: ${subject}\r\n\r\n`)
	for (let number = 0; number < 230; number++) await send('alice@test.com', `${number}`, 0)
	await send('carol@test.com', 'urgent', 4)
	await send('alice@test.com', 'later', 9)
	await send('carol@test.com', 'next', 8)
	b.reachable = true
	await all.pass(0)
	const order = b.inbox('bob@test.com').map(mail => /^Subject: (\w+)/m.exec(mail)![1])
	assert.equal(order.length, 233)
	assert.equal(order[0], 'urgent')
	// Once it has gone nothing is before this one any more.
	assert.ok(order.indexOf('next') < 3, `it came as number ${order.indexOf('next')}`)
	assert.deepEqual(
		order.filter(subject => /^\d+$/.test(subject!)),
		Array.from({ length: 230 }, (_, number) => `${number}`),
	)
	assert.ok(order.indexOf('later') > order.indexOf('229'))
})

test('LIMITS: no more recipients in a transaction, and messages on a connection, than the other server takes', async t => {
	const { town: all, a } = await town(t)
	plain.extensions = ['DSN', 'LIMITS RCPTMAX=2 MAILMAX=3']
	t.after(() => {
		plain.extensions = ['DSN']
	})
	await a.send('alice@test.com', to('1@plain.test', '2@plain.test', '3@plain.test'), { holdFor: 60 })
	for (const name of ['4', '5', '6'])
		await a.send('alice@test.com', to(`${name}@plain.test`), { holdFor: 60 })
	await all.pass(HOUR)
	assert.deepEqual(
		plain.taken.map(({ recipients }) => recipients.length),
		[2, 1, 1, 1, 1],
	)
	assert.equal(plain.connections, 2)
	assert.deepEqual(a.queue.list(), [])
	assert.deepEqual(told(a), [])
})
