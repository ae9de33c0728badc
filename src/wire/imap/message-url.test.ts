import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseMessageUrl } from './message-url.ts'

const whole = { part: [], text: null, fields: [] }

test('a URL names the message, the section and the octets that RFC 5092 says it names', () => {
	const url = { mailbox: 'INBOX', uidValidity: null, uid: 20, section: whole, partial: null }
	assert.deepEqual(parseMessageUrl('/INBOX/;UID=20'), url)
	assert.deepEqual(parseMessageUrl('/INBOX;UIDVALIDITY=385759045/;UID=20/'), null)
	assert.deepEqual(parseMessageUrl('/INBOX;UIDVALIDITY=385759045/;uid=20'), {
		...url,
		uidValidity: 385759045,
	})
	assert.deepEqual(parseMessageUrl('/a/b%20c/;UID=20/;SECTION=1.2.MIME'), {
		...url,
		mailbox: 'a/b c',
		section: { part: [1, 2], text: 'MIME', fields: [] },
	})
	assert.deepEqual(parseMessageUrl('/%E5%BC%A0/;UID=20/;SECTION=HEADER.FIELDS%20(To)/;PARTIAL=3.4'), {
		...url,
		mailbox: '张',
		section: { part: [], text: 'HEADER.FIELDS', fields: ['To'] },
		partial: { offset: 3, length: 4 },
	})
	assert.deepEqual(parseMessageUrl(';UID=20/;PARTIAL=3'), {
		...url,
		mailbox: null,
		partial: { offset: 3, length: null },
	})
	for (const none of [
		'',
		'imap://a.test/INBOX/;UID=1',
		'//a.test/x',
		'/INBOX',
		'/%zz/;UID=1',
		'/a/;UID=1/;SECTION=]',
	])
		assert.equal(parseMessageUrl(none), null)
})

test('whatever a URL looks like, it is understood or it is none', () => {
	const piece = fc.constantFrom(
		'/',
		';UID=',
		'1',
		';SECTION=',
		'1.',
		'TEXT',
		'%',
		'%20',
		';PARTIAL=',
		'.',
		'é',
		'(',
	)
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
			parseMessageUrl(pieces.join(''))
		}),
	)
})
