/** When a day begins where this browser is, so many days after it, as the API takes times; '' stays ''. */
export function dayStart(day: string, after: number): string {
	if (!day) return ''
	const at = new Date(`${day}T00:00:00`)
	at.setDate(at.getDate() + after)
	return at.toISOString()
}
