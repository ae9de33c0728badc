import { momentIn } from '../../shared/zone.ts'
import { type Property, properties, unescaped } from '../content-lines.ts'
import type { Address } from '../jmap/types.ts'

/** Reads invitations (iCalendar, RFC 5545) as far as a reader wants to know: what, when, where, who. */

export type Attendee = Address & {
	/** PARTSTAT: ACCEPTED, DECLINED, TENTATIVE, NEEDS-ACTION … */
	status: string
}

/** A day, or a moment; times without a zone are those of the reader's place, as the RFC has it. */
export type When = { day: string } | { at: number }

export type Rule = {
	frequency: 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY'
	interval: number
	/** 0 = Sunday; only in weekly rules. */
	days: number[]
	count: number | null
	until: When | null
	/** There is more to it than is said here. */
	more: boolean
}

export type Meeting = {
	uid: string
	cancelled: boolean
	summary: string
	description: string
	location: string
	organizer: Address | null
	attendees: Attendee[]
	start: When
	/** Of days: the last one. */
	end: When | null
	rule: Rule | null
}

type Component = { name: string; properties: Property[]; parts: Component[] }

// Nobody invites so many; who writes more wants to make us work.
const MOST_LINES = 20_000
const DAY_MS = 86_400_000

/** Meetings of an invitation; of a series each only once. Empty when it is none. @param place the reader's time zone */
export function readCalendar(text: string, place: string): Meeting[] {
	const calendar = components(text).find(({ name }) => name === 'VCALENDAR')
	if (!calendar) return []
	const zones = new Map(
		calendar.parts.filter(({ name }) => name === 'VTIMEZONE').map(zone => [said(zone, 'TZID'), zone]),
	)
	const cancels = said(calendar, 'METHOD').toUpperCase() === 'CANCEL'
	const found = new Map<string, Meeting>()
	for (const event of calendar.parts) {
		if (event.name !== 'VEVENT') continue
		const read = (name: string) => whenOf(property(event, name), zones, place)
		const start = read('DTSTART')
		const uid = said(event, 'UID')
		if (!start || found.has(uid)) continue
		found.set(uid, {
			uid,
			cancelled: cancels || said(event, 'STATUS').toUpperCase() === 'CANCELLED',
			summary: textOf(event, 'SUMMARY'),
			description: textOf(event, 'DESCRIPTION'),
			location: textOf(event, 'LOCATION'),
			organizer: addressOf(property(event, 'ORGANIZER')),
			attendees: event.properties
				.filter(({ name }) => name === 'ATTENDEE')
				.flatMap(each => {
					const address = addressOf(each)
					return address ? { ...address, status: (each.params.PARTSTAT ?? '').toUpperCase() } : []
				}),
			start,
			end: endOf(start, read('DTEND'), said(event, 'DURATION')),
			rule: ruleOf(said(event, 'RRULE'), property(event, 'DTSTART'), zones, place),
		})
	}
	return [...found.values()]
}

function components(text: string): Component[] {
	const root: Component = { name: '', properties: [], parts: [] }
	const open = [root]
	for (const read of properties(text, MOST_LINES)) {
		const here = open.at(-1)!
		if (read.name === 'BEGIN') {
			const part = { name: read.value.trim().toUpperCase(), properties: [], parts: [] }
			here.parts.push(part)
			open.push(part)
		} else if (read.name === 'END') {
			if (open.length > 1) open.pop()
		} else here.properties.push(read)
	}
	return root.parts
}

const property = (component: Component, name: string) => component.properties.find(each => each.name === name)
const said = (component: Component, name: string) => property(component, name)?.value.trim() ?? ''
const textOf = (component: Component, name: string) => unescaped(said(component, name))

function addressOf(property: Property | undefined): Address | null {
	const email = /^\s*mailto:(.+)$/i.exec(property?.value ?? '')?.[1]?.trim()
	return email ? { name: property!.params.CN?.trim() || null, email } : null
}

type Zones = ReadonlyMap<string, Component>

/** Section 3.3.5: a day, a moment in UTC, or a time by the clock of a zone. */
function whenOf(property: Property | undefined, zones: Zones, place: string): When | null {
	const [, year, month, day, hour, minute, second, utc] =
		/^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$/.exec(property?.value.trim() ?? '') ?? []
	if (!year || +month! > 12 || Number.isNaN(Date.parse(`${year}-${month}-${day}`))) return null
	if (hour === undefined) return { day: `${year}-${month}-${day}` }
	const clock = Date.UTC(+year, +month! - 1, +day!, +hour, +minute!, +second!)
	if (utc) return { at: clock }
	const zone = property!.params.TZID ?? place
	const known = isZone(zone) ? zone : null
	if (known) return { at: momentIn(known, clock) }
	const described = zones.get(zone)
	return { at: described ? clock - offsetIn(described, clock) : momentIn(place, clock) }
}

