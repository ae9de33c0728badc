import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PATIENCE, Peer } from './peer.ts'

const ours = { seq: 10, digest: 77, count: 5 }
const said = { incarnation: 'i', seq: 20, own: 3, digest: 77, count: 5 }

function known(seq: number): Peer {
	return new Peer('b', { incarnation: 'i', seq, asOf: 1 }, PATIENCE)
}

test('a peer never met, or with a new file, is read from the start', () => {
	assert.equal(new Peer('b', null, PATIENCE).judge(said, ours, 5, true), 'full')
	assert.equal(known(20).judge({ ...said, incarnation: 'j' }, ours, 5, true), 'full')
})

test('equal digests settle everything without a pull', () => {
	const peer = known(3)
	assert.equal(peer.judge(said, ours, 5, true), 'current')
	assert.deepEqual(peer.cursor, { incarnation: 'i', seq: 20, asOf: 5 })
})

test("a peer's own change that we missed is pulled at once", () => {
	assert.equal(known(15).judge({ ...said, own: 16, digest: 1 }, ours, 5, true), 'pull')
})

test('what the peer merged from others is waited for, but not for ever, and not when one of them is away', () => {
	const other = { ...said, digest: 1 }
	const peer = known(15)
	assert.equal(peer.judge(other, ours, 5, true), 'wait')
	assert.equal(peer.judge(other, ours, 6, true), 'wait')
	assert.equal(peer.judge(other, ours, 7, true), 'pull')
	assert.equal(known(15).judge(other, ours, 5, false), 'pull')
})

test('digests that differ in quiet lead to a full pull, then more and more rarely', () => {
	const other = { ...said, digest: 1 }
	const peer = known(20)
	const verdicts: number[] = []
	for (let second = 0; second < 400; second++) {
		if (peer.judge(other, ours, second * 1000, true) === 'full') verdicts.push(second)
	}
	assert.deepEqual(verdicts, [2, 32, 92, 212])
})

test('digests that differ while changes go on are not believed soon', () => {
	const peer = known(20)
	for (let beat = 0; beat < 20; beat++) {
		assert.equal(peer.judge({ ...said, digest: 1 }, { ...ours, seq: beat }, beat * 1000, true), 'current')
	}
})

test('a counter that went back means another file, unless it is one late beat', () => {
	const peer = known(30)
	const back = { ...said, digest: 1 }
	assert.equal(peer.judge(back, ours, 1, true), 'wait')
	assert.equal(peer.judge({ ...back, seq: 30 }, ours, 2, true), 'current')
	assert.deepEqual(
		[1, 2, 3].map(now => peer.judge(back, ours, now, true)),
		['wait', 'wait', 'full'],
	)
})

test('pushes in a row need no pull; one that is missing does; merged changes between them do not', () => {
	const peer = known(5)
	assert.equal(peer.pushed({ incarnation: 'i', prev: 5, prevOwn: 5, seq: 6 }, 1), true)
	assert.equal(peer.cursor?.seq, 6)
	assert.equal(peer.pushed({ incarnation: 'i', prev: 9, prevOwn: 6, seq: 10 }, 2), true)
	assert.equal(peer.cursor?.seq, 6)
	assert.equal(peer.pushed({ incarnation: 'i', prev: 12, prevOwn: 12, seq: 13 }, 3), false)
	assert.equal(peer.pushed({ incarnation: 'j', prev: 0, prevOwn: 0, seq: 1 }, 3), false)
})
