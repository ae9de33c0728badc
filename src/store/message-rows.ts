import type { MailFile } from './mail-file.ts'

/**
 * Those of the messages that are there, each once, by uid. Read as columns of text: see docs/decisions/0010.
 * @param names of the columns of `message`. @param make a row: `of[name]` at `i`
 */
export function messageRows<Name extends string, Row>(
	file: MailFile,
	mailbox: number,
	uids: number[],
	names: readonly Name[],
	make: (uid: number, of: Record<Name, never[]>, i: number) => Row,
): Row[] {
	const wanted = ascending(uids)
	if (wanted.length === 0) return []
	const [first, last] = [wanted[0]!, wanted.at(-1)!]
	// One range, unless most of what lies in it is not wanted.
	const inRange = last - first < wanted.length * 4
	const [from, where, values] = inRange
		? ['message', 'uid BETWEEN ?2 AND ?3', [first, last]]
		: ['json_each(?2) wanted CROSS JOIN message ON uid = wanted.value', 'TRUE', [JSON.stringify(wanted)]]
	const lists = ['uid', ...names].map(name => `json_group_array(${name}) AS ${name}`)
	const row = file.get<Record<string, string>>(
		`SELECT ${lists} FROM ${from} WHERE mailbox = ?1 AND ${where}`,
		mailbox,
		...values,
	)!
	const found: number[] = JSON.parse(row.uid!)
	const of = Object.fromEntries(names.map(name => [name, JSON.parse(row[name]!)])) as Record<Name, never[]>
	const rows: Row[] = []
	let next = 0
	for (let i = 0; i < found.length; i++) {
		const uid = found[i]!
		while (wanted[next]! < uid) next++
		if (wanted[next] === uid) rows.push(make(uid, of, i))
	}
	return rows
}

function ascending(uids: number[]): number[] {
	for (let i = 1; i < uids.length; i++)
		if (uids[i]! <= uids[i - 1]!) return [...new Set(uids)].sort((a, b) => a - b)
	return uids
}

/** One more uid, above all others of these runs. */
export function extend(runs: [from: number, to: number][], uid: number): void {
	const last = runs.at(-1)
	if (last?.[1] === uid - 1) last[1] = uid
	else runs.push([uid, uid])
}

/** How often each is there: for each number of times, who. */
export function byTimes(values: readonly number[]): Map<number, number[]> {
	const times = new Map<number, number>()
	for (const value of values) times.set(value, (times.get(value) ?? 0) + 1)
	const groups = new Map<number, number[]>()
	for (const [value, count] of times) {
		const group = groups.get(count)
		if (group) group.push(value)
		else groups.set(count, [value])
	}
	return groups
}
