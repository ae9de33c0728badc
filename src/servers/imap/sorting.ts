import { type AddressOrGroup, baseSubject } from '../../message/index.ts'
import { type BlobHead, fold, type MessageRow } from '../../store/index.ts'
import type { imap } from '../../wire/index.ts'
import { compareFolded } from './folded.ts'

/** What SORT compares a message by: one value for each criterion. */
export type SortKeys = (number | string)[]

/** Does the criterion look at the envelope? The others are answered from the row. */
export function readsHead({ field }: imap.SortCriterion): boolean {
	return field !== 'ARRIVAL' && field !== 'SIZE' && field !== 'RELEVANCY'
}

/** A message to be sorted; `head` is null when no criterion reads it, `score` 0 when none was asked for. */
type Sorted = { row: MessageRow; head: BlobHead | null; score: number }

/** RFC 5256 section 3, RFC 5957 and RFC 6203 section 6. */
export function sortKeys(criteria: imap.SortCriterion[], message: Sorted): SortKeys {
	return criteria.map(({ field }) => sortKey(field, message))
}

function sortKey(field: imap.SortField, { row, head, score }: Sorted): number | string {
	switch (field) {
		// What fits best comes first.
		case 'RELEVANCY':
			return -score
		case 'ARRIVAL':
			return row.internalDate
		case 'SIZE':
			return row.size
		case 'DATE':
			return head!.envelope.sent ?? row.internalDate
		case 'SUBJECT':
			return fold(baseSubject(head!.envelope.subject).base)
		case 'FROM':
			return fold(mailboxOf(head!.envelope.from))
		case 'TO':
			return fold(mailboxOf(head!.envelope.to))
		case 'CC':
			return fold(mailboxOf(head!.envelope.cc))
		case 'DISPLAYFROM':
			return fold(displayOf(head!.envelope.from))
		case 'DISPLAYTO':
			return fold(displayOf(head!.envelope.to))
	}
}

/** addr-mailbox of the first address; of a group its name. */
function mailboxOf(list: AddressOrGroup[] | null): string {
	const first = list?.[0]
	if (!first) return ''
	return 'group' in first ? first.group : first.mailbox
}

/** What a person sees: the name, else the address (RFC 5957 section 3). */
function displayOf(list: AddressOrGroup[] | null): string {
	const first = list?.[0]
	if (!first) return ''
	if ('group' in first) return first.group
	return first.name || `${first.mailbox}@${first.host}`
}

/** Equal messages stay in the order of their numbers (section 3). */
export function compareKeys(criteria: imap.SortCriterion[]): (a: SortKeys, b: SortKeys) => number {
	return (a, b) => {
		for (let i = 0; i < criteria.length; i++) {
			const [x, y] = [a[i]!, b[i]!]
			const order = typeof x === 'number' ? x - (y as number) : compareFolded(x, y as string)
			if (order !== 0) return criteria[i]!.reverse ? -order : order
		}
		return 0
	}
}
