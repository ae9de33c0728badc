/** A time as a list shows it: today the hour, this year the day, else the date. Of the person's place. */
export function formatListTime(at: string, language: string, now = new Date()): string {
	const time = new Date(at)
	if (Number.isNaN(time.getTime())) return ''
	const sameYear = time.getFullYear() === now.getFullYear()
	const sameDay = sameYear && time.getMonth() === now.getMonth() && time.getDate() === now.getDate()
	const shape: Intl.DateTimeFormatOptions = sameDay
		? { hour: '2-digit', minute: '2-digit' }
		: sameYear
			? { month: 'short', day: 'numeric' }
			: { year: 'numeric', month: '2-digit', day: '2-digit' }
	return new Intl.DateTimeFormat(language, shape).format(time)
}
