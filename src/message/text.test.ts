import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeText } from './charset.ts'
import { htmlText } from './html.ts'
import { scan } from './scan.ts'
import { textOf } from './text.ts'

function preview(type: string, body: Buffer | string, encoding = '8bit'): string {
	const head = `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`
	return scan(Buffer.concat([Buffer.from(head), Buffer.from(body)])).preview
}

test('text is decoded from the charsets of this world', () => {
	const cases: [string, number[], string][] = [
		['utf-8', [0xe5, 0xbc, 0xa0], '张'],
		['UTF8', [0xef, 0xbb, 0xbf, 0x41], 'A'],
		['gb2312', [0xd5, 0xc5], '张'],
		['GBK', [0x89, 0x8a], '墛'],
		['gb18030', [0x81, 0x39, 0xee, 0x39], '㐀'],
		['big5', [0xb1, 0x69], '張'],
		['shift_jis', [0x93, 0xfa], '日'],
		['iso-2022-jp', [0x1b, 0x24, 0x42, 0x46, 0x7c, 0x1b, 0x28, 0x42], '日'],
		['ks_c_5601-1987', [0xb0, 0xa1], '가'],
		['iso-8859-1', [0xe9, 0x93], 'é“'],
		['koi8-r', [0xc1], 'а'],
		['utf-7', [0x2b, 0x58, 0x79, 0x41, 0x2d], '张'],
		['us-ascii', [0xd5, 0xc5], '张'],
		['', [0xe5, 0xbc, 0xa0], '张'],
		['x-unknown', [0xe5, 0xbc, 0xa0], '张'],
		['x-unknown', [0xe9], 'é'],
		['constructor', [0xe9], 'é'],
	]
	for (const [charset, octets, text] of cases)
		assert.equal(decodeText(Buffer.from(octets), charset), text, charset)
})

test('no charset name makes the decoder throw', () => {
	const name = fc.oneof(
		fc.string(),
		fc.constantFrom('hex', 'base64', 'ucs2', '_internal', 'utf-16', 'utf-32', '__proto__'),
	)
	fc.assert(
		fc.property(
			fc.uint8Array(),
			name,
			(bytes, charset) => typeof decodeText(Buffer.from(bytes), charset) === 'string',
		),
	)
})

test('tags do not show, words in blocks do not run together, words in spans do', () => {
	assert.equal(
		htmlText(
			'<style>p{}</style><p>Hello <b>wor</b>ld</p><!-- <p>x -->&lt;&amp;&#24352;&#x4f1f;&nbsp;&nope;',
		).trim(),
		'Hello world\n<&张伟 &nope;',
	)
	assert.equal(htmlText('a<br>b<td>c').replace(/\s+/g, ' '), 'a b c')
	assert.equal(htmlText('1 < 2 <script>if (a</b) </SCRIPT>ok'), '1 < 2 \nok')
	assert.equal(htmlText('end <'), 'end <')
	assert.equal(htmlText('end <p'), 'end ')
})

test('no HTML makes the reader throw', () => {
	const piece = fc.constantFrom(
		'<',
		'>',
		'/',
		'p',
		'style',
		'<style',
		'</style>',
		'<!--',
		'-->',
		'&',
		'#',
		'x41',
		';',
		'İ',
		' ',
		'word',
	)
	fc.assert(
		fc.property(
			fc.array(piece, { maxLength: 40, size: 'max' }),
			pieces => typeof htmlText(pieces.join('')) === 'string',
		),
	)
})

test('the preview is the beginning of the text, decoded, at most 200 characters', () => {
	assert.equal(
		preview('text/plain; charset=gb2312', Buffer.from([0xd5, 0xc5, 0x0d, 0x0a, 0x20, 0xce, 0xb0])),
		'张 伟',
	)
	assert.equal(preview('text/plain; charset=utf-8', Buffer.from('张伟').toString('base64'), 'base64'), '张伟')
	assert.equal(preview('text/plain', 'a=E5=BC=A0=\r\nb', 'quoted-printable'), 'a张b')
	assert.equal(
		preview('text/html', '<html><head><title>no</title></head><body><p>yes&nbsp;yes</p>'),
		'yes yes',
	)
	assert.equal(preview('text/plain', '张'.repeat(5000)), '张'.repeat(200))
	assert.equal(preview('text/plain', `${'a'.repeat(199)}😀`), 'a'.repeat(199))
	assert.equal(preview('text/plain', `${' '.repeat(1000)}late`), 'late')
	assert.equal(preview('application/pdf', 'x'), '')
	assert.equal(preview('text/html', 'x\u200c\u200c\u034fy'), 'xy')
})

test('the preview comes from the plain text, not from an attached one, and from HTML when there is no other', () => {
	const parts = (...bodies: string[]) =>
		scan(
			Buffer.from(
				`Content-Type: multipart/mixed; boundary=a\r\n\r\n${bodies.map(body => `--a\r\n${body}\r\n`).join('')}--a--\r\n`,
			),
		).preview
	assert.equal(parts('Content-Type: text/html\r\n\r\n<p>html', '\r\nplain'), 'plain')
	assert.equal(parts('Content-Disposition: attachment\r\n\r\nfile', '\r\nplain'), 'plain')
	assert.equal(parts('Content-Type: text/html\r\n\r\n<p>html', '\r\n \r\n'), 'html')
	assert.equal(
		parts('Content-Type: text/html\r\n\r\n<p>html', 'Content-Type: message/rfc822\r\n\r\n\r\nwithin'),
		'html',
	)
	assert.equal(parts('Content-Type: message/rfc822\r\n\r\n\r\nwithin'), 'within')
})

test('the text for search has every text part and the messages within, and no more than a million characters', () => {
	const bytes = Buffer.from(
		[
			'Content-Type: multipart/mixed; boundary=a',
			'',
			'--a',
			'Content-Type: text/plain; charset=utf-8',
			'Content-Transfer-Encoding: base64',
			'',
			Buffer.from('第一段').toString('base64'),
			'--a',
			'Content-Type: text/html',
			'',
			'<p>second</p>',
			'--a',
			'Content-Type: application/octet-stream',
			'',
			'not this',
			'--a',
			'Content-Type: message/rfc822',
			'',
			'Subject: =?utf-8?B?5byg?=',
			'',
			'third',
			'--a--',
		].join('\r\n'),
	)
	const text = textOf(bytes, scan(bytes).structure)
	assert.deepEqual(text.split('\n').filter(Boolean), ['第一段', 'second', 'third'])
	const long = Buffer.from(`\r\n${'word '.repeat(1_000_000)}`)
	assert.equal(textOf(long, scan(long).structure).length, 1024 * 1024)
})
