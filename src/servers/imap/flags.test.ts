import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permanentFlags, readFlags } from './flags.ts'

test('a keyword with "]" is taken no more; where one is, it is kept out of response codes and can be taken off', () => {
	assert.throws(() => readFlags(['a]b']))
	assert.throws(() => readFlags(['x', ']'], () => ['x']))
	assert.deepEqual(readFlags(['A]B'], () => ['x', 'a]b']).keywords, ['a]b'])
	assert.ok(permanentFlags('lrswit', ['a]b', 'c']).endsWith('$Phishing c \\*'))
})
