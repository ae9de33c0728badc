import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { byPriority } from './priority.ts'

const item = fc.record({
	priority: fc.integer({ min: -9, max: 9 }),
	reversePath: fc.constantFrom('a@test', 'b@test'),
	recipient: fc.constantFrom('x@test', 'y@test', 'z@test'),
})
/** Recipients of one message have one sender and one priority. */
const consignment = fc
	.tuple(item, fc.array(item, { maxLength: 2 }))
	.map(([first, more]) => [first, ...more.map(({ recipient }) => ({ ...first, recipient }))])

test('between one sender and one recipient the order stays, and nothing is lost', () => {
	fc.assert(
		fc.property(fc.array(consignment), all => {
			const sorted = byPriority(all)
			assert.equal(sorted.length, all.length)
			for (const [index, one] of sorted.entries()) {
				for (const later of sorted.slice(index + 1)) {
					const meets = one.some(a =>
						later.some(b => a.recipient === b.recipient && a.reversePath === b.reversePath),
					)
					if (meets) assert.ok(all.indexOf(one) < all.indexOf(later))
				}
			}
		}),
	)
})

test('what is urgent overtakes what is not, with all that must go before it', () => {
	const one = (priority: number, reversePath: string, recipient: string) => [
		{ priority, reversePath, recipient },
	]
	const slow = one(0, 'a', 'x')
	const before = one(-2, 'b', 'x')
	const urgent = one(5, 'b', 'x')
	const late = one(-1, 'a', 'y')
	assert.deepEqual(byPriority([slow, late, before, urgent]), [before, urgent, slow, late])
	assert.deepEqual(byPriority([slow, before]), [slow, before])
})
