import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddresses } from './address.ts'
import type { Address } from './types.ts'

const one = (name: string | null, mailbox: string, host: string): Address => ({ name, mailbox, host })

function parses(cases: [string, ...ReturnType<typeof parseAddresses>][]): void {
	for (const [value, ...expected] of cases) assert.deepEqual(parseAddresses(value), expected, value)
}

test('addresses are read in all the forms of RFC 5322', () => {
	parses([
		[''],
		['alice@example.com', one(null, 'alice', 'example.com')],
		['<alice@example.com>', one(null, 'alice', 'example.com')],
		['Alice <alice@example.com>', one('Alice', 'alice', 'example.com')],
		['"Doe, Alice" <alice@example.com>', one('Doe, Alice', 'alice', 'example.com')],
		['"a \\"b\\" \\\\ c" <alice@example.com>', one('a "b" \\ c', 'alice', 'example.com')],
		['Alice Q. Doe <alice@example.com>', one('Alice Q. Doe', 'alice', 'example.com')],
		['alice@example.com (Alice (the first) Doe)', one('Alice (the first) Doe', 'alice', 'example.com')],
		['Alice (x) <alice@example.com> (y)', one('Alice', 'alice', 'example.com')],
		['"alice doe"@example.com', one(null, 'alice doe', 'example.com')],
		['Alice <"a@b"@example.com>', one('Alice', 'a@b', 'example.com')],
		['<@a.test,@b.test:alice@example.com>', one(null, 'alice', 'example.com')],
		['alice . doe @ example . com', one(null, 'alice.doe', 'example.com')],
		['alice@[192.0.2.1]', one(null, 'alice', '[192.0.2.1]')],
		['<alice@[IPv6:2001:db8::1]>', one(null, 'alice', '[IPv6:2001:db8::1]')],
		['a@test.com,, b@test.com,', one(null, 'a', 'test.com'), one(null, 'b', 'test.com')],
	])
})

test('a group keeps its members together', () => {
	parses([
		['undisclosed-recipients:;', { group: 'undisclosed-recipients', members: [] }],
		[
			'=?utf-8?B?5ZCM5LqL?=: Bob <bob@test.com>, carol@test.com;, alice@test.com',
			{ group: '同事', members: [one('Bob', 'bob', 'test.com'), one(null, 'carol', 'test.com')] },
			one(null, 'alice', 'test.com'),
		],
		['a: b@test.com', { group: 'a', members: [one(null, 'b', 'test.com')] }],
	])
})

test('names and addresses may be Chinese', () => {
	parses([
		['张伟 <张伟@例子.测试>', one('张伟', '张伟', '例子.测试')],
		['=?gb2312?B?1cXOsA==?= <zhangwei@example.com>', one('张伟', 'zhangwei', 'example.com')],
		['=?utf-8?B?5byg?= =?utf-8?B?5Lyf?= <a@test.com>', one('张伟', 'a', 'test.com')],
		['"=?utf-8?B?5byg5Lyf?=" <a@test.com>', one('张伟', 'a', 'test.com')],
		['a@test.com (=?utf-8?B?5byg5Lyf?=)', one('张伟', 'a', 'test.com')],
	])
})

test('what real mailers write is understood', () => {
	parses([
		['bob', one(null, 'bob', '')],
		['Bob <bob>', one('Bob', 'bob', '')],
		['<>', one(null, '', '')],
		['Bob bob@test.com', one('Bob', 'bob', 'test.com')],
		['bob@test.com <bob@test.com>', one('bob@test.com', 'bob', 'test.com')],
		['=?utf-8?Q?Doe,_Alice_(x)?= <a@test.com>', one('Doe, Alice (x)', 'a', 'test.com')],
		['Bob <bob@test.com, a@test.com', one('Bob', 'bob', 'test.com'), one(null, 'a', 'test.com')],
		['Bob < bob@test.com >', one('Bob', 'bob', 'test.com')],
		['"Bob" bob@test.com', one('Bob', 'bob', 'test.com')],
		['() (Bob) bob@test.com', one('Bob', 'bob', 'test.com')],
	])
})

test('nothing makes the parser throw or go on for ever', () => {
	const piece = fc.constantFrom(
		'a',
		'@',
		'<',
		'>',
		',',
		';',
		':',
		'"',
		'(',
		')',
		'\\',
		' ',
		'.',
		'[',
		']',
		'=?utf-8?q?x?=',
		'张',
	)
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 40, size: 'max' }), pieces => {
			for (const entry of parseAddresses(pieces.join(''))) {
				for (const { mailbox, host } of 'group' in entry ? entry.members : [entry]) {
					assert.equal(typeof mailbox, 'string')
					assert.equal(typeof host, 'string')
				}
			}
		}),
		{ numRuns: 2000 },
	)
})
