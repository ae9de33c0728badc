import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { Nodes } from './directory-nodes.ts'

const DAY = 86_400_000

test('what is written anywhere is known everywhere without a beat', async t => {
	const nodes = new Nodes(t)
	const [a, b, c] = ['a', 'b', 'c'].map(node => nodes.start(node))
	await nodes.settled()
	b!.addDomain('example.com')
	await nodes.settled()
	const { id } = a!.addAccount({ address: 'alice@example.com', home: 'c' })
	await nodes.settled()
	for (const directory of [a, b, c]) assert.equal(directory!.accountByAddress('alice@example.com')?.id, id)
	assert.equal(nodes.digests().size, 1)
})

test('a change that everybody heard is not fetched again from anybody', async t => {
	const nodes = new Nodes(t)
	const all = ['a', 'b', 'c', 'd'].map(node => nodes.start(node))
	await nodes.beats(2)
	for (const links of nodes.net.nodes.values()) links.asked.length = 0
	all[0]!.addDomain('example.com')
	for (let i = 0; i < 20; i++) {
		all[i % 4]!.addAccount({ address: `user${i}@example.com` })
		await nodes.settled()
	}
	await nodes.beats(10)
	assert.equal(nodes.digests().size, 1)
	for (const links of nodes.net.nodes.values()) assert.deepEqual(links.asked, [])
	for (const node of ['b', 'c', 'd']) assert.equal(all[0]!.copyAge(node), 0)
})

test('a change whose push was lost is found by the next beat', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	const b = nodes.start('b')
	await nodes.beats(2)
	nodes.net.lose('a', 'b')
	a.addDomain('example.com')
	await nodes.settled()
	assert.deepEqual(b.domains(), [])
	await nodes.beats(1)
	assert.deepEqual(b.domains(), ['example.com'])
})

test('a node that hears only one of two others learns of both', async t => {
	const nodes = new Nodes(t)
	nodes.net.cut('a', 'c')
	const [a, b, c] = ['a', 'b', 'c'].map(node => nodes.start(node))
	await nodes.beats(2)
	a!.addDomain('example.com')
	await nodes.settled()
	await nodes.beats(1)
	assert.deepEqual(c!.domains(), ['example.com'])
	assert.ok(b)
})

test('writings of both sides of a cut are everywhere as soon as the line is back', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	const b = nodes.start('b')
	a.addDomain('example.com')
	await nodes.beats(2)
	nodes.net.cut('a', 'b')
	a.addAccount({ address: 'alice@example.com' })
	b.addAccount({ address: 'bob@example.com' })
	nodes.now += 60_000
	await nodes.beats(1)
	assert.equal(a.copyAge('b'), 61_000)
	nodes.net.mend('a', 'b')
	await nodes.settled()
	assert.equal(a.countAccounts(), 2)
	assert.equal(b.countAccounts(), 2)
	assert.equal(a.copyAge('b'), 0)
})

test('rows deleted behind our back are fetched again at the next contact', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	nodes.start('b')
	a.addDomain('example.com')
	await a.addAccounts(Array.from({ length: 50 }, (_, i) => ({ address: `user${i}@example.com` })))
	await nodes.beats(2)
	nodes.stop('b')
	const file = new DatabaseSync(nodes.file('b'))
	file.exec(
		"DELETE FROM record WHERE kind = 'account' AND id IN (SELECT id FROM account WHERE address LIKE 'user1%')",
	)
	file.close()
	nodes.net.cut('a', 'b')
	const b = nodes.start('b')
	assert.equal(b.countAccounts(), 39)
	assert.deepEqual(b.lookup('user17@example.com'), { is: 'unknown' })
	nodes.net.mend('a', 'b')
	await nodes.settled()
	assert.equal(b.countAccounts(), 50)
	assert.equal(b.digest, a.digest)
})

test('a difference nobody announced is repaired by itself when it lasts, and by refresh at once', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	let b = nodes.start('b')
	a.addDomain('example.com')
	a.addAccount({ address: 'alice@example.com' })
	await nodes.beats(2)
	const damage = () => {
		nodes.stop('b')
		const file = new DatabaseSync(nodes.file('b'))
		// The counters of the file fit again: only the comparison with others can find this.
		file.exec(`DELETE FROM record WHERE kind = 'account'; DELETE FROM account;
			UPDATE fact SET value = json_set(value, '$.count', (SELECT count(*) FROM record),
			'$.digest', (SELECT sum(hash) % 1099511627776 FROM record)) WHERE name = 'state'`)
		file.close()
		b = nodes.start('b')
	}
	damage()
	await nodes.settled()
	assert.equal(b.countAccounts(), 0)
	await nodes.beats(4)
	assert.equal(b.countAccounts(), 1)
	damage()
	await nodes.settled()
	const results = await a.refresh()
	assert.deepEqual(results, [{ node: 'b', state: 'done', records: 3, changed: 0, added: 0 }])
	assert.equal(b.countAccounts(), 1)
})

