import { threadId, threadOf } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { type Call, LIMITS, type Responses } from './call.ts'
import { changes, eventsOf } from './standard-changes.ts'
import { pick, readGet } from './standard-get.ts'

function threadState({ house, account }: Call): string {
	return String(house.reader.emails.states(account.id)?.thread ?? 0)
}

/** RFC 8621 section 3.1. */
export function getThreads(call: Call, args: Record<string, unknown>): Responses {
	const { accountId, ids, properties } = readGet(call, args, ['id', 'emailIds'])
	const { emails } = call.house.reader
	const list: Record<string, unknown>[] = []
	const notFound: string[] = []
	const state = threadState(call)
	for (const id of ids ?? allThreads(call)) {
		const thread = threadOf(id)
		const inside = thread === null ? [] : emails.thread(call.account.id, thread)
		if (inside.length === 0) notFound.push(id)
		else list.push(pick({ id, emailIds: inside.map(one => `M${one.hash}`) }, properties))
	}
	return [['Thread/get', { accountId, state, list, notFound }]]
}

function allThreads({ house, account }: Call): string[] {
	const threads = [...new Set(house.reader.emails.since(account.id, 0).map(one => one.thread))]
	if (threads.length > LIMITS.maxObjectsInGet)
		throw new jmap.MethodRefused('requestTooLarge', `there are more than ${LIMITS.maxObjectsInGet}: name ids`)
	return threads.map(threadId)
}

/** RFC 8621 section 3.2. */
export function threadChanges(call: Call, args: Record<string, unknown>): Responses {
	const { emails } = call.house.reader
	const { events: _, ...answer } = changes(
		call,
		args,
		() => Number(threadState(call)),
		since => {
			if (since < (emails.states(call.account.id)?.floor ?? 0)) return null
			const all = emails.threadsSince(call.account.id, since)
			const asRecord = ({ thread, ...rest }: (typeof all)[number]) => ({
				...rest,
				key: threadId(thread),
				id: threadId(thread),
			})
			const there = all.filter(({ lives }) => lives).map(asRecord)
			return eventsOf(since, there, all.filter(({ lives }) => !lives).map(asRecord))
		},
	)
	return [['Thread/changes', answer]]
}
