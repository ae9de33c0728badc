import { setImmediate } from 'node:timers/promises'
import { csvLine } from '../../../kit/index.ts'

type Cell = string | number | boolean | null

/**
 * A file with the mark by which spreadsheets know UTF-8, page by page.
 * @param page the rows after the one with this id; none = that was all
 */
export async function* csvOf<Row extends { id: string }>(
	names: (keyof Row & string)[],
	page: (after: string | null) => Promise<Row[]>,
): AsyncGenerator<string> {
	yield `\ufeff${csvLine(names)}`
	for (let after: string | null = null; ; ) {
		const rows: Row[] = await page(after)
		const last = rows.at(-1)
		if (!last) return
		yield rows.map(row => csvLine(names.map(name => (row[name] ?? null) as Cell))).join('')
		after = last.id
		await setImmediate()
	}
}
