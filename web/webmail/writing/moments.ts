import { clockIn, momentIn } from '../../shared/zone.ts'

export type Moment = { name: 'evening' | 'morning' | 'afternoon' | 'monday'; at: number }

const DAY = 86_400_000
const HOUR = 3_600_000

/** Times at which people like a message to go out; all to come, by the clocks of a zone. Milliseconds since 1970. */
export function momentsFor(now: number, zone: string): Moment[] {
	const clock = clockIn(zone, now)
	const today = Math.floor(clock / DAY) * DAY
	// 1970-01-01 was a Thursday.
	const weekday = (today / DAY + 4) % 7
	const toMonday = ((8 - weekday) % 7 || 7) * DAY
	const moments: Moment[] = [
		{ name: 'evening', at: today + 18 * HOUR },
		{ name: 'morning', at: today + DAY + 8 * HOUR },
		{ name: 'afternoon', at: today + DAY + 14 * HOUR },
		{ name: 'monday', at: today + toMonday + 8 * HOUR },
	]
	return moments
		.filter(({ name, at }) => at > clock + HOUR / 4 && !(name === 'monday' && toMonday === DAY))
		.map(({ name, at }) => ({ name, at: momentIn(zone, at) }))
}
