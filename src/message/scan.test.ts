import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Scanner, scan } from './scan.ts'
import type { Part, Scanned } from './types.ts'

function message(...lines: string[]): Buffer {
	return Buffer.from(lines.join('\r\n'))
}

function inPieces(bytes: Buffer, sizes: number[]): Scanned {
	const scanner = new Scanner()
	let at = 0
	for (const size of sizes) {
		// The scanner may not keep what it was given: hand it a copy and spoil that.
		const piece = Buffer.from(bytes.subarray(at, at + size))
		scanner.push(piece)
		piece.fill(0)
		at += size
	}
	scanner.push(bytes.subarray(at))
	return scanner.end()
}

function bodyOf(bytes: Buffer, part: Part): string {
	return bytes.toString('utf8', part.body, part.end)
}

/** What holds for every structure, whatever the message was. */
function checkPart(part: Part, from: number, to: number): void {
	assert.ok(from <= part.start && part.start <= part.body && part.body <= part.end && part.end <= to)
	assert.ok(part.lines >= 0 && part.lines <= part.end - part.body)
	assert.equal(part.type === 'multipart', part.parts !== undefined)
	assert.equal(part.envelope !== undefined, part.message !== undefined)
	assert.equal(
		part.type === 'message' && ['rfc822', 'global'].includes(part.subtype),
		part.message !== undefined,
	)
	let at = part.body
	for (const child of part.parts ?? []) {
		checkPart(child, at, part.end)
		at = child.end
	}
	if (part.message) {
		checkPart(part.message, part.body, part.end)
		assert.equal(part.message.start, part.body)
		assert.equal(part.message.end, part.end)
	}
}

function check(scanned: Scanned, bytes: Buffer): void {
	assert.equal(scanned.size, bytes.length)
	assert.equal(scanned.structure.start, 0)
	assert.equal(scanned.structure.end, bytes.length)
	assert.ok(scanned.preview.length <= 200)
	checkPart(scanned.structure, 0, bytes.length)
}

test('a simple message has its envelope, its body and its lines', () => {
	const bytes = message(
		'Received: from a by b; Tue, 01 Jul 2025 10:52:37 +0000',
		'Received: from c',
		'\tby a; Tue, 01 Jul 2025 10:52:36 +0000',
		'Date: Tue, 01 Jul 2025 18:52:37 +0800',
		'From: =?utf-8?B?5byg5Lyf?= <zhangwei@example.com>',
		'To: Bob <bob@example.org>',
		'To: Carol <carol@example.org>',
		'Subject: a long',
		' subject',
		'Message-ID: <1@example.com>',
		'In-Reply-To: <0@example.com>',
		'References: <x@example.com>',
		' <0@example.com>',
		'',
		'Hello,',
		'',
		'bye',
	)
	const scanned = scan(bytes)
	check(scanned, bytes)
	assert.deepEqual(scanned.envelope, {
		date: 'Tue, 01 Jul 2025 18:52:37 +0800',
		sent: Date.UTC(2025, 6, 1, 10, 52, 37),
		subject: 'a long subject',
		from: [{ name: '张伟', mailbox: 'zhangwei', host: 'example.com' }],
		sender: null,
		replyTo: null,
		to: [
			{ name: 'Bob', mailbox: 'bob', host: 'example.org' },
			{ name: 'Carol', mailbox: 'carol', host: 'example.org' },
		],
		cc: null,
		bcc: null,
		inReplyTo: '<0@example.com>',
		messageId: '<1@example.com>',
		references: ['<x@example.com>', '<0@example.com>'],
	})
	assert.equal(scanned.received, 2)
	assert.equal(scanned.preview, 'Hello, bye')
	assert.equal(scanned.hasAttachment, false)
	assert.equal(scanned.structure.lines, 3)
	assert.equal(bodyOf(bytes, scanned.structure), 'Hello,\r\n\r\nbye')
})

