import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SubmittedHeader } from './submission.ts'

const DATE = 'Date: today\r\n'
const ID = 'Message-ID: <id@here>\r\n'

function mended(message: string, sizes: number[] = [message.length]): string {
	const header = new SubmittedHeader('today', '<id@here>')
	const bytes = Buffer.from(message, 'latin1')
	let out = ''
	let at = 0
	for (const size of [...sizes, bytes.length]) {
		out += header.write(bytes.subarray(at, at + size)).toString('latin1')
		at += size
	}
	return out + header.end().toString('latin1')
}

const cases: [what: string, message: string, result: string][] = [
	[
		'what is missing is added at the end of the header',
		'To: b\r\n\r\nhi\r\n',
		`To: b\r\n${DATE}${ID}\r\nhi\r\n`,
	],
	['what is there stays alone', `${DATE}message-id : x\r\n\r\nhi\r\n`, `${DATE}message-id : x\r\n\r\nhi\r\n`],
	[
		'only Message-ID is missing',
		'DATE: x\r\nSubject: a\r\n\r\nDate: y\r\n',
		`DATE: x\r\nSubject: a\r\n${ID}\r\nDate: y\r\n`,
	],
	[
		'Bcc goes with its folds, wherever and however often it stands',
		`BCC: a,\r\n b,\r\n\tc\r\n${DATE}Bcc : d\r\nResent-Bcc: e\r\n${ID}bcc: f\r\n\r\nBcc: in the body\r\n`,
		`${DATE}${ID}\r\nBcc: in the body\r\n`,
	],
	['Sender stays', `Sender: x\r\n${DATE}${ID}\r\n`, `Sender: x\r\n${DATE}${ID}\r\n`],
	[
		'a name that only begins like it is no Bcc',
		`Bcc-Note: x\r\n${DATE}${ID}\r\n`,
		`Bcc-Note: x\r\n${DATE}${ID}\r\n`,
	],
	['an empty header gets the fields', '\r\nhi\r\n', `${DATE}${ID}\r\nhi\r\n`],
	['a message without a header gets one', 'hi\r\nyou: there\r\n', `${DATE}${ID}\r\nhi\r\nyou: there\r\n`],
	['a message that begins with a blank has no header', ' hi\r\n', `${DATE}${ID}\r\n hi\r\n`],
	['a message that is all header keeps it', 'To: b\r\n', `To: b\r\n${DATE}${ID}`],
	['an empty message has a header then', '', `${DATE}${ID}`],
	[
		'an mbox line on top is passed over',
		`From x\r\n${DATE}${ID}\r\nhi\r\n`,
		`From x\r\n${DATE}${ID}\r\nhi\r\n`,
	],
	[
		'rubbish in the header does not end it',
		`${DATE}rubbish\r\nBcc: x\r\n${ID}\r\nhi\r\n`,
		`${DATE}rubbish\r\n${ID}\r\nhi\r\n`,
	],
]
for (const [what, message, result] of cases) {
	test(what, () => assert.equal(mended(message), result))
}

test('how it is cut into pieces does not matter', () => {
	const line = fc.constantFrom(
		'Bcc: a,\r\n',
		' folded\r\n',
		'\tfolded\r\n',
		'To: b\r\n',
		DATE,
		ID,
		'\r\n',
		'rubbish\r\n',
		'From x\r\n',
		`X: ${'long '.repeat(20_000)}\r\n`,
		`Bcc: ${'long '.repeat(20_000)}\r\n`,
		'\xff: y\r\n',
		': z\r\n',
	)
	fc.assert(
		fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(40), { maxLength: 30 }), (lines, sizes) => {
			assert.equal(mended(lines.join(''), sizes), mended(lines.join('')))
		}),
		{ numRuns: 500 },
	)
})

test('the body is the same octet for octet, and the header has one Date and one Message-ID and no Bcc', () => {
	const field = fc.constantFrom(
		'Bcc: a\r\n',
		'bcc:\r\n b\r\n',
		'To: b\r\n c\r\n',
		'X-Date: 1\r\n',
		'Subject: s\r\n',
	)
	fc.assert(
		fc.property(fc.array(field, { minLength: 1 }), fc.string({ unit: 'binary' }), (fields, body) => {
			const text = Buffer.from(body).toString('latin1')
			const out = mended(`${fields.join('')}\r\n${text}`)
			const end = out.indexOf('\r\n\r\n')
			assert.equal(out.slice(end + 4), text)
			const head = `\r\n${out.slice(0, end)}`
			assert.equal(head.split('\r\nDate: ').length, 2)
			assert.equal(head.split('\r\nMessage-ID: ').length, 2)
			assert.doesNotMatch(head, /\r\nbcc/i)
			assert.equal(head.split('Subject').length, fields.join('').split('Subject').length)
		}),
	)
})
