import type { Cursor } from './cursor.ts'
import type { Day } from './types.ts'

export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAY_MS = 86_400_000

/** ` 7-Feb-2024 21:52:25 +0800` (RFC 9051 date-time, without its quotes). Null when it is none. */
export function parseDateTime(text: string): number | null {
	const found = /^( \d|\d\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text)
	if (!found) return null
	const [, day, month, year, hour, minute, second, sign, zoneHours, zoneMinutes] = found
	const midnight = dayOf(Number(day), month!, Number(year))
	if (midnight === null || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null
	const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1)
	return midnight + ((Number(hour) * 60 + Number(minute) - zone) * 60 + Number(second)) * 1000
}

/** The reverse, quotes included, in UTC. */
export function formatDateTime(time: number): string {
	const day = utcDay(time)
	// Messages that follow each other are often of one day.
	if (day !== last.day) {
		const date = new Date(day)
		last.day = day
		last.text = `${String(date.getUTCDate()).padStart(2, ' ')}-${MONTHS[date.getUTCMonth()]}-${year(date)}`
	}
	const seconds = Math.floor((time - day) / 1000)
	const minutes = Math.floor(seconds / 60)
	return `"${last.text} ${TWO[Math.floor(minutes / 60)]}:${TWO[minutes % 60]}:${TWO[seconds % 60]} +0000"`
}

const last = { day: Number.NaN, text: '' }
const TWO = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'))

/** `7-Feb-2024` (RFC 9051 date), with or without quotes. */
export function readDay(cursor: Cursor): Day {
	const quoted = cursor.skip('"')
	const day = cursor.number(31)
	cursor.expect('-')
	const month = cursor.word('month').split('-')
	const midnight = month.length === 2 ? dayOf(day, month[0]!, Number(month[1])) : null
	if (midnight === null) cursor.fault('date')
	if (quoted) cursor.expect('"')
	return midnight
}

export function formatDay(day: Day): string {
	const date = new Date(day)
	return `${date.getUTCDate()}-${MONTHS[date.getUTCMonth()]}-${year(date)}`
}

/** The calendar day of a time, as it is in UTC. */
export function utcDay(time: number): Day {
	return Math.floor(time / DAY_MS) * DAY_MS
}

/** The calendar day a Date field names, whatever its zone (RFC 3501, SENTON). Null when it names none. */
export function writtenDay(date: string): Day | null {
	const found = /(\d{1,2})\s+([A-Za-z]{3})[a-z]*\s+(\d{4})/.exec(date)
	return found && dayOf(Number(found[1]), found[2]!, Number(found[3]))
}

function dayOf(day: number, month: string, year: number): Day | null {
	const index = MONTHS.findIndex(name => name.toUpperCase() === month.toUpperCase())
	if (index < 0 || day < 1 || day > 31 || !(year >= 0)) return null
	const date = new Date(0)
	date.setUTCFullYear(year, index, day)
	return date.getUTCMonth() === index ? date.getTime() : null
}

function year(date: Date): string {
	return String(date.getUTCFullYear()).padStart(4, '0')
}