test('refresh names the nodes that cannot be reached', async t => {
	const nodes = new Nodes(t)
	const [a, b] = ['a', 'b', 'c'].map(node => nodes.start(node))
	await nodes.beats(2)
	nodes.net.cut('a', 'c')
	nodes.net.lose('b', 'a')
	b!.addDomain('example.com')
	await nodes.settled()
	const results = await a!.refresh()
	assert.deepEqual(
		results.map(({ node, state, changed }) => ({ node, state, changed })),
		[
			{ node: 'b', state: 'done', changed: 1 },
			{ node: 'c', state: 'unreachable', changed: 0 },
		],
	)
	assert.deepEqual(a!.domains(), ['example.com'])
})

test('a file put back from an old copy catches up, and what was lost with it comes back', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	const b = nodes.start('b')
	a.addDomain('example.com')
	await nodes.beats(2)
	nodes.stop('a')
	const { copyFileSync } = await import('node:fs')
	copyFileSync(nodes.file('a'), `${nodes.file('a')}.old`)
	const later = nodes.start('a')
	later.addAccount({ address: 'alice@example.com' })
	await nodes.beats(2)
	nodes.stop('a')
	copyFileSync(`${nodes.file('a')}.old`, nodes.file('a'))
	const again = nodes.start('a')
	again.addAccount({ address: 'bob@example.com' })
	await nodes.beats(6)
	assert.equal(again.countAccounts(), 2)
	assert.equal(b.countAccounts(), 2)
})

test('changes stamped more than ten minutes ahead are not taken, and who is ahead is told', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	const b = nodes.start('b')
	await nodes.beats(2)
	nodes.wrong.set('b', 3_600_000)
	b.addDomain('example.com')
	await nodes.settled()
	assert.deepEqual(a.domains(), [])
	assert.deepEqual(nodes.ahead[0], { at: 'a', node: 'b', aheadMs: 3_600_000 })
	// When that time has come they are no longer from the future.
	nodes.now += 3_600_000
	await nodes.beats(5)
	assert.deepEqual(a.domains(), ['example.com'])
})

test('what was written while a clock ran ahead is everywhere soon after that clock has been set right', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	nodes.wrong.set('b', 3 * DAY)
	const b = nodes.start('b')
	await nodes.beats(2)
	a.addDomain('example.com')
	const { id } = a.addAccount({ address: 'alice@example.com', name: 'Alice' })
	await nodes.beats(2)
	b.setName(id, 'Alicia')
	b.setPolicy('size', 1)
	b.setPolicy('size', 2)
	await b.addAccounts(Array.from({ length: 500 }, (_, i) => ({ address: `user${i}@example.com` })))
	await nodes.beats(5)
	assert.equal(a.account(id)?.name, 'Alice')
	assert.equal(a.countAccounts(), 1)

	nodes.wrong.set('b', 0)
	await nodes.beats(6)
	for (const each of [a, b]) {
		assert.equal(each.account(id)?.name, 'Alicia')
		assert.equal(each.getPolicy('size'), 2)
		assert.equal(each.countAccounts(), 501)
	}
	assert.equal(nodes.digests().size, 1)
	// Whoever writes later has the newer stamp again.
	a.setName(id, 'Alice Liddell')
	a.setPolicy('size', 3)
	await nodes.settled()
	assert.equal(b.account(id)?.name, 'Alice Liddell')
	b.setName(id, 'Lewis')
	await nodes.settled()
	assert.equal(a.account(id)?.name, 'Lewis')
	assert.equal(b.getPolicy('size'), 3)
	nodes.stop('b')
	const again = nodes.start('b')
	again.setPolicy('size', 4)
	await nodes.beats(2)
	assert.equal(a.getPolicy('size'), 4)
})

test('a node whose own clock is behind, or that does not hear everybody, leaves stamps as they are', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	for (const node of ['b', 'c']) nodes.start(node)
	await nodes.beats(2)
	a.addDomain('example.com')
	await nodes.beats(2)
	const before = a.digest
	// b was without power, and began in the past; c then too, with a line to nobody but b.
	nodes.stop('b')
	nodes.wrong.set('b', -3 * DAY)
	nodes.start('b')
	await nodes.beats(5)
	nodes.net.cut('a', 'b')
	nodes.net.cut('a', 'c')
	nodes.wrong.set('c', -3 * DAY)
	await nodes.beats(5)
	assert.deepEqual([...nodes.digests()], [before])
	for (const node of ['b', 'c']) nodes.wrong.set(node, 0)
	nodes.net.mendAll()
	await nodes.beats(5)
	assert.deepEqual([...nodes.digests()], [before])
})

