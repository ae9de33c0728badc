import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalAddress, splitAddress } from './mailbox.ts'

test('an address is split at its last at sign, each half as it is written', () => {
	assert.deepEqual(splitAddress('Alice@Example.com'), { local: 'Alice', domain: 'Example.com' })
	assert.deepEqual(splitAddress('"a@b"@test.com'), { local: '"a@b"', domain: 'test.com' })
	assert.deepEqual(splitAddress('张伟@例子.测试'), { local: '张伟', domain: '例子.测试' })
	assert.deepEqual(splitAddress('a@[192.0.2.1]'), { local: 'a', domain: '[192.0.2.1]' })
	assert.deepEqual(splitAddress('a@[IPv6:2001:db8::1]'), { local: 'a', domain: '[IPv6:2001:db8::1]' })
	assert.deepEqual(splitAddress('a..b.@test.com'), { local: 'a..b.', domain: 'test.com' })
})

test('what is no address is not split', () => {
	for (const text of [
		'',
		'a',
		'@',
		'a@',
		'@b',
		'a b@c',
		'a@b c',
		'a@b..c',
		'a@.b',
		'"a@b',
		'"a"b"@c',
		'a<b@c',
		'a@b>',
		'a@b@c',
		'a@[x',
		'a\r\n@b',
		'"a\\"@b',
		'a@b\n',
	]) {
		assert.equal(splitAddress(text), null, text)
	}
})

test('two spellings of one mailbox give one string', () => {
	for (const [first, ...others] of [
		[
			'alice@example.com',
			'ALICE@Example.COM',
			'"alice"@example.com',
			'"\\alice"@EXAMPLE.com.',
			'Alice@example.com',
		],
		['张伟@xn--fsqu00a.xn--0zwm56d', '张伟@例子.测试', '"张伟"@例子。测试', '张伟@XN--FSQU00A.测试'],
		['caf\u00e9@test.com', 'cafe\u0301@test.com', 'CAFE\u0301@test.com'],
		['"a b"@test.com', '"A b"@test.com', '"a\\ b"@test.com'],
		['a..b@test.com', '"a..b"@test.com'],
		['a@[ipv6:2001:db8::1]', 'A@[IPv6:2001:DB8::1]'],
	] as const) {
		for (const other of [first, ...others]) assert.equal(normalAddress(other), first, other)
	}
})

test('numbers and percent signs in a domain are taken as they stand', () => {
	assert.equal(normalAddress('a@127.1'), 'a@127.1')
	assert.equal(normalAddress('a@%41.com'), 'a@%41.com')
})

test('the normal form of a normal form is itself, and still an address', () => {
	const text = fc.string({
		unit: fc.constantFrom(
			'a',
			'B',
			'.',
			'@',
			'"',
			'\\',
			' ',
			'张',
			'É',
			'e\u0301',
			'İ',
			'Σ',
			'。',
			'ß',
			'xn--',
			'-',
			'\u200d',
		),
		maxLength: 16,
	})
	fc.assert(
		fc.property(
			fc.oneof(
				text,
				fc.tuple(text, text).map(parts => parts.join('@')),
			),
			address => {
				const normal = normalAddress(address)
				assert.equal(normalAddress(normal), normal)
				if (splitAddress(address)) assert.notEqual(splitAddress(normal), null, normal)
			},
		),
		{ numRuns: 5000 },
	)
})
