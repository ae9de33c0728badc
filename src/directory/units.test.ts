import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { merge } from './merge.ts'
import type { Fields } from './types.ts'
import { type Limits, limitsOf, NO_LIMITS, parentsOf } from './units.ts'

const IDS = ['a', 'b', 'c', 'd', 'e']
const id = fc.constantFrom(...IDS)

/** One writing of a parent; stamps are unique, as those of real nodes are. */
const writings = fc
	.array(fc.record({ unit: id, parent: fc.option(id, { nil: '' }), before: fc.option(id, { nil: '' }) }), {
		maxLength: 25,
	})
	.map(all =>
		all.map(({ unit, parent, before }, index): [string, Fields] => {
			const stamp = `${index.toString(16).padStart(16, '0')}-${'xyz'[index % 3]}`
			return [unit, { parent: [[parent, before], stamp] }]
		}),
	)

function heard(all: [string, Fields][]): Map<string, Fields> {
	const records = new Map<string, Fields>()
	for (const [unit, fields] of all) records.set(unit, merge(records.get(unit) ?? {}, fields))
	return records
}

test('whatever is written where and heard in whatever order, the units are a tree, and the same one', () => {
	fc.assert(
		fc.property(
			writings.chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
			([all, shuffled]) => {
				const parents = parentsOf(heard(all))
				assert.deepEqual(
					[...parents].sort(([one], [other]) => (one < other ? -1 : 1)),
					[...parentsOf(heard(shuffled))].sort(([one], [other]) => (one < other ? -1 : 1)),
				)
				for (const start of parents.keys()) {
					let steps = 0
					for (let at: string | null = start; at !== null; at = parents.get(at)!) {
						assert.ok(parents.has(at), 'a parent is a unit')
						assert.ok(++steps <= IDS.length, `a circle at ${start}`)
					}
				}
			},
		),
		{ numRuns: 500 },
	)
})

test('of two moves that make a circle the later is as if it had not been made', () => {
	const fields = (parent: string, before: string, time: number): Fields => ({
		parent: [[parent, before], `${time.toString(16).padStart(16, '0')}-x`],
	})
	const top = fields('', '', 1)
	const records = new Map([
		['top', top],
		['east', fields('west', 'top', 5)],
		['west', fields('east', 'top', 6)],
	])
	assert.deepEqual(Object.fromEntries(parentsOf(records)), { top: null, east: 'west', west: 'top' })
})

test('what holds is the tightest of each limit, whatever stands between', () => {
	const limit = fc.option(fc.nat(1000))
	const limits: fc.Arbitrary<Limits> = fc.record({
		storage: limit,
		messages: limit,
		accounts: limit,
		recipients: limit,
		messageSize: limit,
		outside: fc.boolean(),
	})
	fc.assert(
		fc.property(fc.array(limits), limits, (path, lower) => {
			const above = limitsOf(path)
			const below = limitsOf([...path, lower])
			for (const name of ['storage', 'messages', 'accounts', 'recipients', 'messageSize'] as const) {
				const given = [...path, lower].map(one => one[name]).filter(one => one !== null)
				assert.equal(below[name], given.length > 0 ? Math.min(...given) : null)
				assert.ok((below[name] ?? Infinity) <= (above[name] ?? Infinity))
			}
			assert.equal(below.outside, above.outside && lower.outside)
		}),
	)
	assert.deepEqual(limitsOf([]), NO_LIMITS)
})
