import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
	type Directory,
	DirectoryError,
	type DirectoryErrorCode,
	type Resolved,
} from '../src/directory/index.ts'
import { Nodes } from './directory-nodes.ts'

/* Groups in the directory: who is in them, and whose the address is. */

function refused(code: DirectoryErrorCode, act: () => unknown): void {
	assert.throws(act, (error: unknown) => error instanceof DirectoryError && error.code === code)
}

function members(resolved: Resolved): string[] {
	assert.ok(resolved.is === 'group', `${resolved.is} is no group`)
	return [...resolved.members.accounts.map(({ address }) => address), ...resolved.members.foreign].sort()
}
const idOf = (directory: Directory, address: string) => directory.accountByAddress(address)?.id

test('a group leads to its members, through aliases and other groups, each person once, round circles too', async t => {
	const a = new Nodes(t).start('a')
	a.addDomain('example.com')
	for (const name of ['alice', 'bob', 'carol']) a.addAccount({ address: `${name}@example.com` })
	a.addAlias('boss@example.com', ['carol@example.com'])
	const all = a.addGroup({ address: 'All@Example.com', name: '全体' })
	const team = a.addGroup({ address: 'team@example.com' })
	await a.addMembers(all.id, ['team@example.com', 'BOSS@example.com', 'x@example.org', 'alice@example.com'])
	assert.equal(await a.addMembers(team.id, ['alice@example.com', 'bob@example.com', 'all@example.com']), 3)
	assert.equal(await a.addMembers(team.id, ['alice@example.com', 'gone@example.com']), 1)
	const everybody = ['alice@example.com', 'bob@example.com', 'carol@example.com', 'x@example.org']
	assert.deepEqual(members(a.lookup('all@example.com')), everybody)
	assert.deepEqual(members(a.lookup('team@example.com')), everybody)
	a.addAlias('staff@example.com', ['all@example.com'])
	assert.deepEqual(members(a.lookup('staff@example.com')), everybody)
	assert.deepEqual(
		a
			.groupsWith('alice@example.com')
			.map(({ address }) => address)
			.sort(),
		['all@example.com', 'team@example.com'],
	)
	assert.equal(await a.removeMembers(all.id, ['team@example.com', 'nobody@example.com']), 1)
	assert.deepEqual(members(a.lookup('all@example.com')), [
		'alice@example.com',
		'carol@example.com',
		'x@example.org',
	])
	refused('exists', () => a.addAccount({ address: 'all@example.com' }))
	refused('exists', () => a.addGroup({ address: 'alice@example.com' }))
	refused('exists', () => a.renameGroup(all.id, 'boss@example.com'))
	refused('nonexistent', () => a.editGroup('nothing', {}))
	refused('in-use', () => {
		for (const { id } of a.accounts()) a.removeAccount(id)
		for (const { address } of a.aliases()) a.removeAlias(address)
		a.removeDomain('example.com')
	})
	a.renameGroup(all.id, 'everybody@example.com')
	assert.equal(a.lookup('all@example.com').is, 'unknown')
	a.removeGroup(all.id)
	assert.equal(a.lookup('everybody@example.com').is, 'unknown')
})

