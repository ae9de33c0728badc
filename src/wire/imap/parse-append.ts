import type { Cursor } from './cursor.ts'
import { parseDateTime } from './dates.ts'
import type { AppendMessage, CatenatePart, CommandBody } from './types.ts'

/** One message or more (RFC 3502). */
export function parseAppend(cursor: Cursor): CommandBody {
	cursor.space()
	const mailbox = cursor.mailbox()
	const messages: AppendMessage[] = []
	do {
		cursor.space()
		messages.push(appended(cursor))
	} while (cursor.ahead === ' ')
	return { name: 'APPEND', mailbox, messages }
}

/** RFC 8508 section 3. */
export function parseReplace(cursor: Cursor, uid: boolean): CommandBody {
	cursor.space()
	const number = cursor.one()
	cursor.space()
	const mailbox = cursor.mailbox()
	cursor.space()
	return { name: 'REPLACE', uid, number, mailbox, message: appended(cursor) }
}

function appended(cursor: Cursor): AppendMessage {
	let flags: string[] = []
	let date: number | null = null
	if (cursor.ahead === '(') {
		flags = cursor.list(() => cursor.flag(), true)
		cursor.space()
	}
	if (cursor.ahead === '"') {
		date = parseDateTime(cursor.octets())
		if (date === null) cursor.fault('date and time')
		cursor.space()
	}
	if (cursor.skip('CATENATE ')) {
		return { flags, date, octets: 0, utf8: false, catenate: cursor.list(() => catenated(cursor)) }
	}
	const utf8 = cursor.skip('UTF8 (')
	const octets = cursor.message()
	if (utf8) cursor.expect(')')
	return { flags, date, octets, utf8, catenate: null }
}

function catenated(cursor: Cursor): CatenatePart {
	if (cursor.skip('URL ')) return { url: cursor.octets() }
	cursor.expect('TEXT ')
	return { octets: cursor.message() }
}
