import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeHeader, encodeWords } from './encoded-word.ts'

test('encoded words are decoded, the white space between two of them is not shown', () => {
	const cases: [string, string][] = [
		['plain', 'plain'],
		['=?utf-8?B?5byg5Lyf?=', '张伟'],
		['=?UTF-8?q?caf=C3=A9_au_lait?=', 'café au lait'],
		['=?iso-8859-1?Q?a?= b', 'a b'],
		['=?iso-8859-1?Q?a?= =?iso-8859-1?Q?b?=', 'ab'],
		['=?iso-8859-1?Q?a?=\r\n  =?utf-8?Q?b?=', 'ab'],
		['=?iso-8859-1?Q?a_b?=', 'a b'],
		['Re: =?gb2312?B?u+HS6Q==?= (1)', 'Re: 会议 (1)'],
		['=?utf-8*zh?B?5byg?=', '张'],
		['=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=', '日本'],
		['=?utf-8?Q?spaces in a word?=', 'spaces in a word'],
	]
	for (const [value, decoded] of cases) assert.equal(decodeHeader(value), decoded)
})

test('a character cut in two by neighbouring words is put together again', () => {
	const bytes = Buffer.from('张伟')
	const word = (from: number, to: number) => `=?utf-8?B?${bytes.subarray(from, to).toString('base64')}?=`
	assert.equal(decodeHeader(`${word(0, 2)} ${word(2, 4)} ${word(4, 6)}`), '张伟')
	assert.equal(decodeHeader('=?gbk?Q?=BB?= =?gbk?Q?=E1=D2=E9?='), '会议')
})

test('what is no encoded word stays as it is', () => {
	for (const value of ['=?', '=?utf-8?X?abc?=', '=?utf-8?B?abc', 'a =? b ?= c', '=?utf-8?B?abc? =']) {
		assert.equal(decodeHeader(value), value)
	}
})

test('an unknown charset is read as well as possible', () => {
	assert.equal(decodeHeader('=?x-nobody?Q?=E5=BC=A0?='), '张')
	assert.equal(decodeHeader('=?x-nobody?Q?caf=E9?='), 'café')
})

test('no encoded word can bring a line end into a header', () => {
	assert.equal(decodeHeader('=?utf-8?Q?a=0D=0ABcc:_x?='), 'a Bcc: x')
})

test('encoded words are at most 75 characters long and say again what was put in', () => {
	const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200, size: 'max' })
	fc.assert(
		fc.property(text, fc.integer({ min: 24, max: 75 }), (value, room) => {
			const words = encodeWords(value, room)
			for (const [index, word] of words.entries()) assert.ok(word.length <= (index === 0 ? room : 75))
			assert.equal(decodeHeader(words.join(' ')), value)
			// Every word stands alone, too: no character is cut in two.
			assert.equal(words.map(decodeHeader).join(''), value)
		}),
	)
})

test('nothing makes the decoder throw', () => {
	const pieces = fc.constantFrom(
		'=?',
		'?=',
		'utf-8',
		'?',
		'B',
		'Q',
		'=',
		'é',
		'张',
		' ',
		'gb18030',
		'=E5',
		'_',
	)
	fc.assert(
		fc.property(fc.array(pieces, { maxLength: 30, size: 'max' }), parts => {
			decodeHeader(parts.join(''))
		}),
	)
})
