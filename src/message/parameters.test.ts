import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readParameters } from './parameters.ts'

function params(text: string): Record<string, string> {
	return readParameters(`a/b; ${text}`).params
}

test('the value is in lower case, without comments', () => {
	assert.equal(readParameters('Text/HTML').value, 'text/html')
	assert.equal(readParameters(' text/plain (a; b) ; c=d').value, 'text/plain')
	assert.equal(readParameters('').value, '')
})

test('parameters are read quoted and bare', () => {
	assert.deepEqual(params('Charset=UTF-8; x="a;\\"b\\\\"; y = z ; ;'), {
		charset: 'UTF-8',
		x: 'a;"b\\',
		y: 'z',
	})
	assert.deepEqual(params('charset=us-ascii (Plain text)'), { charset: 'us-ascii' })
	assert.deepEqual(params('name=report (1).pdf; x=y'), { name: 'report (1).pdf', x: 'y' })
	assert.deepEqual(params('x="open'), { x: 'open' })
	assert.deepEqual(params('x=1; x=2'), { x: '1' })
})

test('continuations and charsets of RFC 2231 are decoded', () => {
	assert.deepEqual(params("name*=utf-8'zh'%E5%BC%A0.txt"), { name: '张.txt' })
	assert.deepEqual(params("name*=gb2312''%D5%C5.txt"), { name: '张.txt' })
	assert.deepEqual(params('url*1="c"; url*0="ab"'), { url: 'abc' })
	assert.deepEqual(params('t*0*=utf-8\'\'%E5%BC; t*1*=%A0; t*2="%41"; t*3*=%42'), { t: '张%41B' })
	assert.deepEqual(params("name=old.txt; name*=utf-8''new.txt"), { name: 'new.txt' })
	assert.deepEqual(params('name*=%E5%BC%A0'), { name: '张' })
})

test('encoded words in parameters are decoded, as real mailers write them', () => {
	assert.deepEqual(params('name="=?utf-8?B?5byg5Lyf?="'), { name: '张伟' })
	assert.deepEqual(params('name*0="=?utf-8?B?5by"; name*1="g5Lyf?="'), { name: '张伟' })
})

test('no parameter reaches the prototype', () => {
	const found = params('__proto__=x; constructor=y; toString*=z')
	assert.equal(Object.getPrototypeOf(found), Object.prototype)
	assert.equal(found.constructor as unknown, 'y')
})

test('nothing makes the reader throw', () => {
	const piece = fc.constantFrom(
		'a',
		'=',
		';',
		'"',
		'\\',
		'*',
		'0',
		'1',
		'%',
		'E5',
		"'",
		'(',
		')',
		' ',
		'=?utf-8?q?x?=',
	)
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 40, size: 'max' }), pieces => {
			readParameters(pieces.join(''))
		}),
		{ numRuns: 2000 },
	)
})