function isZone(name: string): boolean {
	try {
		new Intl.DateTimeFormat('en', { timeZone: name })
		return true
	} catch {
		return false
	}
}

/** Milliseconds east of UTC by a zone that the invitation itself describes (section 3.6.5): the change that came last. */
function offsetIn(zone: Component, clock: number): number {
	let last = Number.NEGATIVE_INFINITY
	let offset = 0
	for (const part of zone.parts) {
		const began = clockOf(said(part, 'DTSTART'))
		if (began === null) continue
		for (const change of [began, ...yearly(said(part, 'RRULE'), began, new Date(clock).getUTCFullYear())])
			if (change <= clock && change > last) {
				last = change
				offset = offsetOf(said(part, 'TZOFFSETTO'))
			}
	}
	return offset
}

function clockOf(value: string): number | null {
	const when = whenOf({ name: '', params: {}, value: `${value.replace(/Z$/, '')}Z` }, new Map(), 'UTC')
	return when && 'at' in when ? when.at : null
}

function offsetOf(value: string): number {
	const [, sign, hours, minutes, seconds = '0'] = /^([+-])(\d\d)(\d\d)(\d\d)?$/.exec(value) ?? []
	if (!sign) return 0
	return (sign === '-' ? -1 : 1) * ((+hours! * 60 + +minutes!) * 60 + +seconds) * 1000
}

/** The changes of this year and the one before, by a rule like "the second Sunday of March". */
function yearly(rule: string, began: number, year: number): number[] {
	const wish = readRule(rule)
	const [, nth, name] = /^([+-]?\d)?([A-Z]{2})$/.exec(wish.BYDAY ?? '') ?? []
	const day = DAYS.indexOf(name ?? '')
	const month = Number(wish.BYMONTH) - 1
	if (wish.FREQ !== 'YEARLY' || day < 0 || !(month >= 0)) return []
	const time = ((began % DAY_MS) + DAY_MS) % DAY_MS
	return [year - 1, year].map(each => {
		const n = Number(nth ?? 1)
		if (n > 0) {
			const first = new Date(Date.UTC(each, month, 1)).getUTCDay()
			return Date.UTC(each, month, 1 + ((day - first + 7) % 7) + (n - 1) * 7) + time
		}
		const end = new Date(Date.UTC(each, month + 1, 0))
		return Date.UTC(each, month, end.getUTCDate() - ((end.getUTCDay() - day + 7) % 7) + (n + 1) * 7) + time
	})
}

function endOf(start: When, end: When | null, duration: string): When | null {
	if ('day' in start) {
		if (!end || !('day' in end)) return null
		// The day after the last (section 3.6.1).
		const last = new Date(Date.parse(end.day) - DAY_MS).toISOString().slice(0, 10)
		return last > start.day ? { day: last } : null
	}
	if (end) return end
	const [, weeks, days, hours, minutes] =
		/^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?/.exec(duration) ?? []
	const length =
		(((Number(weeks ?? 0) * 7 + Number(days ?? 0)) * 24 + Number(hours ?? 0)) * 60 + Number(minutes ?? 0)) *
		60_000
	return length > 0 ? { at: start.at + length } : null
}

const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']
const FREQUENCIES = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']
const SIMPLE = new Set(['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'WKST'])

const readRule = (rule: string): Record<string, string | undefined> =>
	Object.fromEntries(
		rule.split(';').flatMap(part => (part.includes('=') ? [part.toUpperCase().split('=', 2)] : [])),
	)

function ruleOf(text: string, begins: Property | undefined, zones: Zones, place: string): Rule | null {
	const wish = readRule(text)
	if (!FREQUENCIES.includes(wish.FREQ ?? '')) return null
	const frequency = wish.FREQ as Rule['frequency']
	const days = (wish.BYDAY ?? '').split(',').map(day => DAYS.indexOf(day))
	const weekly = frequency === 'WEEKLY' && days.every(day => day >= 0)
	const until =
		wish.UNTIL && whenOf({ name: '', params: begins?.params ?? {}, value: wish.UNTIL }, zones, place)
	return {
		frequency,
		interval: Math.max(1, Number.parseInt(wish.INTERVAL ?? '1', 10) || 1),
		days: weekly ? days.toSorted((one, other) => ((one + 6) % 7) - ((other + 6) % 7)) : [],
		count: Number.parseInt(wish.COUNT ?? '', 10) || null,
		until: until || null,
		more: Object.keys(wish).some(name => !SIMPLE.has(name) && !(name === 'BYDAY' && weekly)),
	}
}
