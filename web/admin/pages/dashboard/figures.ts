import type { Series } from '../../api/figures.ts'

/** Everything that happened in the time shown. */
export function sumOf(series: Series, ...names: string[]): number {
	let sum = 0
	for (const name of names) for (const value of series[name] ?? []) sum += value ?? 0
	return sum
}

/** What was seen last, of a figure that is a level; null = nobody looked. */
export function latest(series: Series, name: string): number | null {
	return (series[name] ?? []).findLast(value => value !== null) ?? null
}

/** Enhanced status codes (RFC 3463) of what was refused, the most frequent first. */
export function refusals(series: Series): { code: string; count: number }[] {
	return Object.keys(series)
		.filter(name => name.startsWith('refused '))
		.map(name => ({ code: name.slice(8), count: sumOf(series, name) }))
		.filter(({ count }) => count > 0)
		.sort((a, b) => b.count - a.count)
}

/** Where the lines of a chart end: a round number not below the largest value, and the steps to it. */
export function scale(largest: number): { top: number; step: number } {
	const rough = Math.max(1, largest) / 4
	const size = 10 ** Math.floor(Math.log10(rough))
	const step = Math.max(1, [1, 2, 5, 10].map(factor => factor * size).find(one => one >= rough)!)
	return { top: step * Math.max(1, Math.ceil(largest / step)), step }
}
