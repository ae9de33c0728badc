import { setImmediate } from 'node:timers/promises'
import { baseSubject } from '../../message/index.ts'
import type { BlobHead, EmailRow } from '../../store/index.ts'
import type { Call } from './call.ts'
import { compareBy } from './collate.ts'
import type { World } from './email-filter.ts'
import type { Comparator } from './filter.ts'
import { has } from './keywords.ts'

export const SORTS = [
	'receivedAt',
	'sentAt',
	'size',
	'from',
	'to',
	'subject',
	'hasKeyword',
	'allInThreadHaveKeyword',
	'someInThreadHaveKeyword',
] as const
/** Sorted by what their messages say of themselves. */
const BY_HEAD = ['from', 'to', 'subject', 'sentAt']
/** Messages that are looked into at once. */
const AT_ONCE = 200
/** Others have a turn after so many milliseconds. */
const TURN = 10

/** RFC 8621 section 4.4.2. */
export async function sortRows(
	call: Call,
	rows: EmailRow[],
	sort: Comparator[],
	world: World,
): Promise<EmailRow[]> {
	const values = new Map<EmailRow, (string | number | boolean)[]>()
	const byHead = sort.some(({ property }) => BY_HEAD.includes(property))
	let turn = performance.now()
	for (let from = 0; from < rows.length; from += AT_ONCE) {
		const some = rows.slice(from, from + AT_ONCE)
		const heads = byHead
			? call.house.reader.heads(
					some.map(row => row.blob),
					'envelope',
				)
			: null
		for (const row of some) {
			const head = heads?.get(row.blob)
			// Who destroyed it had a turn meanwhile.
			if (heads && !head) continue
			values.set(
				row,
				sort.map(comparator => sortValue(row, comparator, head, world)),
			)
		}
		if (performance.now() - turn < TURN) continue
		await setImmediate()
		turn = performance.now()
	}
	const places = new Map(sort.map((comparator, place) => [comparator, place]))
	const compare = compareBy<EmailRow>(sort, (row, comparator) => values.get(row)![places.get(comparator)!]!)
	return [...values.keys()].toSorted((a, b) => compare(a, b) || b.key - a.key)
}

/** RFC 8621 section 4.4.2. */
function sortValue(
	row: EmailRow,
	{ property, keyword = '' }: Comparator,
	head: BlobHead | undefined,
	world: World,
): string | number | boolean {
	const name = keyword.toLowerCase()
	switch (property) {
		case 'size':
			return row.size
		case 'from':
		case 'to':
			return firstOf(head!.envelope[property])
		case 'subject':
			return baseSubject(head!.envelope.subject).base
		case 'sentAt':
			return head!.envelope.sent ?? row.received
		case 'hasKeyword':
			return has(row, name)
		case 'allInThreadHaveKeyword':
			return world.threadOf(row).every(one => has(one, name))
		case 'someInThreadHaveKeyword':
			return world.threadOf(row).some(one => has(one, name))
		default:
			return row.received
	}
}

/** The name of the first address, or the address when it has none. */
function firstOf(list: BlobHead['envelope']['from']): string {
	const first = list?.flatMap(entry => ('group' in entry ? entry.members : [entry]))[0]
	return first ? first.name || `${first.mailbox}@${first.host}` : ''
}
