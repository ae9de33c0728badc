import type { Cursor } from './cursor.ts'
import { readEntries } from './parse-metadata.ts'
import {
	type CommandBody,
	LIST_RETURNS,
	LIST_SELECTIONS,
	type ListReturn,
	type ListSelection,
	STATUS_ITEMS,
	type StatusItem,
} from './types.ts'

// Each is compared with each name.
const MOST_PATTERNS = 50

/** LIST of RFC 3501 and of RFC 5258 with RETURN (STATUS (…)) of RFC 5819 and RETURN (METADATA (…)) of RFC 9590. */
export function parseList(cursor: Cursor): CommandBody {
	cursor.space()
	let extended = false
	let select: ListSelection[] = []
	if (cursor.ahead === '(') {
		extended = true
		select = cursor.list(() => oneOf(cursor, LIST_SELECTIONS, 'list selection option'), true)
		cursor.space()
	}
	const reference = cursor.mailbox()
	cursor.space()
	let patterns: string[]
	if (cursor.ahead === '(') {
		extended = true
		patterns = cursor.list(() => cursor.pattern(), false, MOST_PATTERNS)
	} else patterns = [cursor.pattern()]
	const returns: ListReturn[] = []
	let status: StatusItem[] | null = null
	let metadata: string[] | null = null
	if (cursor.skip(' RETURN ')) {
		extended = true
		cursor.list(() => {
			if (cursor.skip('STATUS ')) status = statusItems(cursor)
			else if (cursor.skip('METADATA ')) metadata = readEntries(cursor)
			else returns.push(oneOf(cursor, LIST_RETURNS, 'list return option'))
		}, true)
	}
	return { name: 'LIST', reference, patterns, select, returns, status, metadata, extended }
}

export function statusItems(cursor: Cursor): StatusItem[] {
	return cursor.list(() => oneOf(cursor, STATUS_ITEMS, 'status item'))
}

function oneOf<Word extends string>(cursor: Cursor, words: readonly Word[], what: string): Word {
	const word = cursor.word(what)
	return words.find(known => known === word) ?? cursor.fault(what)
}
