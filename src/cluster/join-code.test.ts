import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { CurrentCode, formatJoinCode, parseJoinCode } from './join-code.ts'

const folder = mkdtempSync(join(tmpdir(), 'panpipe-code-'))
after(() => rmSync(folder, { recursive: true }))

const octets = (length: number) =>
	fc.uint8Array({ minLength: length, maxLength: length }).map(bytes => Buffer.from(bytes))

test('parse gives back what format was given', () => {
	fc.assert(
		fc.property(octets(16), octets(10), (fingerprint, secret) => {
			assert.deepEqual(parseJoinCode(formatJoinCode({ fingerprint, secret })), { fingerprint, secret })
		}),
	)
})

test('a code is read whatever its case and spacing, with O for 0 and I or L for 1', () => {
	const code = formatJoinCode({ fingerprint: Buffer.alloc(16, 0x9d), secret: Buffer.alloc(10, 0x71) })
	const sloppy = code.toLowerCase().replace(/-/g, ' ').replace(/0/g, 'o').replace(/1/g, 'l')
	assert.deepEqual(parseJoinCode(sloppy), parseJoinCode(code))
})

test('what is not a code is null and never throws', () => {
	for (const text of ['', 'ABC', 'U'.repeat(42), '0'.repeat(41), '0'.repeat(43)])
		assert.equal(parseJoinCode(text), null)
	fc.assert(fc.property(fc.string(), text => void parseJoinCode(text)))
})

function fresh() {
	let now = 1_700_000_000_000
	const path = join(folder, randomBytes(4).toString('hex'))
	const clock = { now: () => now }
	const code = new CurrentCode(path, clock)
	const make = () => parseJoinCode(code.make(randomBytes(32)))!.secret
	return { code, path, clock, make, pass: (ms: number) => (now += ms) }
}

test('a code is right until it is spent, also after a restart, and the file does not hold it', () => {
	const { code, path, clock, make } = fresh()
	const secret = make()
	assert.equal(code.judge(secret, '192.0.2.1'), 'right')
	assert.equal(new CurrentCode(path, clock).judge(secret, '192.0.2.1'), 'right')
	assert.ok(!readFileSync(path).includes(secret.toString('hex')))
	code.spend()
	assert.equal(code.judge(secret, '192.0.2.1'), 'used')
	assert.equal(new CurrentCode(path, clock).judge(secret, '192.0.2.1'), 'used')
})

test('a code lives a day', () => {
	const { code, make, pass } = fresh()
	const secret = make()
	pass(24 * 3_600_000)
	assert.equal(code.judge(secret, '192.0.2.1'), 'right')
	pass(1)
	assert.equal(code.judge(secret, '192.0.2.1'), 'expired')
})

test('ten wrong tries from several addresses void a code, and a new one starts afresh', () => {
	const { code, make } = fresh()
	const secret = make()
	for (let i = 0; i < 10; i++) assert.equal(code.judge(randomBytes(10), `192.0.2.${i}`), 'wrong')
	assert.equal(code.judge(secret, '192.0.2.99'), 'void')
	assert.equal(code.judge(make(), '192.0.2.99'), 'right')
})

test('one address cannot void the code: after five wrong tries it is not listened to', () => {
	const { code, make } = fresh()
	const secret = make()
	for (let i = 0; i < 100; i++) assert.equal(code.judge(randomBytes(10), '192.0.2.1'), 'wrong')
	assert.equal(code.judge(secret, '192.0.2.1'), 'wrong')
	assert.equal(code.judge(secret, '192.0.2.2'), 'right')
})
