import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { nameServer } from './support/dns.ts'
import { type Exchanger, exchanger } from './support/exchanger.ts'
import { HOUR, type Post, Town } from './support/post.ts'

/* RFC 3461: exactly one report for each recipient and event, over one node, two, and out into the world. */

const DNS = { address: '127.0.0.135', port: 3053, relayPort: 3025 }
let names: { close(): void }
let plain: Exchanger
let knowing: Exchanger

before(async () => {
	plain = await exchanger('127.0.0.133', 3025, ['SIZE', '8BITMIME'])
	knowing = await exchanger('127.0.0.134', 3025, ['DSN', 'SIZE'])
	names = await nameServer(DNS.address, DNS.port, {
		'plain.test': { MX: [[10, 'mx.plain.test']] },
		'mx.plain.test': { A: ['127.0.0.133'] },
		'knowing.test': { MX: [[10, 'mx.knowing.test']] },
		'mx.knowing.test': { A: ['127.0.0.134'] },
		'away.test': { MX: [[10, 'mx.away.test']] },
		'mx.away.test': { A: ['127.0.0.140'] }, // nobody listens there
	})
})
after(async () => {
	names.close()
	await Promise.all([plain.close(), knowing.close()])
})

/** alice lives at a, bob and carol at b. */
async function town(t: TestContext): Promise<{ town: Town; a: Post; b: Post }> {
	plain.taken = []
	knowing.taken = []
	const town = new Town(t, DNS)
	const [a, b] = (await town.open('a', 'b')) as [Post, Post]
	a.account('alice@test.com')
	a.account('dave@test.com')
	b.account('bob@test.com')
	b.account('carol@test.com')
	await town.nodes.settled()
	return { town, a, b }
}
const to = (address: string, notify: string | null, originalRecipient: string | null = null) => [
	{ address, notify, originalRecipient },
]

test('SUCCESS: filed here is reported as delivered, with what the sender called it', async t => {
	const { a } = await town(t)
	await a.send('alice@test.com', to('dave@test.com', 'SUCCESS', 'rfc822;David+2B1@test.com'), {
		envelopeId: 'QQ+2B1',
		ret: 'FULL',
	})
	const [report, ...more] = a.reports('alice@test.com')
	assert.equal(more.length, 0)
	assert.equal(report!.Action, 'delivered')
	assert.equal(report!.Status, '2.0.0')
	assert.equal(report!['Final-Recipient'], 'rfc822; dave@test.com')
	assert.equal(report!['Original-Recipient'], 'rfc822; David+1@test.com')
	assert.equal(report!['Original-Envelope-Id'], 'QQ+1')
	// Of what did not fail only the header comes back, whatever RET says.
	assert.match(report!.whole!, /text\/rfc822-headers\r\n\r\nFrom: alice@test\.com/)
	assert.doesNotMatch(report!.whole!, /\r\nbody\r\n/)
	assert.match(report!.whole!, /已送达收件人邮箱/)
})

test('SUCCESS over two nodes: the home reports it, once, also when its answer was lost', async t => {
	const { town: all, a, b } = await town(t)
	b.deaf = true
	await a.send('alice@test.com', to('bob@test.com', 'SUCCESS,FAILURE'))
	assert.equal(b.inbox('bob@test.com').length, 1)
	assert.equal(a.queue.list().length, 1)
	b.deaf = false
	await all.pass(0)
	assert.equal(a.queue.list().length, 0)
	assert.equal(b.inbox('bob@test.com').length, 1)
	const reports = a.reports('alice@test.com')
	assert.deepEqual(
		reports.map(one => [one.Action, one['Final-Recipient']]),
		[['delivered', 'rfc822; bob@test.com']],
	)
	assert.match(reports[0]!.whole!, /Reporting-MTA: dns; b\.test\.com/)
})

