import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Directory, DirectoryError, type DirectoryErrorCode } from '../src/directory/index.ts'
import { migrations } from '../src/directory/migrations.ts'
import { Nodes } from './directory-nodes.ts'

function refused(code: DirectoryErrorCode, act: () => unknown): void {
	assert.throws(act, (error: unknown) => error instanceof DirectoryError && error.code === code)
}

/** Acme with two branches, each with a department. */
function organisation(directory: Directory) {
	directory.addDomain('example.com')
	const acme = directory.addUnit({ name: '集团', kind: 'group' })
	const east = directory.addUnit({ name: '上海', kind: 'branch', parent: acme.id })
	const west = directory.addUnit({ name: '成都', kind: 'branch', parent: acme.id })
	const sales = directory.addUnit({ name: '销售部', kind: 'department', parent: east.id })
	return { acme, east, west, sales }
}
const paths = (directory: Directory) => directory.units().map(({ path }) => path)

test('units are a tree: named by paths, moved with all below, removed when nobody is left', t => {
	const a = new Nodes(t).start('a')
	const { acme, east, west, sales } = organisation(a)
	assert.deepEqual(paths(a), ['集团', '集团/上海', '集团/上海/销售部', '集团/成都'])
	refused('exists', () => a.addUnit({ name: ' 上海 ', kind: 'branch', parent: acme.id }))
	refused('invalid-unit', () => a.addUnit({ name: 'a/b', kind: 'branch' }))
	refused('invalid-unit', () => a.addUnit({ name: '公司', kind: 'company', parent: sales.id }))
	refused('invalid-unit', () => a.moveUnit(acme.id, sales.id))
	const alice = a.addAccount({ address: 'alice@example.com', unit: sales.id })
	assert.equal(alice.unit, sales.id)
	a.moveUnit(sales.id, west.id)
	assert.deepEqual(
		a.unitPath(sales.id).map(({ name }) => name),
		['集团', '成都', '销售部'],
	)
	assert.equal(a.countAccounts({ unit: west.id }), 1)
	assert.equal(a.countAccounts({ unit: east.id }), 0)
	assert.equal(a.countAccounts({ unit: '' }), 0)
	assert.deepEqual(a.accounts({ unit: acme.id }), [a.account(alice.id)])
	refused('in-use', () => a.removeUnit(sales.id))
	refused('in-use', () => a.removeUnit(west.id))
	a.setUnit(alice.id, '')
	assert.equal(a.countAccounts({ unit: '' }), 1)
	a.removeUnit(sales.id)
	assert.deepEqual(paths(a), ['集团', '集团/上海', '集团/成都'])
	refused('nonexistent', () => a.setUnit(alice.id, sales.id))
})

test('a lower level can only tighten, and the number of accounts counts all below', t => {
	const a = new Nodes(t).start('a')
	const { acme, east, sales } = organisation(a)
	a.editUnit(acme.id, { limits: { storage: 1000, accounts: 3, outside: false } })
	a.editUnit(sales.id, { limits: { storage: 500, recipients: 10, outside: true } })
	refused('limit', () => a.editUnit(sales.id, { limits: { storage: 1001 } }))
	const one = a.addAccount({ address: 'one@example.com', unit: sales.id })
	const { storage, recipients, outside, messageSize } = a.limitsOf(one.id)
	assert.deepEqual([storage, recipients, outside, messageSize], [500, 10, false, null])
	a.editUnit(acme.id, { limits: { storage: 100 } }) // tightened above: holds below at once
	assert.equal(a.limitsOf(one.id).storage, 100)
	a.editUnit(acme.id, { limits: { storage: null, outside: true } })
	assert.deepEqual([a.limitsOf(one.id).storage, a.limitsOf(one.id).outside], [500, true])
	a.addAccount({ address: 'two@example.com', unit: east.id })
	a.addAccount({ address: 'three@example.com', unit: acme.id })
	refused('limit', () => a.addAccount({ address: 'four@example.com', unit: sales.id }))
	const four = a.addAccount({ address: 'four@example.com' })
	refused('limit', () => a.setUnit(four.id, sales.id))
	a.setUnit(one.id, east.id) // within the same limit: nobody more
	const other = a.addUnit({ name: '外', kind: 'branch' })
	a.setUnit(four.id, other.id)
	refused('limit', () => a.moveUnit(other.id, acme.id))
})

