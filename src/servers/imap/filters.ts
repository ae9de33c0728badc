import { properName } from '../../store/index.ts'
import type { imap } from '../../wire/index.ts'
import { type Box, OTHERS } from './mailboxes.ts'

/** Is the mailbox one of those that a filter names (RFC 5465 section 6, RFC 7377 section 2.2)? Not for the selected one. */
export function inFilter(filter: imap.MailboxFilter, name: string, subscribed: boolean): boolean {
	switch (filter.is) {
		case 'selected':
		case 'selected-delayed':
			return false
		// Rules may deliver to any mailbox: then inboxes are personal ones (RFC 5465 section 6.3).
		case 'inboxes':
		case 'personal':
			return !name.startsWith(OTHERS)
		case 'subscribed':
			return subscribed
		case 'mailboxes':
			return filter.names.some(one => properName(one) === name)
		case 'subtree':
			return filter.names.some(one => name === properName(one) || name.startsWith(`${properName(one)}/`))
		case 'subtree-one':
			return filter.names.some(one => {
				const top = properName(one)
				return name === top || (name.startsWith(`${top}/`) && !name.slice(top.length + 1).includes('/'))
			})
	}
}

export function mailboxesIn(filters: imap.MailboxFilter[], boxes: Box[]): Box[] {
	return boxes.filter(box => filters.some(filter => inFilter(filter, box.name, box.subscribed)))
}
