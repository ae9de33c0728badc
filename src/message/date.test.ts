import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDate, parseDate } from './date.ts'

test('dates are read with comments, old zones, short years and missing pieces', () => {
	const noon = Date.UTC(2025, 6, 1, 12, 0, 0)
	for (const text of [
		'Tue, 01 Jul 2025 12:00:00 +0000',
		'Tue, 1 Jul 2025 20:00:00 +0800',
		'1 Jul 2025 12:00 GMT',
		'1 Jul 25 12:00 UT',
		'Tue, 1 Jul 2025 07:00:00 CDT',
		'Tue, 1 Jul 2025 05:00:00 PDT (Pacific (summer) Time)',
		'Tue (a) , 1 Jul (b) 2025 12 : 00 : 00 -0000',
		'Tue, 01 July 2025 12:00:00 GMT',
		'Tue 01 Jul 2025 20:00:00 GMT+0800',
		'Tue, 01 Jul 2025 20:00:00 +08:00',
		'Tue, 01 Jul 2025 12:00:00 Z',
		'Tue, 01 Jul 2025 12:00:00',
		'tue, 01 jul 2025 12:00:00 +0000',
	]) {
		assert.equal(parseDate(text), noon, text)
	}
	assert.equal(parseDate('1 Jan 70 00:00 GMT'), 0)
	assert.equal(parseDate('1 Jan 125 00:00 GMT'), Date.UTC(2025, 0, 1))
})

test('what is no date is null', () => {
	for (const text of [
		'',
		'yesterday',
		'31 Feb 2025 00:00 GMT',
		'1 Foo 2025 00:00 GMT',
		'1 Jan 2025 24:00 GMT',
		'1 Jan 2025',
	]) {
		assert.equal(parseDate(text), null, text)
	}
})

test('a date that was written is read as the same second', () => {
	assert.equal(formatDate(Date.UTC(2025, 6, 1, 10, 52, 37)), 'Tue, 01 Jul 2025 10:52:37 +0000')
	assert.equal(formatDate(Date.UTC(2025, 6, 1, 10, 52, 37), 480), 'Tue, 01 Jul 2025 18:52:37 +0800')
	assert.equal(formatDate(Date.UTC(2025, 6, 1, 10, 52, 37), -210), 'Tue, 01 Jul 2025 07:22:37 -0330')
	fc.assert(
		fc.property(
			fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }),
			fc.integer({ min: -840, max: 840 }),
			(second, offset) => {
				assert.equal(parseDate(formatDate(second * 1000, offset)), second * 1000)
			},
		),
	)
})

test('nothing makes the reader throw', () => {
	fc.assert(fc.property(fc.string({ maxLength: 60 }), text => void parseDate(text)))
})