test('the parts of a nested multipart are cut at their delimiters, the line end before one belonging to it', () => {
	const bytes = message(
		'Content-Type: multipart/mixed; boundary="outer"',
		'',
		'preamble',
		'--outer',
		'Content-Type: multipart/alternative; boundary=inner',
		'',
		'--inner  ',
		'',
		'one',
		'two',
		'--inner\t',
		'Content-Type: text/html',
		'',
		'<p>one',
		'',
		'--inner--',
		'epilogue',
		'--outer',
		'Content-Type: application/pdf; name="a.pdf"',
		'Content-Transfer-Encoding: BASE64',
		'Content-Disposition: Attachment; filename="a.pdf"',
		'Content-ID: <c@example.com>',
		'Content-Language: zh-CN, en',
		'',
		'AAAA',
		'--outer--',
		'',
	)
	const scanned = scan(bytes)
	check(scanned, bytes)
	const [alternative, pdf] = scanned.structure.parts!
	const [plain, html] = alternative!.parts!
	assert.equal(bodyOf(bytes, plain!), 'one\r\ntwo')
	assert.equal(plain!.lines, 2)
	assert.equal(plain!.start + 2, plain!.body)
	assert.equal(bodyOf(bytes, html!), '<p>one\r\n')
	assert.equal(html!.lines, 1)
	assert.equal(bytes.toString('latin1', html!.start, html!.body), 'Content-Type: text/html\r\n\r\n')
	assert.ok(bodyOf(bytes, alternative!).endsWith('--inner--\r\nepilogue'))
	assert.equal(bodyOf(bytes, pdf!), 'AAAA')
	assert.equal(pdf!.encoding, 'base64')
	assert.equal(pdf!.disposition, 'attachment')
	assert.deepEqual(pdf!.dispositionParams, { filename: 'a.pdf' })
	assert.equal(pdf!.id, '<c@example.com>')
	assert.deepEqual(pdf!.language, ['zh-CN', 'en'])
	assert.equal(scanned.hasAttachment, true)
	assert.equal(scanned.preview, 'one two')
})

test('the delimiter of an outer multipart ends an inner one that was never closed', () => {
	const bytes = message(
		'Content-Type: multipart/mixed; boundary=a',
		'',
		'--a',
		'Content-Type: multipart/mixed; boundary=ab',
		'',
		'--ab',
		'',
		'inner',
		'--a',
		'',
		'outer',
		'--a--',
	)
	const scanned = scan(bytes)
	check(scanned, bytes)
	const [inner, outer] = scanned.structure.parts!
	assert.equal(bodyOf(bytes, inner!.parts![0]!), 'inner')
	assert.equal(bodyOf(bytes, outer!), 'outer')
})

test('an inner multipart with the boundary of the outer one has it until it is closed', () => {
	const inner = ['Content-Type: multipart/mixed; boundary=a', '', '--a', '', 'inner', '--a--']
	const bytes = message(
		'Content-Type: multipart/mixed; boundary=a',
		'',
		'--a',
		...inner,
		'--a',
		'',
		'outer',
		'--a--',
	)
	const scanned = scan(bytes)
	check(scanned, bytes)
	const [first, second] = scanned.structure.parts!
	assert.equal(bodyOf(bytes, first!.parts![0]!), 'inner')
	assert.equal(bodyOf(bytes, second!), 'outer')
})

test('a multipart whose last delimiter is missing ends with the message', () => {
	const bytes = message('Content-Type: multipart/mixed; boundary=a', '', '--a', '', 'text', '')
	const scanned = scan(bytes)
	check(scanned, bytes)
	assert.equal(bodyOf(bytes, scanned.structure.parts![0]!), 'text\r\n')
	assert.equal(scanned.structure.parts![0]!.lines, 1)
})

test('a message within a message has an envelope and a structure of its own', () => {
	const bytes = message(
		'Content-Type: multipart/mixed; boundary=a',
		'',
		'--a',
		'Content-Type: message/rfc822',
		'',
		'Subject: inner',
		'Content-Type: multipart/alternative; boundary=b',
		'',
		'--b',
		'',
		'deep',
		'--b--',
		'--a--',
		'',
	)
	const scanned = scan(bytes)
	check(scanned, bytes)
	const [part] = scanned.structure.parts!
	assert.equal(part!.envelope!.subject, 'inner')
	assert.equal(part!.lines, 7)
	assert.equal(bodyOf(bytes, part!.message!.parts![0]!), 'deep')
	assert.equal(scanned.envelope.subject, null)
	assert.equal(scanned.preview, 'deep')
})

