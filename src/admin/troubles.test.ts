import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growth } from './troubles.ts'

test('a queue grows when it is long and half as long again as before', () => {
	const grows = (...lengths: number[]) =>
		growth(
			lengths.map(length => ({ length })),
			100,
		)
	assert.equal(grows(), null)
	assert.equal(grows(0, 99), null)
	assert.deepEqual(grows(0, 50, 100), { before: 0, now: 100 })
	assert.equal(grows(100, 149), null)
	assert.deepEqual(grows(100, 120, 150), { before: 100, now: 150 })
	assert.equal(grows(500, 100), null)
})
