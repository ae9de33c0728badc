import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DataDecoder, DataEncoder, LineEnds } from './data.ts'

/** Bytes of which line ends, dots and letters are likely neighbours. */
const tricky = fc
	.array(fc.constantFrom('\r\n', '\r', '\n', '.', '..', 'a', 'b c', '\r\n.', '.\r\n', '\n.\r', '\0'), {
		maxLength: 30,
	})
	.map(parts => parts.join(''))
	.filter(text => text !== '')

/** The same bytes in chunks of one to seven octets. */
function cut(text: string, sizes: number[]): Buffer[] {
	const out: Buffer[] = []
	const bytes = Buffer.from(text, 'latin1')
	for (let at = 0, i = 0; at < bytes.length; i++) {
		const size = sizes[i % sizes.length]!
		out.push(bytes.subarray(at, at + size))
		at += size
	}
	return out
}
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 })

function decode(chunks: Buffer[]): { text: string; done: boolean; rest: string } {
	const decoder = new DataDecoder()
	let text = ''
	let rest = ''
	for (const chunk of chunks) {
		if (decoder.done) {
			rest += chunk.toString('latin1')
			continue
		}
		text += decoder.decode(chunk).toString('latin1')
		if (decoder.done) rest += chunk.subarray(decoder.used).toString('latin1')
	}
	return { text, done: decoder.done, rest }
}

const normal = (text: string) => text.replace(/\r\n|\r|\n/g, '\r\n')

test('whatever is encoded comes out of the decoder, line ends made CRLF, however it is cut', () => {
	fc.assert(
		fc.property(tricky, sizes, sizes, (text, some, others) => {
			const encoder = new DataEncoder()
			let wire = ''
			for (const chunk of cut(text, some)) wire += encoder.write(chunk).toString('latin1')
			wire += encoder.end().toString('latin1')
			const { text: back, done, rest } = decode(cut(`${wire}QUIT\r\n`, others))
			const expected = normal(text)
			assert.equal(back, expected.endsWith('\r\n') ? expected : `${expected}\r\n`)
			assert.equal(done, true)
			assert.equal(rest, 'QUIT\r\n')
		}),
		{ numRuns: 2000 },
	)
})

test('the decoder gives the same for one chunk and for many, and only lines ended by CRLF', () => {
	fc.assert(
		fc.property(tricky, sizes, (text, some) => {
			const whole = decode([Buffer.from(text, 'latin1')])
			const inPieces = decode(cut(text, some))
			assert.equal(inPieces.done, whole.done)
			assert.equal(inPieces.rest, whole.rest)
			if (whole.done) assert.equal(inPieces.text, whole.text)
			assert.doesNotMatch(whole.text, /[^\r]\n|^\n|\r(?!\n)/)
		}),
		{ numRuns: 2000 },
	)
})

test('a message ends exactly at the first CRLF.CRLF, or at a .CRLF that comes first', () => {
	fc.assert(
		fc.property(tricky, text => {
			const { done, rest } = decode([Buffer.from(text, 'latin1')])
			const end = `\r\n${text}`.indexOf('\r\n.\r\n')
			assert.equal(done, end >= 0)
			if (end >= 0) assert.equal(rest, text.slice(end + 3))
		}),
		{ numRuns: 2000 },
	)
})

for (const end of [
	'\n.\n',
	'\n.\r\n',
	'\r\n.\n',
	'\r.\r',
	'\r.\r\n',
	'\r\n.\r',
	'\r\n.\r\r\n',
	'\n\r.\r\n',
]) {
	test(`${JSON.stringify(end)} does not end a message`, () => {
		const smuggled = `a${end}MAIL FROM:<mallory@example.net>\r\n`
		assert.equal(decode([Buffer.from(smuggled)]).done, false)
		assert.equal(decode(cut(smuggled, [1])).done, false)
	})
}

test('after a bare LF two dots become one and one stays, however it is cut', () => {
	for (const size of [1, 2, 3, 100]) {
		assert.equal(decode(cut('a\n..b\n.c\n.\n...\r\n.\r\n', [size])).text, 'a\r\n.b\r\n.c\r\n.\r\n..\r\n')
	}
})

test('.CRLF at the very beginning is an empty message', () => {
	assert.deepEqual(decode([Buffer.from('.\r\nQUIT\r\n')]), { text: '', done: true, rest: 'QUIT\r\n' })
})

test('a message in one clean chunk is not copied', () => {
	const chunk = Buffer.from('Subject: a\r\n\r\nb\r\n.\r\n')
	const out = new DataDecoder().decode(chunk)
	assert.equal(out.buffer, chunk.buffer)
	assert.equal(out.toString(), 'Subject: a\r\n\r\nb\r\n')
})

test('LineEnds makes bare CR and LF CRLF and ends the last line, however it is cut', () => {
	fc.assert(
		fc.property(tricky, sizes, (text, some) => {
			const ends = new LineEnds()
			let out = ''
			for (const chunk of cut(text, some)) out += ends.write(chunk).toString('latin1')
			out += ends.end().toString('latin1')
			const expected = normal(text)
			assert.equal(out, expected.endsWith('\r\n') ? expected : `${expected}\r\n`)
		}),
		{ numRuns: 2000 },
	)
})
