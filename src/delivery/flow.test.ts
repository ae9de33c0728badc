import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Flow } from './flow.ts'

const at = (minutes: number) => Date.UTC(2024, 0, 1) + minutes * 60_000

test('what went on a way counts for five minutes, and for that way only', () => {
	const flow = new Flow()
	assert.equal(flow.lately('node:a', at(0)), 0)
	flow.add('node:a', at(0))
	flow.add('node:a', at(4))
	flow.add('node:b', at(4))
	assert.equal(flow.lately('node:a', at(4)), 2)
	assert.equal(flow.lately('node:a', at(5)), 1)
	assert.equal(flow.lately('node:a', at(9)), 0)
	flow.add('node:a', at(20))
	assert.equal(flow.lately('node:a', at(20)), 1)
})
