import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { type DirectoryChange, DirectoryError, type DirectoryErrorCode } from '../src/directory/index.ts'
import { Nodes } from './directory-nodes.ts'

function refused(code: DirectoryErrorCode, act: () => unknown): void {
	assert.throws(act, (error: unknown) => error instanceof DirectoryError && error.code === code)
}

test('an account is found by every spelling of its address, and by nothing else', t => {
	const a = new Nodes(t).start('a')
	a.addDomain('Example.COM')
	const account = a.addAccount({ address: 'Alice@Example.com', name: '张伟' })
	assert.deepEqual(a.lookup('ALICE@example.com'), { is: 'account', account })
	assert.equal(account.address, 'alice@example.com')
	assert.equal(account.home, 'a')
	assert.equal(account.epoch, 1)
	assert.deepEqual(a.lookup('bob@example.com'), { is: 'unknown' })
	assert.deepEqual(a.lookup('alice@example.org'), { is: 'foreign', domain: 'example.org' })
	assert.equal(a.account(account.id)?.name, '张伟')
	assert.equal(a.isOurDomain('EXAMPLE.com'), true)
	assert.equal(a.isOurDomain('example.org'), false)
})

test('what cannot be done is refused with a code', t => {
	const a = new Nodes(t).start('a')
	refused('no-such-domain', () => a.addAccount({ address: 'alice@example.com' }))
	refused('invalid-domain', () => a.addDomain('example com'))
	a.addDomain('example.com')
	refused('exists', () => a.addDomain('EXAMPLE.com'))
	const { id } = a.addAccount({ address: 'alice@example.com' })
	refused('exists', () => a.addAccount({ address: 'ALICE@example.com' }))
	refused('exists', () => a.addAlias('alice@example.com', ['bob@example.org']))
	refused('invalid-address', () => a.addAccount({ address: 'alice' }))
	refused('invalid-address', () => a.addAlias('loop@example.com', ['loop@example.com']))
	refused('no-such-node', () => a.addAccount({ address: 'carol@example.com', home: 'nowhere' }))
	refused('in-use', () => a.removeDomain('example.com'))
	refused('nonexistent', () => a.setDisabled('nobody', true))
	refused('nonexistent', () => a.removeAlias('nothing@example.com'))
	refused('out-of-date', () => a.setHome(id, 'a', 1))
	a.removeAccount(id)
	refused('nonexistent', () => a.removeAccount(id))
	a.removeDomain('example.com')
	assert.deepEqual(a.domains(), [])
})

test('an alias is followed through others, each once, to accounts and to addresses elsewhere', t => {
	const a = new Nodes(t).start('a')
	a.addDomain('example.com')
	const alice = a.addAccount({ address: 'alice@example.com' })
	a.addAlias('one@example.com', ['two@example.com', 'alice@example.com'])
	a.addAlias('two@example.com', [
		'one@example.com',
		'alice@example.com',
		'Bob@Example.org',
		'gone@example.com',
	])
	assert.deepEqual(a.lookup('one@example.com'), {
		is: 'alias',
		accounts: [alice],
		foreign: ['bob@example.org'],
	})
	a.addAlias('nowhere@example.com', ['gone@example.com'])
	assert.deepEqual(a.lookup('nowhere@example.com'), { is: 'unknown' })
	for (let i = 0; i < 12; i++)
		a.addAlias(`deep${i}@example.com`, [i === 0 ? 'alice@example.com' : `deep${i - 1}@example.com`])
	assert.equal(a.lookup('deep9@example.com').is, 'alias')
	assert.equal(a.lookup('deep11@example.com').is, 'unknown')
	a.removeAlias('one@example.com')
	assert.deepEqual(a.lookup('one@example.com'), { is: 'unknown' })
})

test('accounts come in pages, filtered, and are counted', t => {
	const a = new Nodes(t).start('a')
	a.addDomain('example.com')
	a.addDomain('example.org')
	a.putNode('b', { ip: '192.0.2.2' })
	for (let i = 0; i < 25; i++) {
		const address = `user${String(i).padStart(2, '0')}@example.${i % 5 ? 'com' : 'org'}`
		a.addAccount({ address, name: i === 7 ? 'Bob Seven' : '', home: i % 2 ? 'a' : 'b' })
	}
	const seen: string[] = []
	for (let after: string | undefined; ; ) {
		const page = a.accounts({ limit: 10, ...(after ? { after } : {}) })
		if (page.length === 0) break
		seen.push(...page.map(({ address }) => address))
		after = page.at(-1)!.id
		// The cursor outlives its account.
		if (seen.length === 20) a.removeAccount(after)
	}
	assert.equal(seen.length, 25)
	assert.deepEqual(seen, [...seen].sort())
	assert.equal(a.countAccounts(), 24)
	assert.equal(a.countAccounts({ domain: 'example.org' }), a.accounts({ domain: 'example.org' }).length)
	assert.equal(a.countAccounts({ node: 'b' }), a.accounts({ node: 'b' }).length)
	assert.deepEqual(
		a.accounts({ search: 'SEVEN' }).map(({ address }) => address),
		['user07@example.com'],
	)
})

