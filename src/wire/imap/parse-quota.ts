import type { Cursor } from './cursor.ts'
import type { CommandBody } from './types.ts'

/** RFC 9208 section 4.1. */
export function parseGetQuota(cursor: Cursor): CommandBody {
	cursor.space()
	return { name: 'GETQUOTA', root: cursor.text() }
}

export function parseGetQuotaRoot(cursor: Cursor): CommandBody {
	cursor.space()
	return { name: 'GETQUOTAROOT', mailbox: cursor.mailbox() }
}

export function parseSetQuota(cursor: Cursor): CommandBody {
	cursor.space()
	const root = cursor.text()
	cursor.space()
	const limits = cursor.list((): [string, number] => {
		const resource = cursor.atom('resource').toUpperCase()
		cursor.space()
		return [resource, cursor.number64()]
	}, true)
	return { name: 'SETQUOTA', root, limits }
}
