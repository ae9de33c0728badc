import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { type Office, ROOT, say as sayTo } from '../src/admin/index.ts'
import { understand } from '../src/main/command-line.ts'
import { nameServer } from './support/dns.ts'
import { HOUR, LETTER, type Post, Town } from './support/post.ts'

/* RFC 9208 and 4.2.2: what an account may hold, who says so, and what becomes of mail that does not fit. */

const DNS = { address: '127.0.22.1', port: 3053, relayPort: 3025 }
let names: { close(): void }
before(async () => {
	names = await nameServer(DNS.address, DNS.port, {})
})
after(() => names.close())

/** alice and dave live at a, bob at b; they answer the command line as nodes do. */
async function town(t: TestContext): Promise<{ town: Town; a: Post; b: Post }> {
	const town = new Town(t, DNS)
	const [a, b] = (await town.open('a', 'b')) as [Post, Post]
	a.account('alice@test.com')
	a.account('dave@test.com')
	b.account('bob@test.com')
	await town.nodes.settled()
	return { town, a, b }
}

/** What the command line prints with --json. */
async function say({ directory, store, name }: Post, words: string): Promise<Record<string, unknown>> {
	const { verb, input } = understand(words.split(' '))
	// What is written down is the concern of the tests of the audit log.
	const cluster = { links: { peers: () => [] } } // the other cannot be asked
	const office = { directory, store, cluster, self: name, audit: { write() {} } } as unknown as Office
	return (await sayTo(office, ROOT, verb, input)) as Record<string, unknown>
}

test('a limit of the account counts before that of its domain, and its units make it tighter', async t => {
	const { town: all, a, b } = await town(t)
	const holds = async (at: Post) => (await say(at, 'account quota bob@test.com')).holds
	assert.deepEqual(await holds(a), { storage: null, messages: null })
	await say(a, 'domain quota test.com --storage 5G --messages 1000')
	await all.nodes.settled()
	assert.deepEqual(await holds(b), { storage: 5 * 2 ** 30, messages: 1000 })
	await say(b, 'account quota bob@test.com --storage 10G')
	await all.nodes.settled()
	assert.deepEqual(await holds(a), { storage: 10 * 2 ** 30, messages: 1000 })
	await say(a, 'account quota bob@test.com --storage none --messages none')
	assert.deepEqual(await holds(a), { storage: null, messages: null })
	const unit = a.directory.addUnit({
		name: 'Sales',
		kind: 'department',
		parent: null,
		limits: { storage: 2 ** 30 },
	})
	a.directory.setUnit(a.directory.accountByAddress('bob@test.com')!.id, unit.id)
	assert.deepEqual(await holds(a), { storage: 2 ** 30, messages: null })
	await say(a, 'account quota bob@test.com --storage default --messages default')
	await all.nodes.settled()
	assert.deepEqual(await holds(b), { storage: 2 ** 30, messages: 1000 })
	await assert.rejects(async () => say(a, 'account quota nobody@test.com'), /there is no account/)
	await assert.rejects(async () => say(a, 'domain quota other.test --messages 1'), /no domain/)
	assert.throws(() => understand('account quota bob@test.com --storage much'.split(' ')), /size like 500M/)
})

test('mail for a full mailbox is refused at RCPT, and taken again when there is room', async t => {
	const { a } = await town(t)
	await say(a, 'account quota dave@test.com --messages 1')
	assert.equal((await a.send('alice@test.com', 'dave@test.com')).code, 250)
	const refused = await a.send('alice@test.com', 'dave@test.com')
	assert.deepEqual([refused.code, refused.enhanced], [452, '4.2.2'])
	assert.deepEqual((await say(a, 'account quota dave@test.com')).used, {
		storage: a.inbox('dave@test.com')[0]!.length,
		messages: 1,
	})
	await say(a, 'account quota dave@test.com --messages none --storage 2K')
	const large = await a.send('alice@test.com', 'dave@test.com', { size: 2000 })
	assert.deepEqual([large.code, large.enhanced], [452, '4.2.2'])
	// Also when the size is only known at the end.
	const unsaid = await a.send('alice@test.com', 'dave@test.com', {}, LETTER + 'x'.repeat(2000))
	assert.deepEqual([unsaid.code, unsaid.enhanced], [452, '4.2.2'])
	assert.equal((await a.send('alice@test.com', 'dave@test.com', { size: LETTER.length })).code, 250)
	assert.equal(a.inbox('dave@test.com').length, 2)
})

test('mail for a full mailbox at another node waits, its sender is told, and it comes when there is room', async t => {
	const { town: all, a, b } = await town(t)
	await say(b, 'account quota bob@test.com --messages 0')
	assert.equal((await a.send('alice@test.com', 'bob@test.com')).code, 250)
	assert.match(a.queue.list()[0]!.reason, /452 4\.2\.2/)
	await all.pass(5 * HOUR)
	assert.deepEqual(
		a.reports('alice@test.com').map(({ Action, Status }) => [Action, Status]),
		[['delayed', '4.2.2']],
	)
	// Those that are on their way behind it are not its concern.
	b.account('carol@test.com')
	await all.nodes.settled()
	await Promise.all([
		a.send('alice@test.com', 'bob@test.com'),
		a.send('alice@test.com', 'carol@test.com'),
		a.send('alice@test.com', 'carol@test.com'),
	])
	assert.equal(b.inbox('carol@test.com').length, 2)
	await say(b, 'account quota bob@test.com --messages default')
	await all.pass(2 * HOUR)
	assert.equal(b.inbox('bob@test.com').length, 2)
	assert.equal(a.queue.list().length, 0)
	// And when there is none for days, it comes back.
	await say(b, 'account quota bob@test.com --messages 2')
	await a.send('alice@test.com', 'bob@test.com')
	await all.pass(121 * HOUR)
	assert.equal(a.queue.list().length, 0)
	assert.equal(a.reports('alice@test.com').at(-1)!.Action, 'failed')
	assert.equal(b.inbox('bob@test.com').length, 2)
})

test('one full mailbox behind an address keeps nobody else from the message', async t => {
	const { town: all, a, b } = await town(t)
	a.directory.addAlias('all@test.com', ['alice@test.com', 'dave@test.com', 'bob@test.com'])
	await all.nodes.settled()
	await say(a, 'account quota dave@test.com --messages 0')
	assert.equal((await a.send('alice@test.com', 'all@test.com')).code, 250)
	assert.equal(a.inbox('alice@test.com').length, 1)
	assert.equal(b.inbox('bob@test.com').length, 1)
	assert.deepEqual(
		a.queue.list().map(({ recipient, reason }) => [recipient, reason.slice(0, 9)]),
		[['dave@test.com', '452 4.2.2']],
	)
	await say(a, 'account quota dave@test.com --messages none')
	await all.pass(2 * HOUR)
	assert.equal(a.inbox('dave@test.com').length, 1)
	assert.equal(a.inbox('alice@test.com').length, 1)
	assert.equal(a.queue.list().length, 0)
})
