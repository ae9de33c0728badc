import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Directory, DirectoryError } from '../src/directory/index.ts'
import { willTakeIn } from '../src/home/index.ts'
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
	{ weight: 4, arbitrary: fc.record({ does: fc.constant('merge' as const), node, pick, into: pick }) },
	{ weight: 3, arbitrary: fc.record({ does: fc.constant('bringOver' as const), node, pick }) },
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
/** Accounts of all nodes, and little else than that they become part of each other while lines are cut. */
/** An account, by its place among all, and where it lives. */
const atHome = fc.nat(2).map(pick => ({ node: NODES[pick]!, pick }))
const merges = fc
	.array(
		fc.oneof(
			{
				weight: 6,
				arbitrary: fc
					.tuple(atHome, fc.nat(2))
					.map(([home, into]) => ({ does: 'merge' as const, ...home, into })),
			},
			{
				weight: 8,
				arbitrary: atHome.map(({ node }) => ({ does: 'bringOver' as const, node, pick: 0 })),
			},
			{ weight: 1, arbitrary: fc.record({ does: fc.constant('removeAccount' as const), node, pick }) },
			{ weight: 2, arbitrary: fc.record({ does: fc.constant('cut' as const), node, other: node }) },
			{ weight: 2, arbitrary: fc.record({ does: fc.constant('mend' as const), node, other: node }) },
			{ weight: 1, arbitrary: fc.record({ does: fc.constant('settle' as const), node }) },
		),
		{ minLength: 10, maxLength: 40 },
	)
	.map((steps): Step[] => [
		...NODES.map((node, at) => ({
			does: 'addAccount' as const,
			node: 'a',
			address: `${LOCALS[at] ?? 'dave'}@example.com`,
			home: node,
		})),
		{ does: 'settle', node: 'a' },
		// News gets lost until a line is cut and mended: a home may be asked that knows other things.
		...NODES.flatMap(node => NODES.map(other => ({ does: 'lose' as const, node, other }))),
		...steps,
	])

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
	else if (picked && step.does === 'merge')
		directory.mergeAccount(picked, accounts[step.into % accounts.length]!.id)
}

/** What the homes of accounts that become part of others do, and where the mail has gone. */
class Mergers {
	/** Those whose mail is over, at a home that took it; the account is about to be no more. */
	#over = new Map<string, string>()
	readonly gone = new Map<string, string>()
	#nodes: Nodes

	constructor(nodes: Nodes) {
		this.#nodes = nodes
	}

	/** One after the other: its mail goes over, the account is no more. Other things happen between. */
	bringOver({ node, pick }: { node: string; pick: number }): void {
		const directory = this.#nodes.open.get(node)!
		const merging = directory.merging()
		const account = merging[pick % Math.max(1, merging.length)]
		const target = account && directory.account(account.mergesInto!)
		if (!target) return
		if (this.#over.get(account.id) === target.id) {
			directory.merged(account.id)
			// Whose mail is where, only moves can say.
			if (account.epoch === 1 && target.epoch === 1) this.gone.set(account.id, target.id)
		} else if (
			(target.home === node || this.#nodes.net.joined(node, target.home)) &&
			willTakeIn(this.#nodes.open.get(target.home)!, target.id)
		)
			this.#over.set(account.id, target.id)
	}

	/** Whoever is sent elsewhere begins anew. */
	look(): void {
		for (const [id, into] of this.#over)
			for (const directory of this.#nodes.open.values()) {
				const account = directory.account(id)
				if (account?.home === directory.self && account.mergesInto !== into) this.#over.delete(id)
			}
	}
}

/** Where the mail of every account that became part of another has come to: in no circle, where it would be nowhere. */
function assertKept(gone: ReadonlyMap<string, string>): void {
	for (const id of gone.keys()) {
		const way = [id]
		for (let at = gone.get(id); at !== undefined; at = gone.get(at)) {
			assert.ok(!way.includes(at), 'two accounts became part of each other, and both are gone')
			way.push(at)
		}
	}
}

/** Who is what, as this node sees it. */
function decisions(directory: Directory) {
	const accounts = directory.accounts()
	for (const account of accounts) {
		// An account is found by the address it shows, and nobody else is.
		assert.deepEqual(directory.accountByAddress(account.address), account)
		assert.equal(account.conflict, account.address !== account.claimed)
		// The one it becomes part of is there and stays.
		const resolved = directory.lookup(account.address)
		assert.equal(resolved.is === 'account' && resolved.account.id, account.mergesInto ?? account.id)
		if (account.mergesInto !== null) assert.equal(directory.account(account.mergesInto)!.mergesInto, null)
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

async function assertAlike(steps: fc.Arbitrary<Step[]>, numRuns: number): Promise<void> {
	await fc.assert(
		fc.asyncProperty(steps, async steps => {
			const ends: (() => void)[] = []
			const nodes = new Nodes({ after: end => ends.push(end) })
			const mergers = new Mergers(nodes)
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
					else if (step.does === 'bringOver') mergers.bringOver(step)
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
					mergers.look()
				}
				for (const node of NODES) for (const other of NODES) nodes.net.lose(node, other, false)
				nodes.net.mendAll()
				await nodes.settled()
				await nodes.beats(8)
				assert.equal(nodes.digests().size, 1)
				assertKept(mergers.gone)
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
		{ numRuns: Number(process.env.RUNS ?? numRuns) },
	)
}

test('nodes that write, lose each other, restart and meet again end with the same records and the same decisions', () =>
	assertAlike(fc.array(step, { minLength: 10, maxLength: 60 }), 30))

test('accounts that are sent into each other on all sides of cuts: all nodes decide alike, and no mail ends in a circle', () =>
	assertAlike(merges, 20))
