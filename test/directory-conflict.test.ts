import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Directory } from '../src/directory/index.ts'
import { hashPassword } from '../src/directory/index.ts'
import { Nodes } from './directory-nodes.ts'

/** Two nodes that each made alice while the line was cut: a's is earlier. */
async function twoAlices(t: { after(fn: () => void): void }) {
	const nodes = new Nodes(t)
	nodes.net.cut('a', 'b')
	const a = nodes.start('a')
	const b = nodes.start('b')
	for (const directory of [a, b]) directory.addDomain('example.com')
	nodes.now += 1000
	const first = a.addAccount({ address: 'alice@example.com', passwordHash: await hashPassword('first') })
	nodes.now += 1000
	const second = b.addAccount({ address: 'alice@example.com', passwordHash: await hashPassword('second') })
	nodes.net.mend('a', 'b')
	await nodes.settled()
	return { nodes, a, b, first, second, both: [a, b] as Directory[] }
}

const idOf = (directory: Directory, address: string) => directory.accountByAddress(address)?.id

test('of two accounts with one address the earlier keeps it, the later gets a substitute, on both nodes alike', async t => {
	const { both, first, second } = await twoAlices(t)
	const substitute = `alice.${second.id.slice(-4)}@example.com`
	for (const directory of both) {
		assert.equal(idOf(directory, 'alice@example.com'), first.id)
		assert.equal(idOf(directory, substitute), second.id)
		assert.equal(directory.account(first.id)!.conflict, false)
		const { address, claimed, conflict } = directory.account(second.id)!
		assert.deepEqual(
			{ address, claimed, conflict },
			{ address: substitute, claimed: 'alice@example.com', conflict: true },
		)
		assert.deepEqual(
			directory.conflicts().map(({ id }) => id),
			[second.id],
		)
		assert.equal(directory.countAccounts(), 2)
	}
})

test('both owners of a contested address sign in with it, each with the own password', async t => {
	const { a, first, second } = await twoAlices(t)
	const who = async (login: string, password: string) => {
		const answer = await a.authenticate(login, password)
		return answer.ok ? answer.account.id : answer.why
	}
	assert.equal(await who('alice@example.com', 'first'), first.id)
	assert.equal(await who('alice@example.com', 'second'), second.id)
	assert.equal(await who(a.account(second.id)!.address, 'second'), second.id)
	assert.equal(await who(a.account(second.id)!.address, 'first'), 'wrong')
})

test('the loser has its address back when the winner is deleted', async t => {
	const { nodes, a, both, first, second } = await twoAlices(t)
	a.removeAccount(first.id)
	await nodes.settled()
	for (const directory of both) {
		assert.equal(directory.account(second.id)!.address, 'alice@example.com')
		assert.equal(idOf(directory, 'alice@example.com'), second.id)
		assert.equal(idOf(directory, `alice.${second.id.slice(-4)}@example.com`), undefined)
		assert.deepEqual(directory.conflicts(), [])
	}
})

test('the loser has its address back when the winner is renamed', async t => {
	const { nodes, b, both, first, second } = await twoAlices(t)
	b.renameAccount(first.id, 'alicia@example.com')
	await nodes.settled()
	for (const directory of both) {
		assert.equal(idOf(directory, 'alice@example.com'), second.id)
		assert.equal(idOf(directory, 'alicia@example.com'), first.id)
		assert.deepEqual(directory.conflicts(), [])
	}
})

test("the loser has its address back when the winner's node is removed, and loses it when the winner gets a home again", async t => {
	const { nodes, b, first, second } = await twoAlices(t)
	nodes.stop('a')
	b.removeNode('a')
	assert.equal(b.account(second.id)!.address, 'alice@example.com')
	assert.equal(idOf(b, 'alice@example.com'), second.id)
	b.setHome(first.id, 'b')
	assert.equal(idOf(b, 'alice@example.com'), first.id)
	assert.equal(b.account(second.id)!.conflict, true)
})

test('a conflict is settled by a new address, which may be the substitute', async t => {
	const { nodes, a, both, second } = await twoAlices(t)
	const { address } = a.account(second.id)!
	assert.throws(() => a.renameAccount(second.id, 'alice@example.com'), /belongs to another/)
	a.renameAccount(second.id, address)
	await nodes.settled()
	for (const directory of both) {
		assert.equal(directory.account(second.id)!.conflict, false)
		assert.equal(idOf(directory, address), second.id)
	}
})