test('an account is in groups through groups and aliases, and in its unit and those above; names lead there and back', async t => {
	const a = new Nodes(t).start('a')
	a.addDomain('example.com')
	const company = a.addUnit({ name: '公司', kind: 'company' })
	const sales = a.addUnit({ name: '销售', kind: 'department', parent: company.id })
	const alice = a.addAccount({ address: 'alice@example.com', unit: sales.id })
	const bob = a.addAccount({ address: 'bob@example.com' })
	a.addAlias('boss@example.com', ['chief@example.com'])
	a.addAlias('chief@example.com', ['bob@example.com'])
	a.addAlias('staff@example.com', ['team@example.com'])
	const team = a.addGroup({ address: 'team@example.com' })
	const all = a.addGroup({ address: 'all@example.com' })
	const board = a.addGroup({ address: 'board@example.com' })
	await a.addMembers(team.id, ['alice@example.com', 'all@example.com'])
	await a.addMembers(all.id, ['staff@example.com'])
	await a.addMembers(board.id, ['boss@example.com', 'x@example.org'])
	const crowds = ({ id }: { id: string }) => [...a.crowdsOf(id)].sort()
	assert.deepEqual(crowds(alice), [team.id, all.id, company.id, sales.id].sort())
	assert.deepEqual(crowds(bob), [board.id])
	assert.deepEqual(a.crowdsOf('nobody'), [])
	for (const { id, name } of [
		{ id: team.id, name: 'team@example.com' },
		{ id: company.id, name: 'unit:公司' },
		{ id: sales.id, name: 'unit:公司/销售' },
	]) {
		assert.equal(a.crowdNamed(name), id)
		assert.equal(a.crowdName(id), name)
	}
	assert.equal(a.crowdNamed('staff@example.com'), team.id)
	for (const name of ['alice@example.com', 'boss@example.com', 'unit:销售', '公司', 'team', ''])
		assert.equal(a.crowdNamed(name), null)
	await a.removeMembers(team.id, ['alice@example.com'])
	assert.deepEqual(crowds(alice), [company.id, sales.id].sort())
	a.moveUnit(sales.id, null)
	assert.deepEqual(crowds(alice), [sales.id])
	a.removeGroup(board.id)
	assert.deepEqual(crowds(bob), [])
	assert.equal(a.crowdName(board.id), null)
})

test('what two sides of a cut add and take out is all there when they meet', async t => {
	const nodes = new Nodes(t)
	const [a, b] = [nodes.start('a'), nodes.start('b')]
	a.addDomain('example.com')
	for (const name of ['alice', 'bob', 'carol', 'dave']) a.addAccount({ address: `${name}@example.com` })
	const { id } = a.addGroup({ address: 'team@example.com' })
	await a.addMembers(id, ['alice@example.com', 'bob@example.com'])
	await nodes.settled()
	nodes.net.cut('a', 'b')
	await a.addMembers(id, ['carol@example.com'])
	await b.addMembers(id, ['dave@example.com'])
	await b.removeMembers(id, ['alice@example.com'])
	a.editGroup(id, { senders: 'members' })
	b.editGroup(id, { name: '小组' })
	nodes.net.mend('a', 'b')
	await nodes.settled()
	for (const directory of [a, b]) {
		const team = directory.group(id)!
		assert.deepEqual([team.senders, team.name, directory.countMembers(id)], ['members', '小组', 3])
		assert.deepEqual(members(directory.lookup('team@example.com')), [
			'bob@example.com',
			'carol@example.com',
			'dave@example.com',
		])
	}
})

