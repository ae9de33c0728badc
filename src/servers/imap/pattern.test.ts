import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matcher } from './pattern.ts'

test('% stops at a level, * does not', () => {
	const matching = (pattern: string, names: string[]) => names.filter(matcher(pattern))
	const names = ['INBOX', 'INBOX/a', 'Sent', 'a', 'a/b', 'a/b/c']
	assert.deepEqual(matching('*', names), names)
	assert.deepEqual(matching('%', names), ['INBOX', 'Sent', 'a'])
	assert.deepEqual(matching('%/%', names), ['INBOX/a', 'a/b'])
	assert.deepEqual(matching('a/*', names), ['a/b', 'a/b/c'])
	assert.deepEqual(matching('a*', names), ['a', 'a/b', 'a/b/c'])
	assert.deepEqual(matching('*b*', names), ['a/b', 'a/b/c'])
	assert.deepEqual(matching('iNbOx%', names), ['INBOX'])
	assert.deepEqual(matching('sent', names), [])
	assert.deepEqual(matching('%😀', ['x😀', '😀', 'x']), ['x😀', '😀'])
})

test('a pattern matches what a regular expression of the same meaning matches', () => {
	const sign = fc.constantFrom('a', 'b', '/', '*', '%')
	const letter = fc.constantFrom('a', 'b', '/')
	const word = (unit: fc.Arbitrary<string>) => fc.string({ unit, maxLength: 8 })
	fc.assert(
		fc.property(word(sign), word(letter), (pattern, name) => {
			const regex = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('%', '[^/]*')}$`)
			assert.equal(matcher(pattern)(name), regex.test(name))
		}),
		{ numRuns: 1000 },
	)
})
