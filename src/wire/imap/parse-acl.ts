import type { Cursor } from './cursor.ts'
import type { CommandBody } from './types.ts'

/** RFC 4314 section 3.1: rights to be set, added (`+`) or taken away (`-`). */
export function parseSetAcl(cursor: Cursor): CommandBody {
	const { mailbox, identifier } = whom(cursor)
	cursor.space()
	const [, sign, rights] = /^([+-]?)([a-z0-9]*)$/s.exec(cursor.text()) ?? cursor.fault('rights')
	const how = sign === '+' ? 'add' : sign === '-' ? 'remove' : 'set'
	return { name: 'SETACL', mailbox, identifier, how, rights: rights! }
}

export function parseDeleteAcl(cursor: Cursor): CommandBody {
	return { name: 'DELETEACL', ...whom(cursor) }
}

export function parseListRights(cursor: Cursor): CommandBody {
	return { name: 'LISTRIGHTS', ...whom(cursor) }
}

function whom(cursor: Cursor): { mailbox: string; identifier: string } {
	cursor.space()
	const mailbox = cursor.mailbox()
	cursor.space()
	return { mailbox, identifier: cursor.text() }
}