test('the parts of a digest are messages unless they say otherwise', () => {
	const bytes = message(
		'Content-Type: multipart/digest; boundary=a',
		'',
		'--a',
		'',
		'Subject: first',
		'',
		'text',
		'--a',
		'Content-Type: text/plain',
		'',
		'plain',
		'--a--',
	)
	const scanned = scan(bytes)
	check(scanned, bytes)
	const [first, second] = scanned.structure.parts!
	assert.equal(first!.envelope!.subject, 'first')
	assert.equal(bodyOf(bytes, first!.message!), 'text')
	assert.equal(second!.type, 'text')
})

test('a multipart without a usable boundary is shown as text', () => {
	for (const type of ['multipart/mixed', 'multipart/mixed; boundary=""', 'multipart/mixed; boundary=wrong']) {
		const bytes = message(`Content-Type: ${type}`, '', '--right', '', 'text', '--right--', '')
		const scanned = scan(bytes)
		check(scanned, bytes)
		assert.equal(`${scanned.structure.type}/${scanned.structure.subtype}`, 'text/plain')
	}
})

test('a message in base64 is not announced as a message', () => {
	const bytes = message('Content-Type: message/rfc822', 'Content-Transfer-Encoding: base64', '', 'AAAA')
	const scanned = scan(bytes)
	check(scanned, bytes)
	assert.equal(scanned.structure.subtype, 'octet-stream')
})

test('a header without a blank line ends at the delimiter or with the message', () => {
	const cut = message('Content-Type: multipart/mixed; boundary=a', '', '--a', 'X: y', '--a--')
	const part = scan(cut).structure.parts![0]!
	assert.equal(cut.toString('latin1', part.start, part.body), 'X: y\r\n')
	assert.equal(part.end, part.body)
	const bare = message('Subject: all there is')
	const scanned = scan(bare)
	check(scanned, bare)
	assert.equal(scanned.envelope.subject, 'all there is')
	assert.equal(scanned.structure.body, bare.length)
})

test('bare LF ends lines too', () => {
	const bytes = Buffer.from('Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n\n--a\n\ntwo\n--a--\n')
	const scanned = scan(bytes)
	check(scanned, bytes)
	assert.deepEqual(
		scanned.structure.parts!.map(part => bodyOf(bytes, part)),
		['one\n', 'two'],
	)
	assert.deepEqual(
		scanned.structure.parts!.map(part => part.lines),
		[1, 1],
	)
})

test('nesting beyond the limit becomes text, and so do parts beyond theirs', () => {
	const deep = Buffer.from('Content-Type: message/rfc822\r\n\r\n'.repeat(500))
	const scanned = scan(deep)
	check(scanned, deep)
	let depth = 1
	for (let part = scanned.structure; part.message; part = part.message) depth++
	assert.equal(depth, 100)
	const wide = Buffer.from(
		`Content-Type: multipart/mixed; boundary=a\r\n\r\n${'--a\r\n\r\n\r\n'.repeat(20_000)}`,
	)
	const many = scan(wide)
	check(many, wide)
	assert.equal(many.structure.parts!.length, 9_999)
})

test('a header field of ten megabytes is counted, its excess not kept', () => {
	const bytes = Buffer.from(`Subject: ${'x'.repeat(10_000_000)}\r\nTo: bob@example.org\r\n\r\nbody`)
	const scanned = inPieces(bytes, new Array(200).fill(65_536))
	check(scanned, bytes)
	assert.equal(bodyOf(bytes, scanned.structure), 'body')
	assert.ok(scanned.envelope.subject!.length < 1_100_000)
	assert.deepEqual(scanned, scan(bytes))
})