test('accounts of a removed node are nobody until they get a home again', t => {
	const a = new Nodes(t).start('a')
	a.addDomain('example.com')
	a.putNode('b', { ip: '192.0.2.2', webPort: 443 })
	const { id } = a.addAccount({ address: 'alice@example.com', home: 'b' })
	a.removeNode('b')
	refused('removed', () => a.putNode('b', { description: 'x' }))
	assert.equal(a.account(id), null)
	assert.deepEqual(a.lookup('alice@example.com'), { is: 'unknown' })
	assert.equal(a.countAccounts(), 0)
	assert.deepEqual(
		a.nodes().map(node => node.id),
		['a'],
	)
	assert.deepEqual(
		a.accounts({ dormant: true }).map(account => account.id),
		[id],
	)
	a.setHome(id, 'a')
	assert.equal(a.account(id)?.epoch, 2)
	assert.equal(a.accountByAddress('alice@example.com')?.home, 'a')
})

test('listeners hear of a change after it happened, and which accounts of this node are gone', t => {
	const a = new Nodes(t).start('a')
	a.putNode('b', {})
	const heard: DirectoryChange[] = []
	a.changed.on(change => heard.push(change))
	a.addDomain('example.com')
	const here = a.addAccount({ address: 'alice@example.com' })
	const there = a.addAccount({ address: 'bob@example.com', home: 'b' })
	assert.deepEqual([...heard[1]!.addresses], ['alice@example.com'])
	a.renameAccount(here.id, 'alicia@example.com')
	assert.deepEqual([...heard.at(-1)!.addresses].sort(), ['alice@example.com', 'alicia@example.com'])
	a.removeAccount(there.id)
	assert.deepEqual(heard.at(-1)!.gone, [])
	a.removeAccount(here.id)
	assert.deepEqual(heard.at(-1)!.gone, [here.id])
	assert.deepEqual(a.deletedAccounts(), [here.id])
	const before = heard.length
	a.putNode('b', { enabled: true })
	assert.equal(heard.length, before)
})

test('everything is there again after a restart, and stamps go on', t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	a.addDomain('example.com')
	const alice = a.addAccount({ address: 'alice@example.com' })
	a.setPolicy('size.limit', 5)
	const { digest } = a
	nodes.stop('a')
	nodes.now -= 60_000
	const again = nodes.start('a')
	assert.equal(again.digest, digest)
	assert.deepEqual(again.account(alice.id), alice)
	assert.equal(again.getPolicy('size.limit'), 5)
	again.setDisabled(alice.id, true)
	assert.equal(again.account(alice.id)?.disabled, true)
})

test('many accounts at once are each added or refused by themselves', async t => {
	const a = new Nodes(t).start('a')
	a.addDomain('example.com')
	const made = await a.addAccounts([
		{ address: 'alice@example.com' },
		{ address: 'alice@example.com' },
		{ address: 'bob@example.org' },
		{ address: 'bob@example.com' },
	])
	assert.deepEqual(
		made.map(one => (one instanceof DirectoryError ? one.code : one.address)),
		['alice@example.com', 'exists', 'no-such-domain', 'bob@example.com'],
	)
})

test('a login without domain is enough where there is one domain', async t => {
	const { hashPassword } = await import('../src/directory/index.ts')
	const a = new Nodes(t).start('a')
	a.addDomain('example.com')
	const { id } = a.addAccount({ address: 'alice@example.com', passwordHash: await hashPassword('secret') })
	const signedIn = await a.authenticate('Alice', 'secret')
	assert.equal(signedIn.ok && signedIn.account.id, id)
	assert.deepEqual(await a.authenticate('alice', 'other'), { ok: false, why: 'wrong' })
	assert.deepEqual(await a.authenticate('nobody@example.com', 'secret'), { ok: false, why: 'wrong' })
	a.addDomain('example.org')
	assert.deepEqual(await a.authenticate('alice', 'secret'), { ok: false, why: 'wrong' })
	assert.equal((await a.authenticate('alice@example.com', 'secret')).ok, true)
	a.setDisabled(id, true)
	assert.deepEqual(await a.authenticate('alice@example.com', 'secret'), { ok: false, why: 'disabled' })
})

test('however much is read in between, the write-ahead log begins anew', t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	a.addDomain('example.com')
	const { id } = a.addAccount({ address: 'alice@example.com' })
	for (let i = 0; i < 1500; i++) {
		a.setName(id, `Alice ${i}`)
		const found = a.lookup('alice@example.com')
		assert.equal(found.is === 'account' && found.account.name, `Alice ${i}`)
	}
	const { size } = statSync(`${nodes.file('a')}-wal`)
	assert.ok(size < 8_000_000, `${size} octets, where SQLite begins anew after some 4,000,000`)
})
