/** How numbers, sizes, times are written in a language. Pure: the language and the present time are arguments. */

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

export function formatNumber(value: number, language: string): string {
	return new Intl.NumberFormat(language).format(value)
}

/** Octets; 1 KB is 1024 of them. Three figures at most are told before the point, one after it. */
export function formatSize(octets: number, language: string): string {
	let unit = 0
	let value = octets
	while (Math.abs(value) >= 1023.95 && unit < UNITS.length - 1) {
		value /= 1024
		unit++
	}
	const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : 1
	return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${UNITS[unit]}`
}

export function formatPercent(share: number, language: string): string {
	return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(share)
}

type Unit = 'millisecond' | 'second' | 'minute' | 'hour' | 'day'
const STEPS: [Unit, number][] = [
	['day', 86_400_000],
	['hour', 3_600_000],
	['minute', 60_000],
	['second', 1000],
	['millisecond', 1],
]

/** "7 minutes": one unit, rounded; what people want of an age. */
export function formatDuration(ms: number, language: string): string {
	const length = Math.abs(ms)
	// 59.6 s is a minute: a unit is used as soon as its rounded value is one.
	const [unit, size] = STEPS.find(([, one]) => length >= one * (one > 1000 ? 0.9917 : 1)) ?? STEPS[4]!
	const value = unit === 'millisecond' ? Math.round(length * 10) / 10 : Math.round(length / size)
	return new Intl.NumberFormat(language, {
		style: 'unit',
		unit,
		unitDisplay: unit === 'millisecond' ? 'short' : 'long',
		maximumFractionDigits: length < 10 ? 1 : 0,
	}).format(value)
}

/** "3 minutes ago", "yesterday". */
export function formatAgo(time: number, now: number, language: string): string {
	const gone = time - now
	const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
	for (const [unit, size] of STEPS.slice(0, 4)) {
		if (Math.abs(gone) >= size)
			return words.format(Math.round(gone / size), unit as Intl.RelativeTimeFormatUnit)
	}
	return words.format(0, 'second')
}

/**
 * A moment, in the time zone of the browser unless another is named; seconds only where they matter (audit, trace).
 * Where figures alone would be read in two ways (7/8: July or August?), the month has its name.
 */
export function formatTime(time: number | string, language: string, seconds = false, zone?: string): string {
	const figures = language.startsWith('zh')
	return new Intl.DateTimeFormat(language, {
		...(zone ? { timeZone: zone } : {}),
		year: 'numeric',
		month: figures ? '2-digit' : 'short',
		day: figures ? '2-digit' : 'numeric',
		hour: '2-digit',
		minute: '2-digit',
		...(seconds ? { second: '2-digit' as const } : {}),
		hourCycle: 'h23',
	}).format(new Date(time))
}

/** A moment within the year: the day of the week says more than the year. */
export function formatWeekdayTime(time: number | string, language: string, zone?: string): string {
	return new Intl.DateTimeFormat(language, {
		...(zone ? { timeZone: zone } : {}),
		month: 'short',
		day: 'numeric',
		weekday: 'short',
		hour: '2-digit',
		minute: '2-digit',
		hourCycle: 'h23',
	}).format(new Date(time))
}

/** The hour of a day, and the day of a year: what stands under a chart. */
export function formatHour(time: number | string, language: string, zone?: string): string {
	return new Intl.DateTimeFormat(language, {
		...(zone ? { timeZone: zone } : {}),
		hour: '2-digit',
		minute: '2-digit',
		hourCycle: 'h23',
	}).format(new Date(time))
}
export function formatDay(time: number | string, language: string, zone?: string): string {
	const where = zone ? { timeZone: zone } : {}
	return new Intl.DateTimeFormat(language, { ...where, month: 'short', day: 'numeric' }).format(
		new Date(time),
	)
}

export function formatDate(time: number | string, language: string): string {
	return new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(time))
}