test('NEVER: no report of anything; nothing said: no report of success', async t => {
	const { a } = await town(t)
	await a.send('alice@test.com', [...to('dave@test.com', 'NEVER'), ...to('bob@test.com', null)])
	await a.send('alice@test.com', to('who@plain.test', null))
	await a.send('alice@test.com', to('who@nowhere.test', 'NEVER'))
	await a.send('alice@test.com', to('who@nowhere.test', 'SUCCESS,DELAY'))
	assert.equal(plain.taken.length, 1)
	assert.deepEqual(a.reports('alice@test.com'), [])
})

test('the null reverse path hears nothing', async t => {
	const { a } = await town(t)
	const stranger = { client: { protocol: 'smtp' as const, account: null } }
	assert.equal((await a.send('', to('dave@test.com', 'SUCCESS'), stranger)).code, 250)
	assert.equal(a.inbox('dave@test.com').length, 1)
	assert.deepEqual(a.queue.list(), [])
})

test('a stranger who asks hears of success too', async t => {
	const { a } = await town(t)
	const stranger = { client: { protocol: 'smtp' as const, account: null } }
	await a.send('eve@plain.test', to('dave@test.com', 'SUCCESS'), stranger)
	assert.match(plain.taken[0]!.content, /Action: delivered/)
	assert.equal(plain.taken[0]!.mail.split(' ')[1], 'FROM:<>')
})

test('relayed: reported where the other server does not know DSN, left to it where it does', async t => {
	const { a } = await town(t)
	await a.send('alice@test.com', [...to('who@plain.test', 'SUCCESS')], { envelopeId: 'e1', ret: 'HDRS' })
	const [report] = a.reports('alice@test.com')
	assert.deepEqual(
		[report!.Action, report!.Status, report!['Remote-MTA']],
		['relayed', '2.1.9', 'dns; mx.plain.test'],
	)
	assert.doesNotMatch(plain.taken[0]!.mail + plain.taken[0]!.recipients, /ENVID|RET|NOTIFY/)
	await a.send('alice@test.com', to('who@knowing.test', 'SUCCESS,DELAY', 'rfc822;x@test'), {
		envelopeId: 'e1',
		ret: 'HDRS',
	})
	assert.match(knowing.taken[0]!.mail, / RET=HDRS ENVID=e1$/)
	assert.match(knowing.taken[0]!.recipients[0]!, / NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x@test$/)
	assert.equal(a.reports('alice@test.com').length, 1)
})

test('expanded: an address of several is reported once, its members not; failures name the address that was written', async t => {
	const { town: all, a, b } = await town(t)
	a.directory.addAlias('team@test.com', ['bob@test.com', 'dave@test.com', 'who@nowhere.test'])
	await all.nodes.settled()
	await a.send('alice@test.com', to('team@test.com', 'SUCCESS,FAILURE'))
	assert.equal(b.inbox('bob@test.com').length, 1)
	assert.equal(a.inbox('dave@test.com').length, 1)
	assert.deepEqual(
		a.reports('alice@test.com').map(one => [one.Action, one['Final-Recipient'], one['Original-Recipient']]),
		[
			['expanded', 'rfc822; team@test.com', undefined],
			['failed', 'rfc822; who@nowhere.test', 'rfc822; team@test.com'],
		],
	)
})

test('an address that stands for one other is followed without a word; success is reported for it', async t => {
	const { town: all, a } = await town(t)
	a.directory.addAlias('robert@test.com', ['bob@test.com'])
	await all.nodes.settled()
	await a.send('alice@test.com', to('robert@test.com', 'SUCCESS'))
	assert.deepEqual(
		a.reports('alice@test.com').map(one => [one.Action, one['Final-Recipient'], one['Original-Recipient']]),
		[['delivered', 'rfc822; bob@test.com', 'rfc822; robert@test.com']],
	)
})