test('a unit that is removed here while another is put below it there leaves that one to the unit above', async t => {
	const nodes = new Nodes(t)
	const [a, b] = [nodes.start('a'), nodes.start('b')]
	const { east, sales } = organisation(a)
	await nodes.settled()
	nodes.net.cut('a', 'b')
	a.removeUnit(sales.id)
	const team = b.addUnit({ name: '一组', kind: 'department', parent: sales.id })
	const bob = b.addAccount({ address: 'bob@example.com', unit: sales.id })
	nodes.net.mend('a', 'b')
	await nodes.settled()
	for (const directory of [a, b]) {
		assert.equal(directory.unit(team.id)!.path, '集团/上海/一组')
		assert.equal(directory.account(bob.id)!.unit, east.id)
		assert.equal(directory.countAccounts({ unit: east.id }), 1)
		assert.deepEqual(
			directory.accounts({ unit: east.id }).map(({ id }) => id),
			[bob.id],
		)
	}
})

test('nodes that move units while they cannot hear each other end with one tree without circles', async () => {
	const node = fc.constantFrom('a', 'b', 'c')
	const pick = fc.nat(100)
	const step = fc.oneof(
		{ weight: 5, arbitrary: fc.record({ does: fc.constant('move' as const), node, pick, below: pick }) },
		{ weight: 2, arbitrary: fc.record({ does: fc.constant('add' as const), node, pick }) },
		{ weight: 1, arbitrary: fc.record({ does: fc.constant('remove' as const), node, pick }) },
		{ weight: 2, arbitrary: fc.record({ does: fc.constant('cut' as const), node, other: node }) },
		{ weight: 1, arbitrary: fc.record({ does: fc.constant('mend' as const), node, other: node }) },
	)
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async steps => {
			const ends: (() => void)[] = []
			const nodes = new Nodes({ after: end => ends.push(end) })
			try {
				for (const name of ['a', 'b', 'c']) nodes.start(name)
				for (let i = 0; i < 6; i++) nodes.open.get('a')!.addUnit({ name: `u${i}`, kind: 'department' })
				await nodes.settled()
				for (const [index, step] of steps.entries()) {
					nodes.now += 100
					const directory = nodes.open.get(step.node)!
					const units = directory.units()
					const picked = 'pick' in step ? units[step.pick % units.length]?.id : undefined
					try {
						if (step.does === 'cut') nodes.net.cut(step.node, step.other)
						else if (step.does === 'mend') nodes.net.mend(step.node, step.other)
						else if (step.does === 'add') {
							directory.addUnit({ name: `n${index}`, kind: 'department', parent: picked ?? null })
						} else if (picked && step.does === 'remove') directory.removeUnit(picked)
						else if (picked && step.does === 'move')
							directory.moveUnit(picked, units[step.below % (units.length + 1)]?.id ?? null)
					} catch (error) {
						if (!(error instanceof DirectoryError)) throw error
					}
					await new Promise(setImmediate)
				}
				nodes.net.mendAll()
				await nodes.settled()
				await nodes.beats(6)
				assert.equal(nodes.digests().size, 1)
				const trees = [...nodes.open.values()].map(directory => directory.units())
				for (const tree of trees) assert.deepEqual(tree, trees[0])
				for (const { id, path } of trees[0]!) {
					const up = nodes.open.get('b')!.unitPath(id)
					assert.equal(up.map(({ name }) => name).join('/'), path)
					assert.equal(new Set(up).size, up.length)
				}
			} finally {
				for (const end of ends) end()
			}
		}),
		{ numRuns: Number(process.env.RUNS ?? 20) },
	)
})

test('a file from before there were units learns them from its records', async t => {
	const nodes = new Nodes(t)
	const a = nodes.start('a')
	const { sales } = organisation(a)
	const { id } = a.addAccount({ address: 'alice@example.com', unit: sales.id })
	nodes.stop('a')
	const old = new DatabaseSync(`${nodes.file('a')}.old`)
	old.exec(migrations[0]!.sql)
	old.prepare('ATTACH ? AS now').run(nodes.file('a'))
	old.exec(`INSERT INTO fact SELECT * FROM now.fact;
		INSERT INTO record SELECT * FROM now.record;
		INSERT INTO account SELECT id, address, domain, since, name, home, epoch, disabled, password_hash, created FROM now.account;
		PRAGMA user_version = 1`)
	old.close()
	renameSync(`${nodes.file('a')}.old`, nodes.file('a'))
	assert.equal(nodes.start('a').account(id)!.unit, sales.id)
	assert.equal(nodes.open.get('a')!.accountByAddress('alice@example.com')!.id, id)
})
