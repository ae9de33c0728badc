import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatCommand, parseCommand } from './command.ts'
import { Refused } from './reply.ts'
import type { Command } from './types.ts'
import { decodeXtext, encodeXtext } from './xtext.ts'

const parse = (line: string) => parseCommand(Buffer.from(line))
const atom = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~张伟-]{1,12}$/)
const local = fc.oneof(
	atom,
	fc.tuple(atom, atom).map(([a, b]) => `${a}.${b}`),
	fc.constantFrom('"a b"', '"a\\"b"', '"a\\\\b"', '"a@b"', '""', '"张 伟"', '".a"', '"<>"'),
)
const domain = fc.constantFrom(
	'example.com',
	'a.b.test',
	'例子.test',
	'[192.0.2.1]',
	'[IPv6:2001:db8::1]',
	'test',
)
const address = fc.tuple(local, domain).map(([a, b]) => `${a}@${b}`)
const xtext = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme-ascii' }).map(encodeXtext)

const command: fc.Arbitrary<Command> = fc.oneof(
	fc
		.record({
			verb: fc.constant('MAIL' as const),
			reversePath: fc.oneof(fc.constant(''), address),
			size: fc.option(fc.nat()),
			body: fc.constantFrom(null, '7BIT' as const, '8BITMIME' as const, 'BINARYMIME' as const),
			smtputf8: fc.boolean(),
			ret: fc.constantFrom(null, 'FULL' as const, 'HDRS' as const),
			envelopeId: fc.option(xtext),
			auth: fc.option(fc.oneof(xtext, fc.constant('<>'))),
			hold: fc.oneof(
				fc.constant({ holdFor: null, holdUntil: null }),
				fc.record({ holdFor: fc.integer({ min: 1, max: 999_999_999 }), holdUntil: fc.constant(null) }),
				fc.record({ holdFor: fc.constant(null), holdUntil: fc.integer({ min: 0, max: 253402300799999 }) }),
			),
			by: fc.option(
				fc.oneof(
					fc.record(
						{
							seconds: fc.integer({ min: 1, max: 999_999_999 }),
							mode: fc.constant('R' as const),
							trace: fc.boolean(),
						},
						{ noNullPrototype: true },
					),
					fc.record(
						{
							seconds: fc.integer({ min: -999_999_999, max: 999_999_999 }),
							mode: fc.constant('N' as const),
							trace: fc.boolean(),
						},
						{ noNullPrototype: true },
					),
				),
			),
			priority: fc.option(fc.integer({ min: -9, max: 9 })),
			requireTls: fc.boolean(),
			handOver: fc.option(fc.stringMatching(/^[0-9a-z]{26}$/)),
		})
		.map(({ hold, ...rest }) => ({ ...rest, ...hold })),
	fc.record({
		verb: fc.constant('RCPT' as const),
		forwardPath: fc.oneof(fc.constant('Postmaster'), address),
		notify: fc.constantFrom(null, 'NEVER', 'SUCCESS', 'FAILURE,DELAY', 'SUCCESS,FAILURE,DELAY'),
		originalRecipient: fc.option(xtext.map(text => `rfc822;${text}`)),
	}),
	fc.record({ verb: fc.constant('BDAT' as const), size: fc.nat(), last: fc.boolean() }),
	fc.record({
		verb: fc.constant('AUTH' as const),
		mechanism: fc.constantFrom('PLAIN', 'LOGIN', 'EXTERNAL'),
		initial: fc.option(fc.uint8Array().map(bytes => Buffer.from(bytes))),
	}),
	fc.record({
		verb: fc.constantFrom('EHLO' as const, 'HELO' as const, 'LHLO' as const),
		domain: fc.constantFrom('mx.example.com', '[192.0.2.1]', 'my laptop'),
	}),
	fc.record({
		verb: fc.constantFrom('DATA' as const, 'RSET' as const, 'QUIT' as const, 'STARTTLS' as const),
	}),
	fc.record({
		verb: fc.constantFrom('NOOP' as const, 'HELP' as const),
		argument: fc.constantFrom('', 'x y'),
	}),
)

test('a formatted command parses to what it was', () => {
	fc.assert(
		fc.property(command, one => assert.deepEqual(parse(formatCommand(one)), { ...one })),
		{ numRuns: 3000 },
	)
})

test('whatever bytes come in, a command or a refusal comes out', () => {
	const piece = fc.constantFrom(
		'MAIL',
		'RCPT',
		' ',
		'FROM:',
		'TO:',
		'<',
		'>',
		'a',
		'@',
		'"',
		'\\',
		'SIZE=',
		'BDAT',
		'AUTH',
		'=',
		'[',
		':',
		'\xff',
		'\n',
		'+',
	)
	fc.assert(
		fc.property(
			fc.oneof(
				fc.array(piece).map(parts => Buffer.from(parts.join(''), 'latin1')),
				fc.uint8Array().map(Buffer.from),
			),
			bytes => {
				try {
					parseCommand(Buffer.from(bytes as Buffer))
				} catch (error) {
					assert.ok(error instanceof Refused)
					assert.match(String(error.reply.code), /^5/)
				}
			},
		),
		{ numRuns: 3000 },
	)
})

