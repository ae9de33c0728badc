import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
	formatAgo,
	formatDay,
	formatDuration,
	formatHour,
	formatNumber,
	formatPercent,
	formatSize,
	formatTime,
} from '../web/shared/format.ts'

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

test('numbers and shares', () => {
	assert.equal(formatNumber(100_000, 'zh-CN'), '100,000')
	assert.equal(formatPercent(0.256, 'en'), '25.6%')
})
