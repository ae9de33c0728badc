import type { Cursor } from './cursor.ts'
import type { MailboxFilter } from './types.ts'

const PLAIN = ['SELECTED-DELAYED', 'SELECTED', 'INBOXES', 'PERSONAL', 'SUBSCRIBED'] as const
const NAMED = ['SUBTREE-ONE', 'SUBTREE', 'MAILBOXES'] as const

/** filter-mailboxes of RFC 5465 section 8, also the sources of RFC 7377. */
export function readFilter(cursor: Cursor): MailboxFilter {
	const word = cursor.word('mailboxes')
	const plain = PLAIN.find(one => one === word)
	if (plain) return { is: plain.toLowerCase() as 'selected' }
	const named = NAMED.find(one => one === word)
	if (!named) return cursor.fault('mailboxes')
	cursor.space()
	const names = cursor.ahead === '(' ? cursor.list(() => cursor.mailbox()) : [cursor.mailbox()]
	return { is: named.toLowerCase() as 'subtree', names }
}
