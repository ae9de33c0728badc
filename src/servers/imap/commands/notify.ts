import type { imap } from '../../../wire/index.ts'
import { bad, type Done, no, ok } from '../done.ts'
import { marksSeen } from '../fetch-items.ts'
import { Notification } from '../notification.ts'
import type { Session } from '../session.ts'
import { sync } from '../sync.ts'

const EVENTS =
	'MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange'
const KNOWN = new Set(EVENTS.toUpperCase().split(' '))
const MESSAGE = ['MESSAGENEW', 'MESSAGEEXPUNGE', 'FLAGCHANGE']

/** RFC 5465. What is asked for replaces what was asked for before. */
export function notify(session: Session, { status, groups }: imap.CommandOf<'NOTIFY'>): Done {
	for (const group of groups ?? []) {
		const refused = refusal(group)
		if (refused) return refused
	}
	const selecting = (groups ?? []).filter(({ filter }) => filter.is.startsWith('selected'))
	if (selecting.length > 1) return bad('only one group can speak of the selected mailbox')
	session.tidings.notification?.end()
	session.tidings.notification = null
	// What was heard of until now is told before the new rules begin (section 3.1).
	if (groups) sync(session, true)
	session.tidings.notification = new Notification(session, groups ?? [])
	if (status) session.tidings.notification.statusOfAll()
	return ok('NOTIFY completed')
}

function refusal({ filter, events, items }: imap.NotifyGroup): Done | null {
	if (events.some(event => !KNOWN.has(event))) {
		return no('not all of these events are known here', `BADEVENT (${EVENTS})`)
	}
	if (filter.is === 'subtree-one') return bad('no such set of mailboxes')
	const [hasNew, hasExpunge, hasFlags] = MESSAGE.map(event => events.includes(event))
	// Section 5: one of them alone would leave the client guessing.
	if (hasNew !== hasExpunge || (hasFlags && !hasNew)) return bad('MessageNew and MessageExpunge go together')
	const selected = filter.is.startsWith('selected')
	if (selected && events.some(event => !MESSAGE.includes(event))) {
		return bad('only messages are watched in the selected mailbox')
	}
	if (!selected && items.length > 0) return bad('new messages are only fetched in the selected mailbox')
	if (items.some(marksSeen)) return no('new messages are only peeked at')
	return null
}