test('of a group and an account with one address the earlier keeps it, the later gets a substitute until it is settled', async t => {
	const nodes = new Nodes(t)
	nodes.net.cut('a', 'b')
	nodes.net.cut('a', 'c')
	nodes.net.cut('b', 'c')
	const [a, b, c] = [nodes.start('a'), nodes.start('b'), nodes.start('c')]
	for (const directory of [a, b, c]) directory.addDomain('example.com')
	nodes.now += 1000
	const sales = a.addAccount({ address: 'sales@example.com' })
	const team = a.addGroup({ address: 'team@example.com' })
	nodes.now += 1000
	const group = b.addGroup({ address: 'sales@example.com' })
	const bob = b.addAccount({ address: 'bob@example.com' })
	const late = b.addAccount({ address: 'team@example.com' })
	await b.addMembers(group.id, ['bob@example.com'])
	nodes.now += 1000
	const other = c.addGroup({ address: 'team@example.com' })
	nodes.net.mendAll()
	await nodes.settled()
	const substitute = `sales.${group.id.slice(-4)}@example.com`
	for (const directory of [a, b, c]) {
		assert.equal(idOf(directory, 'sales@example.com'), sales.id)
		assert.deepEqual(members(directory.lookup(substitute)), ['bob@example.com'])
		assert.equal(directory.group(group.id)!.address, substitute)
		assert.deepEqual(
			directory.conflictingGroups().map(({ claimed }) => claimed),
			['sales@example.com', 'team@example.com'],
		)
		assert.deepEqual(
			directory.conflicts().map(({ id }) => id),
			[late.id],
		)
		assert.equal(directory.groupByAddress('team@example.com')!.id, team.id)
		const reached = [directory.account(late.id)!.address, directory.group(other.id)!.address]
		assert.equal(idOf(directory, reached[0]!), late.id)
		assert.equal(directory.groupByAddress(reached[1]!)!.id, other.id)
	}
	b.renameGroup(group.id, 'vertrieb@example.com')
	a.removeGroup(team.id)
	await nodes.settled()
	for (const directory of [a, b, c]) {
		assert.deepEqual(members(directory.lookup('vertrieb@example.com')), [bob.address])
		assert.equal(directory.lookup(substitute).is, 'unknown')
		assert.equal(idOf(directory, 'team@example.com'), late.id)
		assert.deepEqual(
			directory.conflictingGroups().map(({ id }) => id),
			[other.id],
		)
	}
})

test('a node that goes on alone keeps the groups that still lead to somebody, and they are there after a restart', async t => {
	const nodes = new Nodes(t)
	const [a, b] = [nodes.start('a'), nodes.start('b')]
	a.addDomain('example.com')
	a.addAccount({ address: 'alice@example.com' })
	await nodes.settled()
	a.addAccount({ address: 'bob@example.com', home: 'b' })
	const mixed = a.addGroup({ address: 'mixed@example.com' })
	const theirs = a.addGroup({ address: 'theirs@example.com' })
	await a.addMembers(mixed.id, ['alice@example.com', 'bob@example.com'])
	await a.addMembers(theirs.id, ['alice@example.com'])
	await nodes.settled()
	b.becomeAlone('b2')
	assert.deepEqual(members(b.lookup('mixed@example.com')), ['bob@example.com'])
	assert.deepEqual(
		b.groups().map(({ address }) => address),
		['mixed@example.com'],
	)
	nodes.stop('a')
	const again = nodes.start('a')
	assert.equal(again.countMembers(mixed.id), 2)
	assert.deepEqual(
		again.groups({ search: 'MIX' }).map(({ id }) => id),
		[mixed.id],
	)
	assert.deepEqual(
		again.groups({ after: mixed.id }).map(({ id }) => id),
		[theirs.id],
	)
})

test('whoever is renamed stays a member and keeps his aliases; whoever is removed is no member when the address comes back', async t => {
	const nodes = new Nodes(t)
	const [a, b] = [nodes.start('a'), nodes.start('b')]
	a.addDomain('example.com')
	const alice = a.addAccount({ address: 'alice@example.com' })
	a.addAccount({ address: 'bob@example.com' })
	a.addAlias('al@example.com', ['alice@example.com'])
	const { id } = a.addGroup({
		address: 'team@example.com',
		named: ['alice@example.com'],
		owner: 'alice@example.com',
	})
	await a.addMembers(id, ['alice@example.com', 'bob@example.com'])
	a.renameAccount(alice.id, 'alicia@example.com')
	await nodes.settled()
	for (const directory of [a, b]) {
		assert.deepEqual(members(directory.lookup('team@example.com')), ['alicia@example.com', 'bob@example.com'])
		assert.deepEqual(directory.aliases()[0]!.targets, ['alicia@example.com'])
		const { named, owner } = directory.group(id)!
		assert.deepEqual([named, owner], [['alicia@example.com'], 'alicia@example.com'])
	}
	a.removeAccount(alice.id)
	a.addAccount({ address: 'alicia@example.com' })
	await nodes.settled()
	for (const directory of [a, b]) {
		assert.deepEqual(members(directory.lookup('team@example.com')), ['bob@example.com'])
	}
})
