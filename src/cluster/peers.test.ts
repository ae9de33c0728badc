import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peers } from './peers.ts'

const beat = (node: string, incarnation = 'one') => ({
	node,
	now: 5_000,
	version: '1.0.0',
	incarnation,
	extra: { x: 1 },
})

test('a peer comes with its first beat and falls silent after three seconds without one', () => {
	const peers = new Peers()
	peers.setMembers(['b', 'c'])
	assert.deepEqual(peers.heard(beat('b'), 4_000, 100), { came: true, anew: false })
	assert.deepEqual(peers.heard(beat('b'), 5_000, 1_100), { came: false, anew: false })
	assert.deepEqual(peers.sweep(4_100), [])
	assert.deepEqual(peers.sweep(4_101), ['b'])
	assert.deepEqual(peers.sweep(9_999), [])
	assert.deepEqual(peers.heard(beat('b'), 9_000, 10_000), { came: true, anew: false })
})

test('another incarnation is told from the same run going on', () => {
	const peers = new Peers()
	peers.setMembers(['b'])
	peers.heard(beat('b'), 0, 0)
	assert.deepEqual(peers.heard(beat('b', 'two'), 0, 1), { came: false, anew: true })
})

test('the list tells of members never heard, and what the last beat said', () => {
	const peers = new Peers()
	peers.setMembers(['b', 'c'])
	peers.heard(beat('b'), 4_000, 0)
	peers.measured('b', 2)
	const [b, c] = peers.list()
	assert.deepEqual(b, {
		id: 'b',
		state: 'up',
		heard: 4_000,
		clockOff: 1_000,
		roundTripMs: 2,
		version: '1.0.0',
		extra: { x: 1 },
	})
	assert.equal(c!.state, 'unreachable')
	assert.equal(c!.heard, null)
})

test('a removed member that was up is reported once', () => {
	const peers = new Peers()
	peers.setMembers(['b', 'c'])
	peers.heard(beat('b'), 0, 0)
	assert.deepEqual(peers.setMembers(['d']), ['b'])
	assert.deepEqual(peers.setMembers(['d']), [])
	assert.ok(!peers.has('b'))
})

test('a peer that says good-bye is down at once, and comes again with its next beat', () => {
	const peers = new Peers()
	peers.setMembers(['b'])
	assert.equal(peers.left('b'), false)
	peers.heard(beat('b'), 0, 0)
	assert.equal(peers.left('b'), true)
	assert.equal(peers.isUp('b'), false)
	assert.equal(peers.left('b'), false)
	assert.deepEqual(peers.sweep(9_999), [])
	assert.deepEqual(peers.heard(beat('b', 'two'), 0, 10_000), { came: true, anew: true })
})
