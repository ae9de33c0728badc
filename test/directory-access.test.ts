import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Nodes } from './directory-nodes.ts'

const HOUR = 3_600_000
const from = { client: '192.0.2.1', program: 'a browser' }

/** Nodes a and b, which know each other, and alice. */
async function two(t: { after(fn: () => void): void }) {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	const b = nodes.start('b')
	a.putNode('b', { ip: '192.0.2.2' })
	a.addDomain('test.com')
	const { id } = a.addAccount({ address: 'alice@test.com', passwordHash: 'one' })
	a.sessions.open(a.account(id)!, from) // a has its key, and b has heard it
	await nodes.beats(5)
	return { nodes, a, b, id, alice: a.account(id)! }
}

test('a session is good at another node before its record arrives, and over there when its end arrives', async t => {
	const { nodes, a, b, id, alice } = await two(t)
	nodes.net.cut('a', 'b')
	const { token, session } = a.sessions.open(alice, from)
	assert.equal(b.sessions.of(token)?.account.id, id)
	assert.equal(b.sessions.list(id).length, 1)
	a.sessions.end(id, session.id)
	assert.equal(a.sessions.of(token), null)
	nodes.net.mendAll()
	await nodes.beats(5)
	assert.equal(b.sessions.of(token), null)
})

test('what is not signed by a node of ours, or for another password, is no session', async t => {
	const { nodes, a, b, id, alice } = await two(t)
	const { token } = a.sessions.open(alice, from)
	const [said, mac] = token.split('.') as [string, string]
	const claim = JSON.parse(Buffer.from(said, 'base64url').toString())
	const forged = (...changes: [number, unknown][]) => {
		const other = [...claim]
		for (const [at, value] of changes) other[at] = value
		return `${Buffer.from(JSON.stringify(other)).toString('base64url')}.${mac}`
	}
	assert.equal(b.sessions.of(forged())?.account.id, id)
	assert.equal(b.sessions.of(forged([5, claim[5] + 1])), null)
	assert.equal(b.sessions.of(forged([0, 'c'])), null)
	for (const nonsense of ['', '.', 'x.y', `${said}.`, said, '[].x', `${'x'.repeat(2000)}.y`]) {
		assert.equal(b.sessions.of(nonsense), null)
	}
	a.setDisabled(id, true)
	assert.equal(a.sessions.of(token), null)
	a.setDisabled(id, false)
	assert.notEqual(a.sessions.of(token), null)
	a.setPassword(id, 'two')
	await nodes.beats(2)
	assert.equal(a.sessions.of(token), null)
	assert.equal(b.sessions.of(token), null)
})

test('a session ends when it was not used for half a day, and after a week in any case', async t => {
	const { nodes, a, alice } = await two(t)
	let { token } = a.sessions.open(alice, from)
	nodes.now += 12 * HOUR
	assert.equal(a.sessions.of(token), null)
	token = a.sessions.open(alice, from).token
	assert.equal(a.sessions.renew(token), null) // it is new enough
	let hours = 0
	for (; ; hours += 6) {
		const renewed = a.sessions.renew(token)
		if (renewed) token = renewed.token
		if (!a.sessions.of(token)) break
		nodes.now += 6 * HOUR
	}
	assert.equal(hours, 7 * 24)
})

test('records of sessions are used again: the seventeenth takes the place of the first', async t => {
	const { nodes, a, b, id, alice } = await two(t)
	const tokens: string[] = []
	for (let i = 0; i < 16; i++) {
		nodes.now += 1000
		tokens.push(a.sessions.open(alice, from).token)
	}
	assert.equal(a.sessions.list(id).length, 16)
	const { count } = countOf(a.digest)
	nodes.now += 1000
	tokens.push(a.sessions.open(alice, from).token)
	assert.equal(countOf(a.digest).count, count)
	await nodes.beats(5)
	const living = tokens.map(token => b.sessions.of(token) !== null)
	assert.deepEqual(living, [false, ...Array(16).fill(true)])
})

test('what is begun at two nodes that do not hear of each other in time is two sessions', async t => {
	const { nodes, a, b, id, alice } = await two(t)
	nodes.net.cut('a', 'b')
	const { token: first } = a.sessions.open(alice, from)
	nodes.now += 1
	const { token: second } = b.sessions.open(b.account(id)!, from)
	nodes.net.mendAll()
	await nodes.beats(5)
	for (const node of [a, b]) {
		for (const token of [first, second]) assert.equal(node.sessions.of(token)?.account.id, id)
		assert.equal(node.sessions.list(id).length, 3)
	}
})

test('a node that was removed vouches for nobody, and one that goes on alone keeps its own people’s rights', async t => {
	const { nodes, a, b, id } = await two(t)
	const bob = b.addAccount({ address: 'bob@test.com', passwordHash: 'one' })
	const { token } = b.sessions.open(bob, from)
	a.access.grant({ account: id, role: 'admin', domain: null, unit: null, by: 'root' })
	b.access.grant({ account: bob.id, role: 'auditor', domain: null, unit: null, by: 'root' })
	await nodes.beats(5)
	assert.notEqual(a.sessions.of(token), null)
	a.removeNode('b')
	assert.equal(a.sessions.of(token), null)
	assert.deepEqual(
		a.access.grants().map(({ role }) => role),
		['admin'],
	)
	b.becomeAlone('b2')
	assert.deepEqual(
		b.access.grants().map(({ role }) => role),
		['auditor'],
	)
	assert.equal(b.sessions.of(token), null)
	assert.equal(b.access.hasAdministrator, false)
})

function countOf(digest: string): { count: number } {
	return { count: Number(digest.split(':')[0]) }
}
