/** What was found, for people and for programs. */

export type Row = {
	name: string
	unit: string
	/** Null where there is nothing to compare with. */
	reference: number | null
	panpipe: number
	wanted: { ratioAbove: number } | { ratioBelow: number } | { below: number }
}

export type About = {
	json: boolean
	runs: number
	messages: number
	throughput: { reference: number[]; local: number[]; pair: number[] }
}

const HEAD = ['', 'Postfix → Dovecot', 'Panpipe', 'ratio', 'wanted', '']

export function print(rows: Row[], about: About): void {
	const cells = rows.map(row => [
		row.name,
		row.reference === null ? '' : `${figure(row.reference)} ${row.unit}`,
		`${figure(row.panpipe)} ${row.unit}`,
		row.reference === null ? '' : `${figure(ratio(row))} ×`,
		wanted(row),
		isMet(row) ? 'yes' : 'NO',
	])
	const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map(line => line[i]!.length)))
	const text = (line: string[]) =>
		line
			.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
			.join('  ')
			.trimEnd()
	process.stdout.write(`\n${[HEAD, ...cells].map(text).join('\n')}\n\n`)
	process.stdout.write(
		`Medians of ${about.runs} runs by turns. A run: ${about.messages} messages of 4 KiB over 20 sessions into an empty mailbox, fsync on.\n`,
	)
	if (!about.json) return
	const found = rows.map(row => ({
		...row,
		ratio: row.reference === null ? null : ratio(row),
		met: isMet(row),
	}))
	process.stdout.write(
		`${JSON.stringify({ rows: found, runs: about.runs, messages: about.messages, throughput: about.throughput })}\n`,
	)
}

function ratio({ panpipe, reference }: Row): number {
	return panpipe / reference!
}

function isMet(row: Row): boolean {
	if ('below' in row.wanted) return row.panpipe < row.wanted.below
	return 'ratioAbove' in row.wanted
		? ratio(row) >= row.wanted.ratioAbove
		: ratio(row) <= row.wanted.ratioBelow
}

function wanted({ wanted, unit }: Row): string {
	if ('below' in wanted) return `< ${wanted.below} ${unit}`
	return 'ratioAbove' in wanted ? `≥ ${wanted.ratioAbove} ×` : `≤ ${wanted.ratioBelow} ×`
}

/** Three digits are all such a measurement is worth. */
function figure(value: number): string {
	if (value === 0 || Math.abs(value) >= 100) return value.toFixed(0)
	return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}
