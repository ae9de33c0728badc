import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddresses } from './address.ts'
import { decodeHeader } from './encoded-word.ts'
import { headerField, headerFields } from './fields.ts'
import { encodeHeader, formatAddress } from './write.ts'

function readBack(name: string, field: string): string {
	return decodeHeader(headerField(Buffer.from(field), name)!)
}

test('short ASCII stays as it is', () => {
	assert.equal(encodeHeader('Subject', 'hello'), 'Subject: hello\r\n')
	assert.equal(encodeHeader('References', '<a@b> <c@d>'), 'References: <a@b> <c@d>\r\n')
})

test('only what needs it is encoded', () => {
	assert.equal(encodeHeader('Subject', 'Re: 张 done'), 'Subject: Re: =?utf-8?B?5byg?= done\r\n')
	assert.equal(encodeHeader('Subject', 'a =?b c'), 'Subject: a =?utf-8?B?PT9i?= c\r\n')
})

test('in address fields names are encoded and addresses are not', () => {
	assert.equal(
		encodeHeader('To', '张伟 <zhangwei@例子.测试>'),
		'To: =?utf-8?B?5byg5Lyf?= <zhangwei@xn--fsqu00a.xn--0zwm56d>\r\n',
	)
	assert.equal(encodeHeader('From', '<张伟@例子.测试>'), 'From: 张伟@例子.测试\r\n')
	assert.equal(
		encodeHeader('Cc', '同事: 张 <a@test.com>;'),
		'Cc: =?utf-8?B?5ZCM5LqL?=: =?utf-8?B?5byg?= <a@test.com>;\r\n',
	)
})

test('no value can bring in a second field', () => {
	const value = fc.string({
		unit: fc.constantFrom('a', ' ', '\r', '\n', '\r\n', ':', '张', 'Bcc: x', '=?', '\t'),
		maxLength: 60,
		size: 'max',
	})
	fc.assert(
		fc.property(fc.constantFrom('Subject', 'To'), value, (name, text) => {
			const field = encodeHeader(name, text)
			const fields = headerFields(Buffer.from(`${field}End: x\r\n`))
			assert.deepEqual(
				fields.map(({ name }) => name),
				[name, 'End'],
			)
			assert.match(field, /^[^\r\n]*(?:\r\n [^\r\n]*[^\r\n ][^\r\n]*)*\r\n$/)
		}),
	)
})

test('a header that was encoded is decoded to the same text, in lines of at most 78 octets', () => {
	const text = fc.array(
		fc.oneof(
			fc.constantFrom('word', '张', '=?utf-8?Q?x?=', '', 'é', '😀', 'a'.repeat(60)),
			fc.string({ unit: 'grapheme' }),
		),
		{ maxLength: 30, size: 'max' },
	)
	fc.assert(
		fc.property(text, words => {
			const value = words
				.join(' ')
				.replace(/[\x00-\x1f\x7f]+/g, ' ')
				.trim()
			const field = encodeHeader('Subject', value)
			assert.equal(readBack('Subject', field), value)
			assert.doesNotMatch(field, /[^\x00-\x7f]/)
			if (!/\S{60}| {9}/.test(value))
				for (const line of field.split('\r\n')) assert.ok(line.length <= 78, line)
		}),
		{ numRuns: 500 },
	)
})

test('a word too long for a line is encoded', () => {
	const value = 'x'.repeat(2000)
	const field = encodeHeader('Subject', value)
	assert.equal(readBack('Subject', field), value)
	for (const line of field.split('\r\n')) assert.ok(line.length <= 78)
})

test('an address that was written is read as the same address', () => {
	const name = fc.oneof(
		fc.constant(null),
		fc
			.string({ unit: fc.constantFrom('a', ' ', '"', '\\', ',', '(', '<', '@', '张', '=?', '.', ':') })
			.map(text => text.trim() || null),
	)
	const mailbox = fc.string({
		unit: fc.constantFrom('a', 'b', '.', '@', '"', '\\', ' ', '张', '<', ','),
		minLength: 1,
		maxLength: 10,
	})
	fc.assert(
		fc.property(
			name,
			mailbox,
			fc.constantFrom('test.com', '例子.测试', '[192.0.2.1]'),
			(name, mailbox, host) => {
				const text = formatAddress({ name, mailbox, host })
				const [address, ...more] = parseAddresses(text)
				assert.deepEqual(more, [])
				const domain = host === '例子.测试' && !mailbox.includes('张') ? 'xn--fsqu00a.xn--0zwm56d' : host
				assert.deepEqual(address, { name, mailbox, host: domain }, text)
			},
		),
		{ numRuns: 2000 },
	)
})