test('a substitute that somebody claims becomes longer, on all nodes alike', async t => {
	const { nodes, a, b, second } = await twoAlices(t)
	const short = a.account(second.id)!.address
	assert.throws(() => a.addAccount({ address: short }), /taken/)
	// A node that never heard of alice has no reason to refuse the address.
	nodes.net.cut('a', 'c')
	nodes.net.cut('b', 'c')
	const c = nodes.start('c')
	c.addDomain('example.com')
	const taker = c.addAccount({ address: short })
	nodes.net.mendAll()
	await nodes.beats(2)
	for (const directory of [a, b, c]) {
		const longer = `alice.${second.id.slice(-5)}@example.com`
		assert.equal(idOf(directory, short), taker.id)
		assert.equal(directory.account(taker.id)!.conflict, false)
		assert.equal(directory.account(second.id)!.address, longer)
		assert.equal(idOf(directory, longer), second.id)
	}
})

test('an earlier alias keeps its address against a later account', async t => {
	const nodes = new Nodes(t)
	nodes.net.cut('a', 'b')
	const a = nodes.start('a')
	const b = nodes.start('b')
	for (const directory of [a, b]) directory.addDomain('example.com')
	const bob = a.addAccount({ address: 'bob@example.com' })
	a.addAlias('sales@example.com', ['bob@example.com'])
	nodes.now += 1000
	const sales = b.addAccount({ address: 'sales@example.com' })
	nodes.net.mend('a', 'b')
	await nodes.settled()
	for (const directory of [a, b]) {
		const resolved = directory.lookup('sales@example.com')
		assert.ok(resolved.is === 'alias' && resolved.accounts[0]!.id === bob.id)
		assert.equal(directory.account(sales.id)!.conflict, true)
		assert.equal(idOf(directory, directory.account(sales.id)!.address), sales.id)
	}
	b.removeAlias('sales@example.com')
	await nodes.settled()
	for (const directory of [a, b]) assert.equal(idOf(directory, 'sales@example.com'), sales.id)
})

test('the later account becomes part of the earlier one: mail is reached there at once, the name stays, and so does membership', async t => {
	const { nodes, a, b, both, first, second } = await twoAlices(t)
	const { address } = a.account(second.id)!
	const { id: group } = a.addGroup({ address: 'team@example.com' })
	await a.addMembers(group, [address])
	a.addAlias('al@example.com', [address])
	a.mergeAccount(second.id, first.id)
	await nodes.settled()
	for (const directory of both) {
		for (const name of [address, 'al@example.com', 'team@example.com']) {
			const resolved = directory.lookup(name)
			const accounts =
				resolved.is === 'account'
					? [resolved.account]
					: resolved.is === 'group'
						? resolved.members.accounts
						: (resolved as { accounts: { id: string }[] }).accounts
			assert.deepEqual(
				accounts.map(({ id }) => id),
				[first.id],
				name,
			)
		}
		const answer = await directory.authenticate('alice@example.com', 'second')
		assert.ok(!answer.ok && answer.why === 'disabled')
	}
	assert.deepEqual([a.merging(), b.merging().map(({ id }) => id)], [[], [second.id]])
	assert.throws(() => b.mergeAccount(first.id, second.id), /being merged/)
	b.merged(second.id)
	await nodes.settled()
	for (const directory of both) {
		assert.deepEqual(directory.conflicts(), [])
		assert.equal(directory.account(second.id), null)
		assert.deepEqual(directory.membersOf(group), ['alice@example.com'])
		const resolved = directory.lookup(address)
		assert.deepEqual(resolved.is === 'alias' && resolved.accounts.map(({ id }) => id), [first.id])
	}
})

test('two that were told on both sides of a cut to become part of each other: one stays, on both nodes alike', async t => {
	const { nodes, a, b, both, first, second } = await twoAlices(t)
	nodes.net.cut('a', 'b')
	a.mergeAccount(second.id, first.id)
	b.mergeAccount(first.id, second.id)
	nodes.net.mend('a', 'b')
	await nodes.settled()
	await nodes.beats(3)
	const [kept, gone] = first.id < second.id ? [first, second] : [second, first]
	for (const directory of both) {
		assert.equal(directory.account(gone.id)!.mergesInto, kept.id)
		assert.equal(directory.account(kept.id)!.mergesInto, null)
	}
})

