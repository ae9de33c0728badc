import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scan } from './scan.ts'
import { decodeTransfer } from './transfer.ts'
import type { Part } from './types.ts'
import { Unbinary } from './unbinary.ts'

function whole(...chunks: Buffer[]): Buffer {
	const unbinary = new Unbinary()
	return Buffer.concat([...chunks.map(chunk => unbinary.write(chunk)), unbinary.end()])
}

const bytes = (text: string) => Buffer.from(text, 'latin1')
const joined = (...pieces: (string | Buffer)[]) =>
	Buffer.concat(pieces.map(piece => (typeof piece === 'string' ? bytes(piece) : piece)))

/** Octets that look like ends and delimiters, and are none. */
const content = fc
	.array(
		fc.oneof(
			fc.uint8Array({ maxLength: 200 }).map(octets => Buffer.from(octets)),
			fc.constantFrom('\r\n', '\n', '\r', '\0', '--', '\r\n--out', '\r\n--', '\r\n\r\n').map(bytes),
		),
		{ maxLength: 12 },
	)
	.map(pieces => Buffer.concat(pieces))
	.filter(octets => !/(?:^|\r\n)--(?:outer|inner)/.test(octets.toString('latin1')))

/** A message with a binary part at each depth, and others that stay as they are. */
const message = (first: Buffer, second: Buffer, third: Buffer) =>
	joined(
		'Subject: binary\r\nContent-Type: multipart/mixed; boundary=outer\r\nContent-Transfer-Encoding: BINARY\r\n\r\n',
		'preamble\r\n--outer\r\n\r\nplain = text\r\n',
		'--outer\r\nContent-Type: image/png\r\ncontent-transfer-encoding: binary\r\nX-After: yes\r\n\r\n',
		first,
		'\r\n--outer\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding:\r\n binary\r\n\r\n',
		'Subject: within\r\nContent-Type: multipart/mixed; boundary="inner"\r\n\r\n',
		'--inner\r\nContent-Transfer-Encoding: binary\r\n\r\n',
		second,
		'\r\n--inner--\r\n\r\n--outer  \r\nContent-Transfer-Encoding: binary\r\n\r\n',
		third,
		'\r\n--outer--\r\nepilogue\r\n',
	)

const bodyOf = (mail: Buffer, { body, end, encoding }: Part) =>
	decodeTransfer(mail.subarray(body, end), encoding)

test('binary parts are base64 afterwards and hold the same octets, however the message came in', () => {
	fc.assert(
		fc.property(content, content, content, fc.array(fc.nat()), (first, second, third, cuts) => {
			const mail = message(first, second, third)
			const ends = [...new Set(cuts.map(cut => cut % mail.length))].sort((a, b) => a - b)
			const made = whole(
				...[...ends, mail.length].map((end, index) => mail.subarray(ends[index - 1] ?? 0, end)),
			)
			assert.ok(made.equals(whole(mail)))
			const { structure } = scan(made)
			assert.equal(structure.encoding, '8bit')
			const [plain, image, forwarded, last] = structure.parts!
			assert.equal(bodyOf(made, plain!).toString(), 'plain = text')
			const [within] = forwarded!.message!.parts!
			for (const [part, octets] of [
				[image!, first],
				[within!, second],
				[last!, third],
			] as const) {
				assert.equal(part.encoding, 'base64')
				assert.ok(bodyOf(made, part).equals(octets))
			}
			assert.doesNotMatch(made.toString('latin1'), /[^\r]\n|\r[^\n]|[^\r\n]{1000}|[^\r\n\x20-\x7e]/)
			assert.match(made.toString('latin1'), /\r\nX-After: yes\r\n/)
		}),
		{ numRuns: 300 },
	)
})

test('a message of one binary part, of any size, with and without an end of line', () => {
	for (const octets of ['', 'x', 'x\r\n', '\0\n\r', 'y'.repeat(200_000), `${'z'.repeat(70_000)}\r\n\r`]) {
		const made = whole(bytes('Content-Transfer-Encoding: binary\r\nSubject: x\r\n\r\n'), bytes(octets))
		const { structure } = scan(made)
		assert.equal(structure.encoding, 'base64')
		assert.ok(bodyOf(made, structure).equals(bytes(octets)), JSON.stringify(octets.slice(0, 10)))
	}
})

test('what is not binary stays octet for octet, a header without an end too', () => {
	for (const text of [
		'Subject: x\r\n\r\nbody\nbare\r\n',
		'Content-Transfer-Encoding: binary\r\n',
		'Content-Type: multipart/mixed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n--\r\n--a\r\n',
		`X: ${'x'.repeat(300_000)}\r\n\r\nbody`,
	]) {
		assert.equal(whole(bytes(text)).toString('latin1'), text)
	}
})

test('a part of a digest is a message, unless it says otherwise', () => {
	const made = whole(
		bytes(
			'Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\r\n--b--\r\n',
		),
	)
	const [message] = scan(made).structure.parts!
	assert.deepEqual([message!.type, message!.encoding], ['message', '8bit'])
	assert.ok(bodyOf(made, message!.message!).equals(bytes('\0')))
})