test('who is named beside a list is reported, though there is one copy', async t => {
	const { town: all, a, b } = await town(t)
	a.directory.addAlias('team@test.com', ['bob@test.com', 'carol@test.com', 'dave@test.com'])
	await all.nodes.settled()
	await a.send('alice@test.com', [
		...to('team@test.com', 'NEVER'),
		...to('bob@test.com', 'SUCCESS'),
		...to('dave@test.com', 'SUCCESS'),
	])
	assert.equal(b.inbox('bob@test.com').length, 1)
	assert.equal(a.inbox('dave@test.com').length, 1)
	const finals = a.reports('alice@test.com').map(one => one['Final-Recipient'])
	assert.deepEqual(finals.sort(), ['rfc822; bob@test.com', 'rfc822; dave@test.com'])
})

test('DELAY: one report after four hours, then none but of the failure at the end', async t => {
	const { town: all, a } = await town(t)
	await a.send('alice@test.com', [...to('who@away.test', null), ...to('she@away.test', 'FAILURE')])
	await all.pass(3.9 * HOUR)
	assert.deepEqual(a.reports('alice@test.com'), [])
	await all.pass(0.2 * HOUR)
	await all.pass(20 * HOUR)
	const [delayed, ...more] = a.reports('alice@test.com')
	assert.equal(more.length, 0)
	assert.deepEqual([delayed!.Action, delayed!['Final-Recipient']], ['delayed', 'rfc822; who@away.test'])
	assert.match(delayed!.Status!, /^4\./)
	assert.ok(delayed!['Will-Retry-Until'])
	assert.match(delayed!.whole!, /无需重新发送/)
	await all.pass(100 * HOUR)
	assert.deepEqual(
		a.reports('alice@test.com').map(one => [one.Action, one.Status]),
		[
			['delayed', delayed!.Status],
			['failed', '4.4.7'],
			['failed', '4.4.7'],
		],
	)
	assert.deepEqual(a.queue.list(), [])
})

test('DELAY between nodes: told at the first, not again at the next', async t => {
	const { town: all, a, b } = await town(t)
	b.reachable = false
	await a.send('alice@test.com', to('bob@test.com', 'DELAY,SUCCESS'))
	await all.pass(5 * HOUR)
	assert.deepEqual(
		a.reports('alice@test.com').map(one => one.Action),
		['delayed'],
	)
	b.reachable = true
	await all.pass(0)
	assert.deepEqual(
		a.reports('alice@test.com').map(one => one.Action),
		['delayed', 'delivered'],
	)
})

test('FAILURE with RET=FULL brings the whole message back, with HDRS its header', async t => {
	const { a } = await town(t)
	await a.send('alice@test.com', to('who@nowhere.test', 'FAILURE'), { ret: 'FULL' })
	await a.send('alice@test.com', to('who@nowhere.test', 'FAILURE'), { ret: 'HDRS' })
	const [full, head] = a.reports('alice@test.com')
	assert.equal(full!.Action, 'failed')
	assert.match(full!.whole!, /message\/rfc822[\s\S]*\r\nbody\r\n/)
	assert.doesNotMatch(head!.whole!, /\r\nbody\r\n/)
})

test('names beyond ASCII are reported as they are', async t => {
	const { town: all, a } = await town(t)
	a.account('张伟@test.com')
	a.directory.addAlias('小张@test.com', ['张伟@test.com'])
	await all.nodes.settled()
	await a.send('alice@test.com', to('小张@test.com', 'SUCCESS'), { smtputf8: true })
	const [report] = a.reports('alice@test.com')
	assert.equal(report!['Final-Recipient'], 'utf-8; 张伟@test.com')
	assert.equal(report!['Original-Recipient'], 'utf-8; \\x{5C0F}\\x{5F20}@test.com')
	assert.match(report!.whole!, /report-type=global-delivery-status/)
})

test('what a stranger writes into ENVID or ORCPT makes no field of its own', async t => {
	const { a } = await town(t)
	await a.send('alice@test.com', to('dave@test.com', 'SUCCESS', 'rfc822;x+0D+0AAction:+20failed'), {
		envelopeId: 'x+0D+0AX-Evil:+201',
	})
	const [report] = a.reports('alice@test.com')
	assert.equal(report!.Action, 'delivered')
	assert.doesNotMatch(report!.whole!, /\r\nX-Evil/)
})
