import type { Cursor } from './cursor.ts'
import { fetchItem, MOST_FETCH_ITEMS } from './parse-fetch.ts'
import { readFilter } from './parse-filter.ts'
import type { CommandBody, FetchItem, NotifyGroup } from './types.ts'

/** RFC 5465 section 8. */
export function parseNotify(cursor: Cursor): CommandBody {
	cursor.space()
	if (cursor.skip('NONE')) return { name: 'NOTIFY', status: false, groups: null }
	cursor.expect('SET')
	const status = cursor.skip(' STATUS')
	const groups: NotifyGroup[] = []
	while (cursor.skip(' ')) groups.push(readGroup(cursor))
	return groups.length > 0 ? { name: 'NOTIFY', status, groups } : cursor.fault('event group')
}

function readGroup(cursor: Cursor): NotifyGroup {
	cursor.expect('(')
	const filter = readFilter(cursor)
	cursor.space()
	const events: string[] = []
	const items: FetchItem[] = []
	if (!cursor.skip('NONE')) {
		cursor.list(() => {
			const event = cursor.word('event')
			events.push(event)
			if (event === 'MESSAGENEW' && cursor.skip(' ('))
				items.push(...cursor.restOfList(() => fetchItem(cursor), MOST_FETCH_ITEMS))
		})
	}
	cursor.expect(')')
	return { filter, events, items }
}
