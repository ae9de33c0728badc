import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { saslprep } from './saslprep.ts'

// The examples of RFC 4013 section 3, and what people's keyboards do.
const cases: [typed: string, prepared: string | null][] = [
	['I\u00adX', 'IX'],
	['user', 'user'],
	['USER', 'USER'],
	['\u00aa', 'a'],
	['\u2168', 'IX'],
	['\u0007', null],
	['cafe\u0301', 'caf\u00e9'],
	['\uff50\uff41\uff53\uff53\uff11\uff12', 'pass12'],
	['a\u3000b', 'a b'],
	['密码 123', '密码 123'],
	['', null],
	['\u200b', null],
	['a\tb', null],
	['a\u0000', null],
	['\u202eabc', null],
	['\ud800', null],
]
for (const [typed, prepared] of cases) {
	test(`${JSON.stringify(typed)} is prepared as ${JSON.stringify(prepared)}`, () => {
		assert.equal(saslprep(typed), prepared)
	})
}

test('what was prepared once stays as it is', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary' }), text => {
			const once = saslprep(text)
			if (once !== null) assert.equal(saslprep(once), once)
		}),
		{ numRuns: 2000 },
	)
})
