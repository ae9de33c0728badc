import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Alert } from '../store/index.ts'
import { Letters } from './letters.ts'

const KEY = 'unreachable:x'
const alert = (node: string, key = KEY): Alert => {
	return { id: node, node, key, code: 'unreachable', scope: 'cluster', en: '', zh: '', began: 0, ended: null }
}

/** Nodes that hear each other but where a line is cut. */
class World {
	readonly nodes: Map<string, Letters>
	readonly written: string[] = []
	readonly cuts = new Set<string>()

	constructor(ids: string[]) {
		this.nodes = new Map(ids.map(id => [id, new Letters(id)]))
	}

	begin(node: string, key = KEY): void {
		this.nodes.get(node)!.add(alert(node, key))
	}

	/** The node looks whether it has to write, as it does now and then. */
	look(node: string): void {
		const letters = this.nodes.get(node)!
		const peers = [...this.nodes].flatMap(([id, other]) => {
			const state = this.cuts.has([id, node].sort().join()) ? ('unreachable' as const) : ('up' as const)
			return id === node ? [] : [{ id, state, extra: { alerts: other.say() } }]
		})
		for (const { key } of letters.due(peers)) {
			this.written.push(`${node} ${key}`)
			letters.written(key)
		}
	}
}

test('a node with a smaller id that does not have the alert keeps nobody from writing', () => {
	const world = new World(['1', '2', '3'])
	world.cuts.add('2,3')
	world.begin('2', 'unreachable:3')
	world.begin('3', 'unreachable:2')
	for (const node of ['1', '2', '3', '1', '2', '3']) world.look(node)
	assert.deepEqual(world.written, ['2 unreachable:3', '3 unreachable:2'])
	// Now it has it too, and of that has been written.
	world.cuts.add('1,3')
	world.begin('1', 'unreachable:3')
	for (const node of ['1', '2']) world.look(node)
	assert.equal(world.written.length, 2)
})

test('of an alert that several nodes have one writes, whenever each of them sees it', () => {
	const ids = ['1', '2', '3', '4']
	const act = fc.record({ node: fc.constantFrom(...ids), begins: fc.boolean() })
	fc.assert(
		fc.property(fc.array(act, { maxLength: 40 }), acts => {
			const world = new World(ids)
			const having = new Set<string>()
			for (const { node, begins } of acts) {
				if (!begins) world.look(node)
				else if (!having.has(node)) world.begin(node)
				if (begins) having.add(node)
			}
			for (const node of [...ids, ...ids]) world.look(node)
			assert.equal(world.written.length, having.size > 0 ? 1 : 0)
		}),
	)
})

test('when the node it was left to is not heard any more, the next one writes', () => {
	const world = new World(['1', '2'])
	world.begin('1')
	world.begin('2')
	world.look('2')
	assert.deepEqual(world.written, [])
	world.cuts.add('1,2')
	world.look('2')
	assert.deepEqual(world.written, [`2 ${KEY}`])
})

test('what a peer says that is no list of alerts says nothing', () => {
	for (const alerts of [undefined, null, 7, 'unreachable:x', [], { other: true }]) {
		const letters = new Letters('2')
		letters.add(alert('2'))
		assert.equal(letters.due([{ id: '1', state: 'up', extra: { alerts } }]).length, 1)
	}
})