/** Of three nodes that do not hear each other, each with an account that was sent into another's. */
async function sent(t: { after(fn: () => void): void }, ...ways: [from: number, into: number][]) {
	const nodes = new Nodes(t)
	const all = ['a', 'b', 'c'].map(name => nodes.start(name)) as [Directory, Directory, Directory]
	all[0].addDomain('example.com')
	await nodes.settled()
	const accounts = all.map((directory, at) => {
		nodes.now += 1000
		return directory.addAccount({ address: `${'xyz'[at]}@example.com`, home: 'abc'[at]! })
	})
	await nodes.beats(2)
	for (const [one, other] of ['ab', 'ac', 'bc']) nodes.net.cut(one!, other!)
	for (const [from, into] of ways) all[from]!.mergeAccount(accounts[from]!.id, accounts[into]!.id)
	nodes.net.mendAll()
	await nodes.settled()
	await nodes.beats(3)
	const into = () =>
		all.map(directory => accounts.map(({ id }) => directory.account(id)?.mergesInto ?? null).join())
	/** The same at all nodes: of each account the place of that it becomes part of. */
	const say = (...places: (number | null)[]) => {
		const expected = places.map(place => (place === null ? null : accounts[place]!.id)).join()
		assert.deepEqual(into(), [expected, expected, expected])
	}
	return { nodes, all, ids: accounts.map(({ id }) => id) as [string, string, string], say }
}

test('three that were sent into each other in a ring all become part of the one made first, whoever is done first', async t => {
	const { nodes, all, ids, say } = await sent(t, [0, 1], [1, 2], [2, 0])
	say(null, 0, 0)
	assert.throws(() => all[0].mergeAccount(ids[0], ids[1]), /being merged/)
	all[2].merged(ids[2])
	await nodes.settled()
	say(null, 0, null)
	all[1].merged(ids[1])
	await nodes.settled()
	for (const directory of all) {
		for (const name of ['x', 'y', 'z']) {
			const found = directory.lookup(`${name}@example.com`)
			const [account] = found.is === 'alias' ? found.accounts : found.is === 'account' ? [found.account] : []
			assert.equal(account?.id, ids[0], name)
		}
	}
})

test('of three in a row the first two become part of the third, also when the one between them is there no more', async t => {
	const { nodes, all, ids, say } = await sent(t, [0, 1], [1, 2])
	say(2, 2, null)
	all[1].merged(ids[1])
	await nodes.settled()
	say(2, null, null)
	all[0].merged(ids[0])
	await nodes.settled()
	for (const directory of all) {
		const found = directory.lookup('x@example.com')
		assert.deepEqual(found.is === 'alias' && found.accounts.map(({ id }) => id), [ids[2]])
	}
})

test('an account that is taking another in is not removed', async t => {
	const { nodes, all, ids, say } = await sent(t, [1, 2])
	for (const directory of all) assert.throws(() => directory.removeAccount(ids[2]), /wait until that is done/)
	assert.deepEqual(
		['a', 'b', 'c'].map(node => all[0].mergesAcross(node)),
		[false, true, true],
	)
	all[1].removeAccount(ids[1])
	await nodes.settled()
	all[0].removeAccount(ids[2])
	await nodes.settled()
	say(null, null, null)
	assert.deepEqual(
		all[1].accounts().map(({ id }) => id),
		[ids[0]],
	)
})

test('an account whose merge came to nothing takes in others, and becomes part of another', async t => {
	const { nodes, all, ids, say } = await sent(t)
	const [a, b, c] = all
	nodes.net.cut('a', 'b')
	nodes.net.cut('b', 'c')
	b.mergeAccount(ids[1], ids[2])
	a.removeAccount(ids[2])
	nodes.net.mendAll()
	await nodes.settled()
	await nodes.beats(3)
	say(null, null, null)
	a.mergeAccount(ids[0], ids[1])
	await nodes.settled()
	say(1, null, null)
	assert.throws(() => c.mergeAccount(ids[1], ids[0]), /being merged/)
	a.merged(ids[0])
	const w = c.addAccount({ address: 'w@example.com' })
	await nodes.settled()
	b.mergeAccount(ids[1], w.id)
	await nodes.settled()
	for (const directory of all) assert.equal(directory.account(ids[1])!.mergesInto, w.id)
})