test('raw 8-bit headers are read as UTF-8, otherwise as GB18030', () => {
	const utf8 = scan(Buffer.from('Subject: 会议\r\nFrom: 张伟 <张伟@例子.测试>\r\n\r\n'))
	assert.equal(utf8.envelope.subject, '会议')
	assert.deepEqual(utf8.envelope.from, [{ name: '张伟', mailbox: '张伟', host: '例子.测试' }])
	const gb = scan(
		Buffer.concat([Buffer.from('Subject: '), Buffer.from([0xbb, 0xe1, 0xd2, 0xe9]), Buffer.from('\r\n\r\n')]),
	)
	assert.equal(gb.envelope.subject, '会议')
	// The last octet of à is 0xA0: a no-break space to those who trim too early.
	assert.equal(scan(Buffer.from('Subject: voilà\r\n\r\n')).envelope.subject, 'voilà')
})

const line = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.constantFrom('--a', '--a--', '--b', '--b--', '--a--b', '--b ', '--', '', '', ' ', 'text'),
	},
	{
		weight: 3,
		arbitrary: fc.constantFrom(
			'Content-Type: multipart/mixed; boundary=a',
			'Content-Type: multipart/digest; boundary=b',
			'Content-Type: multipart/mixed; boundary="a--b"',
			'Content-Type: message/rfc822',
			'Content-Type: text/html; charset=gb2312',
			'Content-Transfer-Encoding: base64',
			'Content-Transfer-Encoding: quoted-printable',
			'Subject: =?utf-8?B?5byg?=',
			' folded',
		),
	},
	{ weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
	{ weight: 1, arbitrary: fc.integer({ min: 1000, max: 1100 }).map(length => '-'.repeat(length)) },
)
const ending = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r', '')
// fast-check's arrays are a handful long unless told otherwise, and then hardly ever hold a whole part.
const messages = fc
	.array(fc.tuple(line, ending), { maxLength: 60, size: 'max' })
	.chain(lines =>
		fc
			.constantFrom('', 'Content-Type: multipart/mixed; boundary=a\r\n\r\n')
			.map(head => Buffer.from(head + lines.map(([text, end]) => text + end).join(''))),
	)

test('a message in any pieces scans as it does at once, and every structure holds together', () => {
	fc.assert(
		fc.property(messages, fc.array(fc.integer({ min: 0, max: 200 })), (bytes, sizes) => {
			const scanned = scan(bytes)
			check(scanned, bytes)
			assert.deepEqual(inPieces(bytes, sizes), scanned)
			assert.deepEqual(inPieces(bytes, new Array(bytes.length).fill(1) as number[]), scanned)
		}),
		{ numRuns: 1000 },
	)
})

test('the lines of a part are its line ends, and one more when the last has none', () => {
	const count = (bytes: Buffer, part: Part): void => {
		const body = bytes.subarray(part.body, part.end)
		const ended = body.reduce((sum, octet) => sum + (octet === 10 ? 1 : 0), 0)
		assert.equal(part.lines, ended + (body.length > 0 && body.at(-1) !== 10 ? 1 : 0))
		for (const child of part.parts ?? []) count(bytes, child)
		if (part.message) count(bytes, part.message)
	}
	fc.assert(
		fc.property(messages, bytes => count(bytes, scan(bytes).structure)),
		{ numRuns: 1000 },
	)
})

test('no octets whatever make the scanner throw', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 500, size: 'max' }), bytes => {
			const buffer = Buffer.from(bytes)
			check(scan(buffer), buffer)
		}),
		{ numRuns: 500 },
	)
})

test('parts written one after the other are found again octet for octet', () => {
	const body = fc.string({ unit: fc.constantFrom('x', '-', ' ', '\r\n', '张', '--c'), maxLength: 30 })
	fc.assert(
		fc.property(fc.array(body, { minLength: 1, maxLength: 8 }), bodies => {
			const bytes = Buffer.from(
				`Content-Type: multipart/mixed; boundary=bound\r\n\r\n${bodies.map(text => `--bound\r\nX: y\r\n\r\n${text}\r\n`).join('')}--bound--\r\n`,
			)
			const parts = scan(bytes).structure.parts!
			assert.deepEqual(
				parts.map(part => bodyOf(bytes, part)),
				bodies,
			)
			for (const part of parts) {
				assert.equal(bytes.toString('latin1', part.start, part.body), 'X: y\r\n\r\n')
			}
		}),
	)
})
