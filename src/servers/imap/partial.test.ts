import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partOf, partOfSpans } from './partial.ts'
import { Progress } from './progress.ts'
import { type Span, spansOf } from './view.ts'

const nz = fc.integer({ min: 1, max: 60 })
const range = fc
	.tuple(nz, nz, fc.constantFrom(1, -1))
	.map(([from, to, sign]): [number, number] => [from * sign, to * sign])
const places = fc
	.uniqueArray(fc.integer({ min: 0, max: 80 }), { maxLength: 40 })
	.map(list => list.sort((a, b) => a - b))

test('a partial-range means the results that RFC 9394 counts from either end', () => {
	assert.deepEqual(partOf([1, 3], 10), [0, 3])
	assert.deepEqual(partOf([3, 1], 2), [0, 2])
	assert.deepEqual(partOf([-1, -3], 10), [7, 10])
	assert.deepEqual(partOf([-3, -3], 10), [7, 8])
	fc.assert(
		fc.property(range, places, (range, list) => {
			const [low, high] = [Math.min(...range.map(Math.abs)), Math.max(...range.map(Math.abs))]
			const counted = range[0] > 0 ? list : list.toReversed()
			const wanted = counted.filter((_, index) => index + 1 >= low && index + 1 <= high)
			assert.deepEqual(
				list.slice(...partOf(range, list.length)),
				wanted.sort((a, b) => a - b),
			)
		}),
	)
})

test('a part of spans holds the places that the part of their list holds', () => {
	const listed = (spans: Span[]) =>
		spans.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))
	fc.assert(
		fc.property(range, places, (range, list) => {
			assert.deepEqual(listed(partOfSpans(range, spansOf(list))), list.slice(...partOf(range, list.length)))
		}),
	)
})

test('a long command is told of every ten seconds, a short one and its end never', () => {
	const progress = new Progress('a1', 0)
	assert.equal(progress.at(9_999, 1, 4), '')
	assert.match(progress.at(10_000, 2, 4), /^\* OK \[INPROGRESS \("a1" 2 4\)\] .*\r\n$/)
	assert.equal(progress.at(19_999, 3, 4), '')
	assert.equal(progress.at(30_000, 4, 4), '')
	assert.notEqual(progress.at(30_001, 3, 4), '')
})
