import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeTransfer } from './transfer.ts'

function decode(encoding: string, text: string): string {
	return decodeTransfer(Buffer.from(text, 'latin1'), encoding).toString('latin1')
}

test('base64 is decoded with line ends, rubbish and pieces padded on their own', () => {
	assert.equal(decode('base64', 'aGVs\r\nbG8='), 'hello')
	assert.equal(decode('BASE64', 'aGVsbG8'), 'hello')
	assert.equal(decode('base64', 'aGV!s*bG8='), 'hello')
	assert.equal(decode('base64', 'YQ==\r\nYg==\r\n'), 'ab')
	assert.equal(decode('base64', 'YQ=\r\n=aGVs*bG8\r\n=_w=='), 'ahello\xff')
	assert.equal(decode('base64', ''), '')
})

test('quoted-printable is decoded, leniently', () => {
	assert.equal(decode('quoted-printable', 'a=3Db=3d'), 'a=b=')
	assert.equal(decode('quoted-printable', 'soft=\r\n break= \t\r\nhere=\nand='), 'soft breakhereand')
	assert.equal(decode('quoted-printable', 'trailing \t\r\nkept=20\r\n'), 'trailing\r\nkept \r\n')
	assert.equal(decode('quoted-printable', 'bad =XY = =4'), 'bad =XY = =4')
})

test('other encodings change nothing', () => {
	for (const encoding of ['7bit', '8bit', 'binary', 'x-unknown'])
		assert.equal(decode(encoding, 'a=3D\xff'), 'a=3D\xff')
})

test('what was encoded is decoded to the same octets', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), octets => {
			const bytes = Buffer.from(octets)
			const lines = bytes.toString('base64').replace(/.{20}/g, '$&\r\n')
			assert.deepEqual(decodeTransfer(Buffer.from(lines), 'base64'), bytes)
			const pieces = [bytes.subarray(0, 7), bytes.subarray(7)].map(piece => piece.toString('base64'))
			assert.deepEqual(decodeTransfer(Buffer.from(pieces.join('\r\n')), 'base64'), bytes)
			const quoted = bytes.toString('hex').replace(/../g, '=$&').replace(/.{30}/g, '$&=\r\n')
			assert.deepEqual(decodeTransfer(Buffer.from(quoted), 'quoted-printable'), bytes)
		}),
	)
})

test('nothing makes the decoders throw or grow their input', () => {
	const piece = fc.constantFrom('=', '\r', '\n', ' ', '\t', 'A', '3', 'D', 'xyz', '\xff')
	fc.assert(
		fc.property(
			fc.array(piece, { maxLength: 60, size: 'max' }),
			fc.constantFrom('base64', 'quoted-printable'),
			(pieces, encoding) => {
				const text = pieces.join('')
				assert.ok(decode(encoding, text).length <= text.length)
			},
		),
	)
})
