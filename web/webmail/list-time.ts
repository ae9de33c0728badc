/** A time as a list shows it: today the hour, this year the day, else the date. By the clock of `zone`. */
export function formatListTime(at: string, language: string, zone: string, now = new Date()): string {
	const time = new Date(at)
	if (Number.isNaN(time.getTime())) return ''
	// The Swedes write days as 2026-11-24: to be compared.
	const day = (moment: Date) => new Intl.DateTimeFormat('sv', { timeZone: zone }).format(moment)
	const [then, today] = [day(time), day(now)]
	const shape: Intl.DateTimeFormatOptions =
		then === today
			? { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
			: then.slice(0, 4) === today.slice(0, 4)
				? { month: 'short', day: 'numeric' }
				: { year: 'numeric', month: '2-digit', day: '2-digit' }
	return new Intl.DateTimeFormat(language, { ...shape, timeZone: zone }).format(time)
}