test('mergedWith says when two nodes know the same, and when they do not in time', async t => {
	const nodes = new Nodes(t)
	nodes.net.cut('a', 'b')
	const a = nodes.start('a')
	const b = nodes.start('b')
	a.addDomain('example.com')
	await a.addAccounts(Array.from({ length: 2000 }, (_, i) => ({ address: `user${i}@example.com` })))
	assert.equal(await a.mergedWith('b', 1), false)
	const merged = a.mergedWith('b', 60_000)
	nodes.net.mend('a', 'b')
	await nodes.beats(2)
	assert.equal(await merged, true)
	assert.equal(b.countAccounts(), 2000)
})

test('a removed node goes on alone with its own accounts and can come back with them', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	const b = nodes.start('b')
	a.addDomain('example.com')
	await nodes.beats(2)
	a.addAccount({ address: 'alice@example.com' })
	const bob = b.addAccount({ address: 'bob@example.com' })
	a.addAlias('here@example.com', ['bob@example.com'])
	a.addAlias('there@example.com', ['alice@example.com'])
	a.addAlias('chain@example.com', ['there@example.com'])
	a.setPolicy('size', 5)
	a.putNode('b', { description: 'branch' })
	await nodes.beats(2)
	a.removeNode('b')
	await nodes.settled()
	assert.deepEqual(
		b.nodes().map(({ id }) => id),
		['a'],
	)
	b.becomeAlone('b2')
	assert.deepEqual(
		b.nodes().map(({ id, description }) => ({ id, description })),
		[{ id: 'b2', description: 'branch' }],
	)
	assert.deepEqual(
		b.accounts().map(({ address, home, epoch }) => ({ address, home, epoch })),
		[{ address: 'bob@example.com', home: 'b2', epoch: 2 }],
	)
	assert.deepEqual(
		b.aliases().map(({ address }) => address),
		['here@example.com'],
	)
	assert.equal(b.getPolicy('size'), 5)
	// Former peers talk on for a while.
	a.addDomain('example.org')
	await nodes.beats(3)
	assert.deepEqual(b.domains(), ['example.com'])
	assert.deepEqual(a.lookup('bob@example.com'), { is: 'unknown' })

	nodes.stop('b')
	const back = nodes.start('b2', { file: nodes.file('b') })
	nodes.open.set('b2', back)
	await nodes.beats(3)
	assert.equal(a.accountByAddress('bob@example.com')?.id, bob.id)
	assert.equal(a.accountByAddress('bob@example.com')?.home, 'b2')
	assert.equal(back.countAccounts(), 2)
	assert.equal(nodes.digests().size, 1)
})

test('a domain tried out and removed by a node alone does not die in the cluster it joins', async t => {
	const nodes = new Nodes(t)
	nodes.net.cut('a', 'b')
	const a = nodes.start('a')
	const b = nodes.start('b')
	a.addDomain('example.com')
	nodes.now += 1000
	b.addDomain('example.com')
	b.addAlias('x@example.com', ['y@example.org'])
	b.removeAlias('x@example.com')
	b.removeDomain('example.com')
	nodes.net.mend('a', 'b')
	await nodes.beats(2)
	assert.deepEqual(a.domains(), ['example.com'])
	assert.deepEqual(b.domains(), ['example.com'])
})

test('a newcomer learns of all members in one go, before the accounts', async t => {
	const nodes = new Nodes(t)
	nodes.net.cut('a', 'b')
	const a = nodes.start('a')
	a.putNode('c', { ip: '127.0.0.3' })
	a.addDomain('example.com')
	await a.addAccounts(Array.from({ length: 6000 }, (_, i) => ({ address: `user${i}@example.com` })))
	a.putNode('a', { ip: '127.0.0.1' })
	a.putNode('b', { ip: '127.0.0.2' })
	const b = nodes.start('b')
	const seen = new Set<string>()
	b.changed.on(() =>
		seen.add(
			b
				.nodes()
				.map(({ id, ip }) => `${id} ${ip}`)
				.join(),
		),
	)
	nodes.net.mend('a', 'b')
	await nodes.beats(2)
	assert.equal(b.countAccounts(), 6000)
	assert.deepEqual([...seen], ['a 127.0.0.1,b 127.0.0.2,c 127.0.0.3'])
})
