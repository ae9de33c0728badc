const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTH_NAMES = MONTHS.map(name => name.toLowerCase())
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** The named zones of RFC 5322 section 4.3, in hours. Any other name means -0000. */
const ZONES: Record<string, number> = {
	EDT: -4,
	EST: -5,
	CDT: -5,
	CST: -6,
	MDT: -6,
	MST: -7,
	PDT: -7,
	PST: -8,
}

// Day of week, day, month, year, time, zone. QUIRK: a missing comma, full month names, dashes, dots and `GMT+0800` are all seen.
const DATE =
	/^(?:[a-z]+\.?\s*,?|,)?\s*(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s-]+(\d{2,4})[\s,]+(\d{1,2})\s*[:.]\s*(\d{1,2})(?:\s*[:.]\s*(\d{1,2}))?(?:\.\d+)?\s*(?:(?:GMT|UTC?)?([+-])(\d{2}):?(\d{2})|([a-z]+))?/i

// QUIRK: what C's asctime gives: `Mon Nov 23 10:00:00 2026`.
const ASCTIME = /^[a-z]{3}\s+([a-z]{3})\s+(\d{1,2})\s+(\d{1,2}:\d{1,2}:\d{1,2})\s+(\d{4})/i

/** A date-time of RFC 5322 sections 3.3 and 4.3 as milliseconds since 1970; null when it cannot be understood. */
export function parseDate(text: string): number | null {
	const plain = withoutComments(text.slice(0, 256)).trim()
	const match = DATE.exec(plain) ?? DATE.exec(plain.replace(ASCTIME, '$2 $1 $4 $3'))
	if (!match) return null
	const month = MONTH_NAMES.indexOf(match[2]!.toLowerCase())
	const day = Number(match[1])
	const year = fullYear(match[3]!)
	const hour = Number(match[4])
	const minute = Number(match[5])
	const second = Number(match[6] ?? 0)
	if (month < 0 || hour > 23 || minute > 59 || second > 60) return null
	const date = new Date(0)
	date.setUTCFullYear(year, month, day)
	if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return null
	const offset = match[7]
		? sign(match[7]) * (Number(match[8]) * 60 + Number(match[9]))
		: 60 * (ZONES[(match[10] ?? '').toUpperCase()] ?? 0)
	return date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000
}

/** Two digits: 00–49 are of this century, 50–99 of the last; three: since 1900 (section 4.3). */
function fullYear(digits: string): number {
	const year = Number(digits)
	if (digits.length === 4) return year
	return digits.length === 2 && year < 50 ? 2000 + year : 1900 + year
}

function sign(text: string): number {
	return text === '-' ? -1 : 1
}

function withoutComments(text: string): string {
	if (!text.includes('(')) return text
	let out = ''
	let depth = 0
	let from = 0 // of what is kept
	for (let i = 0; i < text.length; i++) {
		const char = text[i]
		if (char === '(') {
			if (depth++ === 0) out += text.slice(from, i)
		} else if (char === ')' && depth > 0) {
			if (--depth > 0) continue
			out += ' '
			from = i + 1
		} else if (char === '\\') {
			if (depth === 0) out += text.slice(from, i)
			from = ++i + 1
		}
	}
	return depth === 0 ? out + text.slice(from) : out
}

/**
 * A date-time of RFC 5322 section 3.3: `Tue, 01 Jul 2025 10:52:37 +0000`.
 * @param ms milliseconds since 1970, a time Date knows
 * @param offsetMinutes zone in which it is told, minutes east of UTC
 */
export function formatDate(ms: number, offsetMinutes = 0): string {
	const second = Math.floor(ms / 1000)
	if (second !== last.second || offsetMinutes !== last.offsetMinutes)
		last = { second, offsetMinutes, text: format(ms, offsetMinutes) }
	return last.text
}

// Mail that comes is stamped in the order of time, many in one second.
let last = { second: Number.NaN, offsetMinutes: 0, text: '' }

function format(ms: number, offsetMinutes: number): string {
	const date = new Date(ms + offsetMinutes * 60_000)
	const minutes = Math.abs(offsetMinutes)
	const zone = `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`
	const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
	const year = String(date.getUTCFullYear()).padStart(4, '0')
	return `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${year} ${time} ${zone}`
}

function two(value: number): string {
	return value < 10 ? `0${value}` : String(value)
}
