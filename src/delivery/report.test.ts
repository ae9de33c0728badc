import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reply } from '../wire/index.ts'
import { deliveryReport, type Subject } from './report.ts'

const about: Subject = {
	reversePath: 'alice@test.com',
	envelopeId: null,
	ret: null,
	recipient: 'bob@example.org',
	originalRecipient: null,
	notify: null,
	arrived: 0,
	size: 40,
	requireTls: false,
	deliverBy: null,
	byMode: null,
	release: null,
}
const original = Buffer.from('Subject: hello\r\n\r\nthe text of the letter\r\n')
const report = (more: Partial<Subject>, ...lines: string[]) =>
	deliveryReport(
		{ ...about, ...more },
		{ is: 'failed', reply: reply(550, '5.1.1', ...lines), expired: false, peer: '' },
		original,
		{ hostname: 'mail.test.com', now: 0, id: 'report' },
	).toString()
const part = (text: string, number: number) => text.split('\r\n--=_report')[number]!

test('what the other server said cannot break a line of the report, nor make it too long', () => {
	const text = report({}, 'no\rsuch\x00 用户', ...Array.from({ length: 50 }, () => 'x'.repeat(200)))
	assert.ok(text.split('\r\n').every(line => Buffer.byteLength(line) <= 998))
	assert.doesNotMatch(text, /[^\r\n\t -~\u0080-\uffff]|\r(?!\n)|(?<!\r)\n/)
	assert.match(part(text, 1), /550 5\.1\.1 no such +用户 xxx/)
})

test('the delivery status is ASCII unless the addresses are not', () => {
	const plain = part(report({}, '没有'), 2)
	assert.match(plain, /Content-Type: message\/delivery-status\r\n/)
	assert.match(plain, /\r\nDiagnostic-Code: smtp; 550 5\.1\.1 \?\?\r\n/)
	const wide = part(report({ recipient: '张伟@example.org' }, '没有'), 2)
	assert.match(wide, /Content-Type: message\/global-delivery-status\r\n/)
	assert.match(
		wide,
		/\r\nFinal-Recipient: utf-8; 张伟@example\.org\r\n[\s\S]*\r\nDiagnostic-Code: smtp; 550 5\.1\.1 没有\r\n/,
	)
})

test('ENVID and ORCPT come back as they were meant, without xtext and without lines of their own', () => {
	const text = report(
		{ envelopeId: 'a+3Db+0D+0AX-Evil:+20yes', originalRecipient: 'rfc822;Bob+2Bwork@example.org' },
		'no',
	)
	assert.match(text, /\r\nOriginal-Envelope-Id: a=b X-Evil: yes\r\n/)
	assert.match(text, /\r\nOriginal-Recipient: rfc822; Bob\+work@example\.org\r\n/)
})

test('the whole message goes back only when it was asked for and is at hand', () => {
	assert.match(
		part(report({ ret: 'FULL', size: original.length }, 'no'), 3),
		/message\/rfc822\r\n[\s\S]*the text/,
	)
	for (const more of [
		{ ret: 'FULL', size: 1_000_000 },
		{ ret: 'FULL', size: original.length, requireTls: true },
		{ ret: 'HDRS' },
		{ ret: null },
	] as const) {
		const last = part(report(more, 'no'), 3)
		assert.match(last, /text\/rfc822-headers\r\n\r\nSubject: hello\r\n$/)
	}
})
