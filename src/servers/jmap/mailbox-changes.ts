import type { Call, Responses } from './call.ts'
import { mailboxState } from './mailbox-get.ts'
import { changes, eventsOf } from './standard-changes.ts'

const COUNTS = ['totalEmails', 'unreadEmails', 'totalThreads', 'unreadThreads']

/** RFC 8621 section 2.2. */
export function mailboxChanges(call: Call, args: Record<string, unknown>): Responses {
	const { emails } = call.house.reader
	const account = call.account.id
	let onlyCounts = new Set<string>()
	const { events, ...answer } = changes(
		call,
		args,
		() => Number(mailboxState(call)),
		since => {
			if (since < (emails.states(account)?.floor ?? 0)) return null
			const there = emails.mailboxesSince(account, since)
			onlyCounts = new Set(there.filter(({ changed }) => changed <= since).map(({ key }) => key))
			return eventsOf(
				since,
				there.map(({ key, created, changed, counted }) => ({
					key,
					created,
					changed: Math.max(changed, counted),
				})),
				emails.gone(account, 'Mailbox', since),
			)
		},
	)
	const updated = events.filter(({ is }) => is === 'updated')
	const counts = updated.length > 0 && updated.every(({ id }) => onlyCounts.has(id))
	return [['Mailbox/changes', { ...answer, updatedProperties: counts ? COUNTS : null }]]
}
