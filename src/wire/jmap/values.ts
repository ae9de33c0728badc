/** Values of RFC 8620 section 1. */

export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Section 1.2. */
export function isId(value: unknown): value is string {
	return typeof value === 'string' && /^[A-Za-z0-9_-]{1,255}$/.test(value)
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/**
 * Section 1.4: milliseconds since 1970 of a Date; null when it is none.
 * QUIRK: a fraction of zero, which is to be left out, is what `toISOString` of JavaScript writes.
 */
export function parseDateTime(value: unknown): number | null {
	const match = typeof value === 'string' ? DATE.exec(value) : null
	if (!match) return null
	const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
		number,
		number,
		number,
		number,
		number,
		number,
	]
	const date = new Date(0)
	date.setUTCFullYear(year, month - 1, day)
	if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
	if (hour > 23 || minute > 59 || second > 60) return null
	const zone = match[8]!
	const [zoneHour, zoneMinute] = zone === 'Z' ? [0, 0] : [Number(zone.slice(1, 3)), Number(zone.slice(4))]
	if (zoneHour > 23 || zoneMinute > 59) return null
	const offset = (zone[0] === '-' ? -1 : 1) * (zoneHour * 60 + zoneMinute)
	const fraction = match[7] ? Math.floor(Number(match[7]) * 1000) : 0
	return date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction
}

/** A UTCDate: the same in UTC. */
export function parseUtcDate(value: unknown): number | null {
	return typeof value === 'string' && value.endsWith('Z') ? parseDateTime(value) : null
}

/** Whole seconds, as UTCDate. */
export function formatUtcDate(ms: number): string {
	return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}

/** A Date in the zone it was told in. @param offset minutes east of UTC */
export function formatDateTime(ms: number, offset: number): string {
	if (offset === 0) return formatUtcDate(ms)
	const local = formatUtcDate(ms + offset * 60_000).slice(0, -1)
	const minutes = Math.abs(offset)
	const two = (value: number) => String(value).padStart(2, '0')
	return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
