import { csvLine } from '../../../kit/index.ts'

type Cell = string | number | boolean | null

/** A file with the mark by which spreadsheets know UTF-8. */
export function csv(names: string[], rows: Record<string, unknown>[]): string {
	const lines = rows.map(row => names.map(name => (row[name] ?? null) as Cell))
	return `\ufeff${[names, ...lines].map(csvLine).join('')}`
}
