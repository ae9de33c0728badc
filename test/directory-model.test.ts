import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Directory, DirectoryError } from '../src/directory/index.ts'
import { Nodes } from './directory-nodes.ts'

const NODES = ['a', 'b', 'c', 'd']
const LOCALS = ['alice', 'bob', 'carol']
const DOMAINS = ['example.com', 'example.org']

const node = fc.constantFrom(...NODES)
const address = fc
	.tuple(fc.constantFrom(...LOCALS), fc.constantFrom(...DOMAINS))
	.map(([local, domain]) => `${local}@${domain}`)
const pick = fc.nat(1000)

const step = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({ does: fc.constant('addAccount' as const), node, address, home: node }),
	},
	{ weight: 2, arbitrary: fc.record({ does: fc.constant('rename' as const), node, pick, address }) },
	{ weight: 2, arbitrary: fc.record({ does: fc.constant('removeAccount' as const), node, pick }) },
	{ weight: 2, arbitrary: fc.record({ does: fc.constant('setHome' as const), node, pick, home: node }) },
	{
		weight: 2,
		arbitrary: fc.record({ does: fc.constant('addAlias' as const), node, address, target: address }),
	},
	{ weight: 1, arbitrary: fc.record({ does: fc.constant('removeAlias' as const), node, address }) },
	{
		weight: 3,
		arbitrary: fc.record({ does: fc.constant('addGroup' as const), node, address, member: address }),
	},
	{ weight: 1, arbitrary: fc.record({ does: fc.constant('renameGroup' as const), node, pick, address }) },
	{ weight: 1, arbitrary: fc.record({ does: fc.constant('removeGroup' as const), node, pick }) },
	{
		weight: 1,
		arbitrary: fc.record({ does: fc.constant('domain' as const), node, domain: fc.constantFrom(...DOMAINS) }),
	},
	{ weight: 3, arbitrary: fc.record({ does: fc.constant('cut' as const), node, other: node }) },
	{ weight: 3, arbitrary: fc.record({ does: fc.constant('mend' as const), node, other: node }) },
	{ weight: 1, arbitrary: fc.record({ does: fc.constant('lose' as const), node, other: node }) },
	{ weight: 2, arbitrary: fc.record({ does: fc.constant('beat' as const), node }) },
	{ weight: 1, arbitrary: fc.record({ does: fc.constant('restart' as const), node }) },
	{ weight: 1, arbitrary: fc.record({ does: fc.constant('settle' as const), node }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function write(directory: Directory, step: Step): void {
	const accounts = [...directory.accounts(), ...directory.accounts({ dormant: true })]
	const picked = 'pick' in step ? accounts[step.pick % Math.max(1, accounts.length)]?.id : undefined
	if (step.does === 'addAccount') directory.addAccount({ address: step.address, home: step.home })
	else if (step.does === 'addAlias') directory.addAlias(step.address, [step.target, 'alice@test.com'])
	else if (step.does === 'removeAlias') directory.removeAlias(step.address)
	else if (step.does === 'addGroup') {
		const { id } = directory.addGroup({ address: step.address })
		void directory.addMembers(id, [step.member, 'alice@test.com']) // one transaction: done when it returns
	} else if (step.does === 'renameGroup' || step.does === 'removeGroup') {
		const groups = directory.groups()
		const group = groups[step.pick % Math.max(1, groups.length)]?.id
		if (group && step.does === 'renameGroup') directory.renameGroup(group, step.address)
		else if (group) directory.removeGroup(group)
	} else if (step.does === 'domain' && directory.isOurDomain(step.domain)) directory.removeDomain(step.domain)
	else if (step.does === 'domain') directory.addDomain(step.domain)
	else if (picked && step.does === 'rename') directory.renameAccount(picked, step.address)
	else if (picked && step.does === 'removeAccount') directory.removeAccount(picked)
	else if (picked && step.does === 'setHome') directory.setHome(picked, step.home)
}

/** Who is what, as this node sees it. */
function decisions(directory: Directory) {
	const accounts = directory.accounts()
	for (const account of accounts) {
		// An account is found by the address it shows, and nobody else is.
		assert.deepEqual(directory.accountByAddress(account.address), account)
		assert.equal(account.conflict, account.address !== account.claimed)
	}
	const groups = directory.groups()
	for (const group of groups) {
		assert.deepEqual(directory.groupByAddress(group.address), group)
		assert.equal(group.conflict, group.address !== group.claimed)
	}
	const reached = [...accounts, ...groups].map(({ address }) => address)
	assert.equal(new Set(reached).size, reached.length)
	assert.equal(directory.countAccounts(), accounts.length)
	const conflicts = directory.conflicts().map(({ id }) => id)
	assert.deepEqual(conflicts.sort(), accounts.flatMap(({ id, conflict }) => (conflict ? [id] : [])).sort())
	const all = LOCALS.flatMap(local => DOMAINS.map(domain => `${local}@${domain}`))
	const lookups = all.map(one => {
		const found = directory.lookup(one)
		return found.is === 'group' ? { ...found, members: found.members } : found
	})
	const view = { accounts, groups, lookups, aliases: directory.aliases() }
	return { view, dormant: directory.accounts({ dormant: true }), domains: directory.domains() }
}

test('nodes that write, lose each other, restart and meet again end with the same records and the same decisions', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async steps => {
			const ends: (() => void)[] = []
			const nodes = new Nodes({ after: end => ends.push(end) })
			try {
				for (const node of NODES) nodes.start(node)
				nodes.open.get('a')!.addDomain('example.com')
				await nodes.settled()
				for (const step of steps) {
					nodes.now += 137
					if (step.does === 'cut') nodes.net.cut(step.node, step.other)
					else if (step.does === 'mend') nodes.net.mend(step.node, step.other)
					else if (step.does === 'lose') nodes.net.lose(step.node, step.other)
					else if (step.does === 'beat') nodes.net.nodes.get(step.node)!.beatNow()
					else if (step.does === 'settle') await nodes.settled()
					else if (step.does === 'restart') {
						nodes.stop(step.node)
						nodes.start(step.node)
					} else {
						try {
							write(nodes.open.get(step.node)!, step)
						} catch (error) {
							if (!(error instanceof DirectoryError)) throw error
						}
					}
					await new Promise(setImmediate)
				}
				for (const node of NODES) for (const other of NODES) nodes.net.lose(node, other, false)
				nodes.net.mendAll()
				await nodes.settled()
				await nodes.beats(8)
				assert.equal(nodes.digests().size, 1)
				const [first, ...others] = NODES.map(node => decisions(nodes.open.get(node)!))
				for (const other of others) assert.deepEqual(other, first)
				// What was derived step by step is what is derived from the records alone.
				for (const node of NODES) {
					const { digest } = nodes.open.get(node)!
					nodes.stop(node)
					const file = new DatabaseSync(nodes.file(node))
					file.exec(
						"DELETE FROM fact WHERE name = 'state'; DELETE FROM account; DELETE FROM alias; DELETE FROM mail_group; DELETE FROM member; DELETE FROM contested",
					)
					file.close()
					assert.equal(nodes.start(node).digest, digest)
					assert.deepEqual(decisions(nodes.open.get(node)!), first)
				}
			} finally {
				for (const end of ends) end()
			}
		}),
		{ numRuns: Number(process.env.RUNS ?? 30) },
	)
})
