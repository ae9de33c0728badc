import type { Call, Responses } from './call.ts'
import { emailState } from './email-get.ts'
import { changes, eventsOf } from './standard-changes.ts'

/** RFC 8621 section 4.3. */
export function emailChanges(call: Call, args: Record<string, unknown>): Responses {
	const { emails } = call.house.reader
	const account = call.account.id
	const { events: _, ...answer } = changes(
		call,
		args,
		() => Number(emailState(call)),
		since => {
			if (since < (emails.states(account)?.floor ?? 0)) return null
			return eventsOf(since, emails.since(account, since), emails.gone(account, 'Email', since)).map(
				event => ({
					...event,
					id: `M${event.id}`,
				}),
			)
		},
	)
	return [['Email/changes', answer]]
}
