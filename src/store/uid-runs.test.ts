import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UidRuns } from './uid-runs.ts'

const ascending = (list: number[]) => list.sort((a, b) => a - b)
const uids = fc.uniqueArray(fc.integer({ min: 1, max: 80 }), { maxLength: 50 }).map(ascending)

function same(runs: UidRuns, list: number[]): void {
	assert.equal(runs.length, list.length)
	assert.deepEqual([...runs.between(0, runs.length)], list)
	assert.equal(runs.last, list.at(-1) ?? 0)
	for (const [place, uid] of list.entries()) assert.equal(runs.uid(place), uid)
	for (let uid = 0; uid < 130; uid++) {
		const place = list.findIndex(each => each >= uid)
		assert.equal(runs.from(uid), place < 0 ? list.length : place, `from ${uid}`)
	}
}

test('runs of uids are the list they stand for, also with more and with fewer', () => {
	fc.assert(
		fc.property(uids, uids, uids, fc.nat(3), (start, more, fewer, gap) => {
			let runs = UidRuns.of(start)
			same(runs, start)
			const first = runs
			const grown = start.slice()
			for (const add of more) {
				const uid = (grown.at(-1) ?? 0) + 1 + (add % 2) * gap
				runs = runs.plus(uid)
				grown.push(uid)
			}
			same(runs, grown)
			const places = ascending([...new Set(fewer.map(each => each % (grown.length || 1)))])
			const gone = new Set(grown.length > 0 ? places : [])
			same(
				runs.minus([...gone]),
				grown.filter((_, place) => !gone.has(place)),
			)
			// Whoever shares them has seen nothing of all that.
			same(first, start)
			same(first.plus(first.last + 2), [...start, first.last + 2])
		}),
	)
})

test('runs are what is left of all uids without the gaps', () => {
	fc.assert(
		fc.property(uids, fc.integer({ min: 80, max: 100 }), (gaps, last) => {
			const left = Array.from({ length: last }, (_, i) => i + 1).filter(uid => !gaps.includes(uid))
			same(UidRuns.allBut(last, gaps), left)
		}),
	)
})
