import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
	formatAgo,
	formatDay,
	formatDuration,
	formatHour,
	formatNumber,
	formatPercent,
	formatSize,
	formatTime,
	formatWeekdayTime,
} from '../web/shared/format.ts'
import { clockIn, momentIn } from '../web/shared/zone.ts'
import { around, pieces } from '../web/webmail/snippet.ts'
import { textOf } from '../web/webmail/text-of.ts'
import { momentsFor } from '../web/webmail/writing/moments.ts'
import { held, released } from '../web/webmail/writing/styles.ts'

test('sizes have one unit, three figures and the grouping of the language', () => {
	const sizes = [0, 1, 1023, 1024, 1536, 102_400, 1_048_575, 5_368_709_120]
	assert.deepEqual(
		sizes.map(size => formatSize(size, 'en')),
		['0 B', '1 B', '1,023 B', '1 KB', '1.5 KB', '100 KB', '1 MB', '5 GB'],
	)
	assert.equal(formatSize(2 ** 60, 'zh-CN'), '1,024 PB')
})

test('an age is one unit, in the plural of the language', () => {
	const lengths = [0.4, 12, 999, 1000, 59_000, 59_900, 60_000, 420_000, 3_600_000, 172_800_000]
	assert.deepEqual(
		lengths.map(ms => formatDuration(ms, 'en')),
		[
			'0.4 ms',
			'12 ms',
			'999 ms',
			'1 second',
			'59 seconds',
			'1 minute',
			'1 minute',
			'7 minutes',
			'1 hour',
			'2 days',
		],
	)
	assert.deepEqual([formatDuration(420_000, 'zh-CN'), formatDuration(12, 'zh-CN')], ['7分钟', '12毫秒'])
})

test('what was is told from now', () => {
	const now = Date.UTC(2026, 0, 15, 12)
	const words = (ms: number, language: string) => formatAgo(now - ms, now, language)
	assert.deepEqual(
		[words(0, 'en'), words(180_000, 'en'), words(86_400_000, 'en'), words(-7_200_000, 'en')],
		['now', '3 minutes ago', 'yesterday', 'in 2 hours'],
	)
	assert.deepEqual([words(180_000, 'zh-CN'), words(86_400_000, 'zh-CN')], ['3分钟前', '昨天'])
})

test('a moment cannot be read in two ways', () => {
	const at = new Date(2026, 6, 8, 9, 5, 7).getTime()
	assert.equal(formatTime(at, 'en'), 'Jul 8, 2026, 09:05')
	assert.equal(formatTime(at, 'en', true), 'Jul 8, 2026, 09:05:07')
	assert.equal(formatTime(at, 'zh-CN'), '2026/07/08 09:05')
	assert.deepEqual(
		[formatHour(at, 'en'), formatDay(at, 'en'), formatDay(at, 'zh-CN')],
		['09:05', 'Jul 8', '7月8日'],
	)
})

test('a moment that is near names the day of the week, by the clock of the reader', () => {
	const at = Date.UTC(2026, 6, 8, 1, 5)
	assert.equal(formatWeekdayTime(at, 'en', 'Asia/Shanghai'), 'Wed, Jul 8, 09:05')
	assert.equal(formatWeekdayTime(at, 'zh-CN', 'America/New_York'), '7月7日周二 21:05')
})

test('the clocks of a zone tell moments, on both sides of their change', () => {
	for (const at of [Date.UTC(2026, 2, 8, 6, 59), Date.UTC(2026, 2, 8, 7, 1), Date.UTC(2026, 10, 1, 12)]) {
		assert.equal(momentIn('America/New_York', clockIn('America/New_York', at)), at)
	}
})

test('what goes out later goes at times people like, all of them to come', () => {
	const zone = 'Asia/Shanghai'
	const offered = (day: number, hour: number) =>
		momentsFor(Date.UTC(2026, 10, day, hour) - 8 * 3_600_000, zone).map(
			({ name, at }) => `${name} ${new Date(clockIn(zone, at)).toISOString().slice(8, 16)}`,
		)
	assert.deepEqual(offered(26, 10), [
		'evening 26T18:00',
		'morning 27T08:00',
		'afternoon 27T14:00',
		'monday 30T08:00',
	])
	assert.deepEqual(offered(26, 19)[0], 'morning 27T08:00', 'the evening is over')
	assert.deepEqual(offered(29, 10), ['evening 29T18:00', 'morning 30T08:00', 'afternoon 30T14:00'])
	assert.equal(offered(30, 10).at(-1), 'monday 07T08:00', 'not the Monday it is')
})

