import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadCommand, formatCommand, parseCommand } from './command.ts'
import type { Command } from './types.ts'

const command: fc.Arbitrary<Command> = fc.oneof(
	fc.record({
		verb: fc.constant('USER' as const),
		name: fc.constantFrom('alice@example.com', '张伟@例子.test', 'a b'),
	}),
	fc.record({
		verb: fc.constant('PASS' as const),
		password: fc.constantFrom('secret', ' two  spaces ', '密码'),
	}),
	fc.record({
		verb: fc.constant('AUTH' as const),
		mechanism: fc.constantFrom('PLAIN', 'EXTERNAL'),
		initial: fc.option(fc.uint8Array().map(bytes => Buffer.from(bytes))),
	}),
	fc.record({ verb: fc.constantFrom('LIST' as const, 'UIDL' as const), number: fc.option(fc.nat()) }),
	fc.record({ verb: fc.constantFrom('RETR' as const, 'DELE' as const), number: fc.nat() }),
	fc.record({ verb: fc.constant('TOP' as const), number: fc.nat(), lines: fc.nat() }),
	fc.record({ verb: fc.constant('LANG' as const), tag: fc.constantFrom(null, 'en', '*') }),
	fc.record({ verb: fc.constantFrom('STAT' as const, 'QUIT' as const, 'CAPA' as const, 'UTF8' as const) }),
)

test('a formatted command parses to what it was', () => {
	fc.assert(
		fc.property(command, one => assert.deepEqual(parseCommand(Buffer.from(formatCommand(one))), { ...one })),
	)
})

test('whatever bytes come in, a command or a BadCommand comes out', () => {
	const piece = fc.constantFrom(
		'USER',
		'TOP',
		'RETR',
		'AUTH',
		' ',
		'1',
		'-',
		'=',
		'\xff',
		'\0',
		'PASS',
		'99999999999',
	)
	fc.assert(
		fc.property(fc.array(piece), pieces => {
			try {
				parseCommand(Buffer.from(pieces.join(''), 'latin1'))
			} catch (error) {
				assert.ok(error instanceof BadCommand)
			}
		}),
		{ numRuns: 2000 },
	)
})

for (const line of ['', 'RETR', 'RETR x', 'TOP 1', 'LIST -1', 'PASS', 'STAT 1', 'AUTH PLAIN *', 'HELO x']) {
	test(`${JSON.stringify(line)} is refused`, () => {
		assert.throws(() => parseCommand(Buffer.from(line)), BadCommand)
	})
}
