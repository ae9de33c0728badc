import { ref } from 'vue'

/** The time zone by whose clock times are written: the one the person chose, else the browser's. */
export const zone = ref(zoneHere())

export function zoneHere(): string {
	return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** The moment at which the clocks of a zone show a time. @param clock that time, as if it were UTC */
export function momentIn(zone: string, clock: number): number {
	// Twice, for the first guess may lie on the other side of a change of the clocks.
	let at = clock
	for (let turn = 0; turn < 2; turn++) at += clock - clockIn(zone, at)
	return at
}

/** What the clocks of a zone show at a moment, as if it were UTC; whole seconds. */
export function clockIn(zone: string, at: number): number {
	const shape = new Intl.DateTimeFormat('en-US', {
		timeZone: zone,
		hourCycle: 'h23',
		year: 'numeric',
		month: 'numeric',
		day: 'numeric',
		hour: 'numeric',
		minute: 'numeric',
		second: 'numeric',
	})
	const of = Object.fromEntries(shape.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
	return Date.UTC(of.year!, of.month! - 1, of.day, of.hour, of.minute, of.second)
}
