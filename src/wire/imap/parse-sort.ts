import type { Cursor } from './cursor.ts'
import { readCharset, readKeys, readReturns } from './parse-search.ts'
import { type CommandBody, SORT_FIELDS, type SortCriterion, THREAD_ALGORITHMS } from './types.ts'

// There are half as many, and none says more the second time.
const MOST_CRITERIA = 20

/** SORT of RFC 5256, with the return options of RFC 5267 (ESORT) and the display names of RFC 5957. */
export function parseSort(cursor: Cursor, uid: boolean): CommandBody {
	cursor.space()
	const returns = readReturns(cursor)
	const criteria = cursor.list(() => readCriterion(cursor), false, MOST_CRITERIA)
	cursor.space()
	const charset = readCharset(cursor, returns)
	cursor.space()
	return { name: 'SORT', uid, criteria, charset, returns, key: readKeys(cursor, charset) }
}

function readCriterion(cursor: Cursor): SortCriterion {
	let word = cursor.word('sort criterion')
	const reverse = word === 'REVERSE'
	if (reverse) {
		cursor.space()
		word = cursor.word('sort criterion')
	}
	const field = SORT_FIELDS.find(one => one === word)
	return field ? { field, reverse } : cursor.fault('sort criterion')
}

/** THREAD of RFC 5256. */
export function parseThread(cursor: Cursor, uid: boolean): CommandBody {
	cursor.space()
	const word = cursor.word('thread algorithm')
	const algorithm = THREAD_ALGORITHMS.find(one => one === word) ?? cursor.fault('thread algorithm')
	cursor.space()
	const charset = readCharset(cursor, null)
	cursor.space()
	return { name: 'THREAD', uid, algorithm, charset, key: readKeys(cursor, charset) }
}
