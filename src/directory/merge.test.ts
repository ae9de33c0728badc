import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { homeOf, homeValue, merge } from './merge.ts'
import { canonicalText, parseFields } from './records.ts'
import type { Fields, Value } from './types.ts'

const stamp = fc
	.tuple(fc.nat(3), fc.nat(2), fc.constantFrom('a', 'b'))
	.map(
		([ms, counter, node]) =>
			`${ms.toString(16).padStart(12, '0')}${counter.toString(16).padStart(4, '0')}-${node}`,
	)
const value: fc.Arbitrary<Value> = fc.oneof(
	fc.string(),
	fc.integer(),
	fc.boolean(),
	fc.constant(null),
	fc.array(fc.string()),
)
const home = fc
	.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(3))
	.map(([node, epoch]) => homeValue(node, epoch))
const fields: fc.Arbitrary<Fields> = fc.record(
	{ address: fc.tuple(value, stamp), name: fc.tuple(value, stamp), home: fc.tuple(home, stamp) },
	{ requiredKeys: [] },
)
const text = (fields: Fields) => canonicalText(fields)

test('merging is commutative', () => {
	fc.assert(fc.property(fields, fields, (a, b) => assert.equal(text(merge(a, b)), text(merge(b, a)))))
})

test('merging is associative', () => {
	fc.assert(
		fc.property(fields, fields, fields, (a, b, c) =>
			assert.equal(text(merge(merge(a, b), c)), text(merge(a, merge(b, c)))),
		),
	)
})

test('merging twice is merging once, and what brings nothing new returns the same object', () => {
	fc.assert(
		fc.property(fields, fields, (a, b) => {
			const merged = merge(a, b)
			assert.equal(merge(merged, b), merged)
			assert.equal(merge(merged, a), merged)
		}),
	)
})

test('a home of a higher epoch wins over a later writing', () => {
	const moved: Fields = { home: [homeValue('b', 2), '0000000000010000-b'] }
	const late: Fields = { home: [homeValue('a', 1), '0000000000ff0000-a'] }
	assert.deepEqual(homeOf(merge(late, moved).home![0]), { node: 'b', epoch: 2 })
	assert.deepEqual(homeOf(merge(moved, late).home![0]), { node: 'b', epoch: 2 })
})

test('fields read from their canonical text are the same fields', () => {
	fc.assert(fc.property(fields, fields => assert.deepEqual(parseFields(text(fields)), { ...fields })))
})

test('what is not fields is not taken for fields', () => {
	for (const text of [
		'',
		'[]',
		'null',
		'{"a":1}',
		'{"a":["x"]}',
		'{"a":["x","now"]}',
		'{"a":[{},"0000000000010000-b"]}',
	])
		assert.equal(parseFields(text), null, text)
	assert.equal(parseFields('{"__proto__":["x","0000000000010000-b"]}'), null)
})
