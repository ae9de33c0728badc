import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { headerField, headerFields } from './fields.ts'

test('a field is found by its name in any case, unfolded', () => {
	const header = Buffer.from(
		'From x\r\nA: 1\r\nSubject : a\r\n\tb\r\n  c \r\nsubject: two\r\n\r\nX: body\r\n',
	)
	assert.equal(headerField(header, 'SUBJECT'), 'a\tb  c')
	assert.equal(headerField(header, 'a'), '1')
	assert.equal(headerField(header, 'x'), null)
	assert.equal(headerField(Buffer.from('a:'), 'a'), '')
})

test('fields know their octets, line ends included', () => {
	const header = Buffer.from('A: 张\r\nrubbish\r\nB: 2\n 3\nC:\r\n\r\n')
	const fields = headerFields(header)
	assert.deepEqual(
		fields.map(({ name, value, start, end }) => [name, value, header.toString('utf8', start, end)]),
		[
			['A', '张', 'A: 张\r\n'],
			['B', '2 3', 'B: 2\n 3\n'],
			['C', '', 'C:\r\n'],
		],
	)
})

test('the octets of the fields of any header follow one another', () => {
	const piece = fc.constantFrom('A', ':', ' ', '\r\n', '\n', '\r', 'b', '张', '\t')
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 40, size: 'max' }), pieces => {
			const header = Buffer.from(pieces.join(''))
			let at = 0
			for (const { name, start, end } of headerFields(header)) {
				assert.ok(at <= start && start < end && end <= header.length)
				assert.ok(
					header.toString('latin1', start, end).startsWith(Buffer.from(name, 'latin1').toString('latin1')),
				)
				assert.notEqual(headerField(header, name), null)
				at = end
			}
		}),
		{ numRuns: 1000 },
	)
})
