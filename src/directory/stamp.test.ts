import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isStamp, StampClock, timeOf, writerOf } from './stamp.ts'

test('stamps only rise, whatever the wall clock does and whatever was seen', () => {
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.nat(100_000), fc.boolean())), steps => {
			let now = 0
			const ours = new StampClock({ clock: { now: () => now }, node: 'b' })
			const theirs = new StampClock({ clock: { now: () => now }, node: 'a' })
			let last = ''
			for (const [time, seen] of steps) {
				now = time
				if (seen) {
					const stamp = theirs.next()
					ours.observe(stamp)
					if (stamp > last) last = stamp
				}
				const stamp = ours.next()
				assert.ok(stamp > last)
				last = stamp
			}
		}),
	)
})

test('a clock goes on where an earlier life of it stopped', () => {
	let now = 5000
	const clock = { now: () => now }
	const first = new StampClock({ clock, node: 'a' })
	const last = first.next()
	now = 1000
	const second = new StampClock({ clock, node: 'a', last: first.position })
	assert.ok(second.next() > last)
})

test('a full counter borrows from the next millisecond', () => {
	const stamps = new StampClock({ clock: { now: () => 7 }, node: 'a' })
	let last = ''
	for (let i = 0; i < 70_000; i++) {
		const stamp = stamps.next()
		assert.ok(stamp > last && isStamp(stamp))
		last = stamp
	}
	assert.equal(timeOf(last), 8)
	assert.equal(writerOf(last), 'a')
})
