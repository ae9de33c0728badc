/** What was found, for people and for programs. */

export type Row = {
	name: string
	unit: string
	/** Null where there is nothing to compare with. */
	reference: number | null
	panpipe: number
	/** `faster`: the reference's time divided by ours. `slowerBy`: our time less the reference's. */
	wanted:
		| { ratioAbove: number }
		| { ratioBelow: number }
		| { below: number }
		| { faster: number }
		| { slowerBy: number }
}

export type About = {
	json: boolean
	runs: number
	messages: number
	throughput: { reference: number[]; local: number[]; pair: number[] }
}

const HEAD = ['', 'Postfix, Dovecot', 'Panpipe', 'ratio', 'wanted', '']

export function print(rows: Row[], about: About): void {
	const cells = rows.map(row => [
		row.name,
		row.reference === null ? '' : `${figure(row.reference)} ${row.unit}`,
		`${figure(row.panpipe)} ${row.unit}`,
		compared(row),
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
	const { reference, local, pair } = about.throughput
	process.stdout.write(`Medians of ${about.runs} runs by turns.\n`)
	process.stdout.write(
		reference.length + local.length + pair.length === 0
			? ''
			: `A run of SMTP: ${about.messages} messages of 4 KiB over 20 sessions into an empty mailbox, fsync on.\n`,
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

function ratio({ panpipe, reference, wanted }: Row): number {
	return 'faster' in wanted ? reference! / panpipe : panpipe / reference!
}

function compared(row: Row): string {
	if (row.reference === null) return ''
	if ('slowerBy' in row.wanted)
		return `${row.panpipe < row.reference ? '' : '+'}${figure(row.panpipe - row.reference)} ${row.unit}`
	return `${figure(ratio(row))} ×`
}

function isMet(row: Row): boolean {
	const { wanted } = row
	if ('below' in wanted) return row.panpipe < wanted.below
	if ('slowerBy' in wanted) return row.panpipe - row.reference! <= wanted.slowerBy
	if ('faster' in wanted) return ratio(row) >= wanted.faster
	return 'ratioAbove' in wanted ? ratio(row) >= wanted.ratioAbove : ratio(row) <= wanted.ratioBelow
}

function wanted({ wanted, unit }: Row): string {
	if ('below' in wanted) return `< ${wanted.below} ${unit}`
	if ('slowerBy' in wanted) return `≤ +${wanted.slowerBy} ${unit}`
	if ('faster' in wanted) return `≥ ${wanted.faster} ×`
	return 'ratioAbove' in wanted ? `≥ ${wanted.ratioAbove} ×` : `≤ ${wanted.ratioBelow} ×`
}

/** Three digits are all such a measurement is worth. */
function figure(value: number): string {
	if (value === 0 || Math.abs(value) >= 100) return value.toFixed(0)
	return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export function median(values: number[]): number {
	const sorted = values.toSorted((a, b) => a - b)
	const middle = sorted.length >> 1
	return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