const path = (line: string) => {
	const one = parse(line)
	return one.verb === 'MAIL' ? one.reversePath : one.verb === 'RCPT' ? one.forwardPath : null
}

test('source routes are ignored, needless quotes taken off, needed ones kept', () => {
	assert.equal(path('RCPT TO:<@a.test,@b.test:bob@example.com>'), 'bob@example.com')
	assert.equal(path('RCPT TO:<"bob"@example.com>'), 'bob@example.com')
	assert.equal(path('rcpt to:<"bob\\ b"@example.com>'), '"bob b"@example.com')
	assert.equal(path('MAIL FROM:<>'), '')
})

test('times are understood with any offset, and what is late already may be said with BY', () => {
	const one = parse('MAIL FROM:<a@example.com> holduntil=2026-12-31T09:00:00.5+08:00 by=-30;nt')
	assert.equal(one.verb === 'MAIL' && one.holdUntil, Date.UTC(2026, 11, 31, 1, 0, 0, 500))
	assert.deepEqual(one.verb === 'MAIL' && one.by, { seconds: -30, mode: 'N', trace: true })
})

test('what real clients send is understood', () => {
	assert.equal(path('MAIL FROM: <alice@example.com> SIZE=1'), 'alice@example.com')
	assert.equal(path('MAIL FROM:alice@example.com'), 'alice@example.com')
	assert.equal(path('MAIL FROM:<a..b.@example.com>'), 'a..b.@example.com')
	assert.equal(path('mail from:<alice@example.com>  body=8bitmime'), 'alice@example.com')
	assert.deepEqual(parse('noop'), { verb: 'NOOP', argument: '' })
	assert.deepEqual(parse('DATA '), { verb: 'DATA' })
})

const refusals: [line: string, code: number][] = [
	['RCPT TO:<>', 501],
	['RCPT TO:<alice>', 501],
	['MAIL FROM:<alice>', 501],
	['MAIL FROM:<alice@>', 501],
	['MAIL FROM:<alice@example.com', 501],
	['MAIL FROM:<alice@example.com>SIZE=1', 501],
	['MAIL FROM:<alice@example.com> SIZE=1 SIZE=2', 501],
	['MAIL FROM:<alice@example.com> SIZE=x', 501],
	['MAIL FROM:<alice@example.com> FOO=1', 555],
	['MAIL FROM:<alice@[300.0.0.1]>', 501],
	['MAIL FROM:<alice@[IPv6:::g]>', 501],
	['MAIL FROM:<a\nb@example.com>', 500],
	['MAIL FROM:<alice@example.com> HOLDFOR=0', 501],
	['MAIL FROM:<alice@example.com> HOLDFOR=60 HOLDUNTIL=2026-12-31T09:00:00Z', 501],
	['MAIL FROM:<alice@example.com> HOLDUNTIL=2026-13-31T09:00:00Z', 501],
	['MAIL FROM:<alice@example.com> HOLDUNTIL=tomorrow', 501],
	['MAIL FROM:<alice@example.com> BY=0;R', 501],
	['MAIL FROM:<alice@example.com> BY=-5;RT', 501],
	['MAIL FROM:<alice@example.com> BY=60', 501],
	['MAIL FROM:<alice@example.com> MT-PRIORITY=10', 501],
	['MAIL FROM:<alice@example.com> MT-PRIORITY=-0', 501],
	['MAIL FROM:<alice@example.com> REQUIRETLS=yes', 501],
	['RCPT TO:<a@example.com> NOTIFY=NEVER,DELAY', 501],
	['RCPT TO:<a@example.com> NOTIFY=DELAY,DELAY', 501],
	['RCPT TO:<a@example.com> ORCPT=rfc822', 501],
	['RCPT TO:<a@example.com> ORCPT=rfc822;a=b', 501],
	['BDAT', 501],
	['BDAT -1', 501],
	['AUTH PLAIN ***', 501],
	['DATA now', 501],
	['EHLO', 501],
	['', 500],
	['GET / HTTP/1.1', 500],
]
for (const [line, code] of refusals) {
	test(`${JSON.stringify(line)} is refused with ${code}`, () => {
		assert.throws(
			() => parse(line),
			(error: unknown) => error instanceof Refused && error.reply.code === code,
		)
	})
}

test('xtext gives back what was put in', () => {
	fc.assert(
		fc.property(
			fc.string({ unit: 'binary' }).map(text => text.toWellFormed()),
			text => {
				const encoded = encodeXtext(text)
				assert.match(encoded, /^[!-~]*$/)
				assert.equal(decodeXtext(encoded), text)
			},
		),
	)
	assert.equal(encodeXtext('a+b=c d'), 'a+2Bb+3Dc+20d')
	assert.equal(decodeXtext('a+2'), null)
})