test('numbers and shares', () => {
	assert.equal(formatNumber(100_000, 'zh-CN'), '100,000')
	assert.equal(formatPercent(0.256, 'en'), '25.6%')
})

test('what was found is read out of its HTML, whatever way its characters are escaped', () => {
	const found = [
		{ text: 'R&D ', hit: false },
		{ text: '报价', hit: true },
		{ text: ' "Q4" \'<新>', hit: false },
	]
	for (const snippet of [
		'R&amp;D <mark>报价</mark> "Q4" \'&lt;新&gt;',
		'R&#38;D <mark>报价</mark> &#34;Q4&#34; &#39;&#60;新&#62;',
		'R&#x26;D <mark>&#25253;&#20215;</mark> &quot;Q4&#X22; &apos;&#x3C;&#x65b0;&GT;',
	])
		assert.deepEqual(pieces(snippet), found, snippet)
	// Once, and nothing that is none.
	assert.deepEqual(pieces('&amp;lt; &#38;#60; &#1114112; &#xd800; &nbsp; &'), [
		{ text: '&lt; &#60; &#1114112; \ufffd &nbsp; &', hit: false },
	])
	assert.deepEqual(around('words before &amp; more of them <mark>here</mark>')[0], {
		text: '…of them ',
		hit: false,
	})
})

test('styles go by another name in a tree, and by their own again out of it; what only looks like one stays', () => {
	for (const [html, inTree] of [
		['<p style="a" STYLE=b>', '<p data-style="a" data-style=b>'],
		["<p title='style=1' class=x\n/style = 'y>'>", "<p title='style=1' class=x\n/data-style = 'y>'>"],
		['a <b style', 'a <b data-style'],
	] as const) {
		assert.equal(held(html), inTree)
		assert.equal(released(inTree), html.replace('STYLE', 'style'))
	}
	for (const html of [
		'a < b style="x"> style="y"',
		'<!-- <p style="x"> --><p>',
		'<style>p > a { } <p style="x"></style>',
		'<title><p style=1></TITLE><p stylex="1" data="style">',
		'<p title="never closed style=x> <p style="y',
		'<!-- <p style=x>',
	])
		assert.equal(held(html), html)
	const piece = fc.constantFrom(
		'<p',
		'<!--',
		'-->',
		'<style',
		'</style',
		' style',
		'=',
		'"',
		"'",
		'>',
		'/',
		' ',
		'x',
	)
	fc.assert(
		fc.property(fc.array(piece), pieces => {
			const html = pieces.join('')
			assert.equal(released(held(html)), html)
		}),
	)
	// Whoever wrote it, it is walked through once.
	for (const many of ['<a', '<a "', '<a \'"', '<!--', '<style>', '<p style=', '<p / / ', '= '])
		assert.ok(held(many.repeat(200_000)).length > 0)
})

test('a file is read in its charset, whether it names it or not', () => {
	const octets = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex')).buffer
	const utf8 = octets(Buffer.from('姓名 é').toString('hex'))
	const gb = octets('d0d5c3fb')
	for (const charset of [null, 'us-ascii', 'utf-8', 'no-such-charset']) {
		assert.equal(textOf(utf8, charset), '姓名 é', `UTF-8 as ${charset}`)
	}
	for (const charset of [null, 'US-ASCII', 'gb2312', 'no-such-charset']) {
		assert.equal(textOf(gb, charset), '姓名', `GB as ${charset}`)
	}
	assert.equal(textOf(octets('fffed359'), 'us-ascii'), '姓', 'UTF-16 says so itself')
	assert.equal(textOf(octets('e9'), 'iso-8859-1'), 'é')
	assert.equal(textOf(octets('')), '')
})
