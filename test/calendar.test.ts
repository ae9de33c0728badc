import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCalendar } from '../web/webmail/reading/calendar.ts'
import { originOf } from '../web/webmail/reading/origin.ts'

const calendar = (...lines: string[]) =>
	['BEGIN:VCALENDAR', 'METHOD:REQUEST', ...lines, 'END:VCALENDAR', ''].join('\r\n')
const event = (...lines: string[]) => calendar('BEGIN:VEVENT', 'UID:1', 'SUMMARY:s', ...lines, 'END:VEVENT')
const only = (text: string, place = 'Asia/Shanghai') => {
	const found = readCalendar(text, place)
	assert.equal(found.length, 1)
	return found[0]!
}
const at = (text: string) => ({ at: Date.parse(text) })

test('an invitation is unfolded and its escapes are read', () => {
	const meeting = only(
		event(
			'DTSTART:20261201T020000Z',
			'DURATION:PT1H30M',
			'LOCATION:Room 4\\, floor 2\\; left',
			'DESCRIPTION:first line\\nsec',
			' ond line\\\\end',
			'ORGANIZER;CN="Miller, Bob":mailto:bob@test.com',
			'ATTENDEE;CN=张伟;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:MAILTO:zhangwei@test.com',
			'ATTENDEE:mailto:lina@example.org',
			'ATTENDEE:urn:x:no-mail',
		),
	)
	assert.equal(meeting.location, 'Room 4, floor 2; left')
	assert.equal(meeting.description, 'first line\nsecond line\\end')
	assert.deepEqual(meeting.organizer, { name: 'Miller, Bob', email: 'bob@test.com' })
	assert.deepEqual(meeting.attendees, [
		{ name: '张伟', email: 'zhangwei@test.com', status: 'ACCEPTED' },
		{ name: null, email: 'lina@example.org', status: '' },
	])
	assert.deepEqual([meeting.start, meeting.end], [at('2026-12-01T02:00Z'), at('2026-12-01T03:30Z')])
})

test('times are those of their zone: one everybody knows, one that is described, or the reader’s', () => {
	const start = (line: string, place?: string) => only(event(line), place).start
	assert.deepEqual(start('DTSTART;TZID=Asia/Shanghai:20261201T100000'), at('2026-12-01T02:00Z'))
	assert.deepEqual(start('DTSTART;TZID=America/New_York:20260701T090000'), at('2026-07-01T13:00Z'))
	assert.deepEqual(start('DTSTART;TZID=America/New_York:20261201T090000'), at('2026-12-01T14:00Z'))
	assert.deepEqual(start('DTSTART:20261201T100000'), at('2026-12-01T02:00Z'))
	assert.deepEqual(start('DTSTART:20261201T100000', 'Europe/Berlin'), at('2026-12-01T09:00Z'))
	const described = (time: string) =>
		only(
			calendar(
				...['BEGIN:VTIMEZONE', 'TZID:Our Own Time', 'BEGIN:STANDARD', 'DTSTART:16010101T030000'],
				...[
					'TZOFFSETFROM:+0200',
					'TZOFFSETTO:+0100',
					'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
					'END:STANDARD',
				],
				...['BEGIN:DAYLIGHT', 'DTSTART:16010101T020000', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200'],
				...['RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3', 'END:DAYLIGHT', 'END:VTIMEZONE'],
				...['BEGIN:VEVENT', 'UID:1', `DTSTART;TZID="Our Own Time":${time}`, 'END:VEVENT'],
			),
		).start
	// The same as Europe/Berlin on either side of both changes of 2026 (29 March, 25 October), and early in the year.
	for (const time of [
		'20260115T090000',
		'20260328T120000',
		'20260330T120000',
		'20261024T120000',
		'20261026T120000',
	])
		assert.deepEqual(described(time), start(`DTSTART;TZID=Europe/Berlin:${time}`), time)
})

test('days have no zone, and their end is the day after the last', () => {
	const days = (end: string) => only(event('DTSTART;VALUE=DATE:20261001', `DTEND;VALUE=DATE:${end}`))
	assert.deepEqual(
		[days('20261008').start, days('20261008').end],
		[{ day: '2026-10-01' }, { day: '2026-10-07' }],
	)
	assert.equal(days('20261002').end, null)
})

test('rules are read as far as they are simple, and it is said when they are not', () => {
	const rule = (text: string) => only(event('DTSTART:20261201T020000Z', `RRULE:${text}`)).rule
	const plain = { interval: 1, days: [], count: null, until: null, more: false }
	assert.deepEqual(rule('FREQ=DAILY;COUNT=5'), { ...plain, frequency: 'DAILY', count: 5 })
	assert.deepEqual(rule('FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU'), {
		...plain,
		frequency: 'WEEKLY',
		interval: 2,
		days: [1, 0],
	})
	assert.deepEqual(rule('FREQ=MONTHLY;UNTIL=20270301T020000Z'), {
		...plain,
		frequency: 'MONTHLY',
		until: at('2027-03-01T02:00Z'),
	})
	assert.deepEqual(rule('FREQ=MONTHLY;BYDAY=2TU'), { ...plain, frequency: 'MONTHLY', more: true })
	assert.equal(rule('FREQ=SECONDLY'), null)
})

test('what is no invitation is none, and nothing breaks on it', () => {
	for (const text of [
		'',
		'hello',
		'BEGIN:VCALENDAR',
		calendar(),
		event('DTSTART:tomorrow'),
		event('DTSTART:99999999T999999'),
	])
		assert.deepEqual(readCalendar(text, 'UTC'), [], text)
	assert.equal(only(event('DTSTART;TZID=No/Such:20261201T100000')).start instanceof Object, true)
	assert.equal(only(event('DTSTART:20261201', 'STATUS:CANCELLED')).cancelled, true)
})

test('where a message came from is read from the top of its header, and nobody outside can write there', () => {
	const received = (protocol: string, by = 'by b.test.com (Panpipe)') => ({
		name: 'Received',
		value: ` from x ([192.0.2.1])\r\n\t${by} with ${protocol} id 1; now`,
	})
	const results = (value: string) => ({ name: 'Authentication-Results', value: ` b.test.com; ${value}` })
	assert.deepEqual(originOf([received('ESMTPSA')]), { is: 'inside' })
	assert.deepEqual(originOf([received('UTF8SMTPSA')]), { is: 'inside' })
	assert.deepEqual(originOf([received('LMTPS'), received('ESMTPA')]), { is: 'inside' })
	const outside = { is: 'outside', proved: null }
	assert.deepEqual(originOf([received('ESMTPS')]), outside)
	assert.deepEqual(originOf([received('ESMTP'), received('ESMTPSA')]), outside, 'what is below may be forged')
	assert.deepEqual(originOf([received('LMTPS'), received('SMTP'), received('ESMTPSA')]), outside)
	assert.deepEqual(originOf([received('ESMTP'), results('dmarc=pass')]), outside, 'so may results')
	assert.deepEqual(originOf([results('spf=pass; dmarc=pass header.from=x'), received('ESMTP')]), {
		is: 'outside',
		proved: true,
	})
	assert.deepEqual(originOf([results('dmarc=fail'), received('ESMTP')]), { is: 'outside', proved: false })
	assert.deepEqual(originOf([received('ESMTPSA', 'by mx.example.org (Other)')]), { is: 'unknown' })
	assert.deepEqual(originOf([]), { is: 'unknown' })
})
