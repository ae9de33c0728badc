import type { Cursor } from './cursor.ts'
import type { CommandBody, Depth } from './types.ts'

/** RFC 5464 section 4.2; options are read where its grammar has them and where its examples have them. */
export function parseGetMetadata(cursor: Cursor): CommandBody {
	cursor.space()
	let depth: Depth = 0
	let maxSize: number | null = null
	const options = () => {
		cursor.list(() => {
			if (cursor.skip('DEPTH ')) depth = readDepth(cursor)
			else if (cursor.skip('MAXSIZE ')) maxSize = cursor.number()
			else cursor.fault('metadata option')
		})
		cursor.space()
	}
	const before = cursor.ahead === '('
	if (before) options()
	const mailbox = cursor.mailbox()
	cursor.space()
	// QUIRK: the grammar puts the options before the mailbox, erratum 3868 and several clients after it.
	if (!before && cursor.skip('(DEPTH ')) {
		depth = readDepth(cursor)
		if (cursor.skip(' MAXSIZE ')) maxSize = cursor.number()
		cursor.expect(') ')
	} else if (!before && cursor.skip('(MAXSIZE ')) {
		maxSize = cursor.number()
		if (cursor.skip(' DEPTH ')) depth = readDepth(cursor)
		cursor.expect(') ')
	}
	return { name: 'GETMETADATA', mailbox, entries: readEntries(cursor), depth, maxSize }
}

function readDepth(cursor: Cursor): Depth {
	if (cursor.skip('INFINITY')) return 'infinity'
	return cursor.number(1) as 0 | 1
}

/** One entry name, or some in parentheses. */
export function readEntries(cursor: Cursor): string[] {
	return cursor.ahead === '(' ? cursor.list(() => readEntry(cursor)) : [readEntry(cursor)]
}

/** Entry names do not mind case (section 3.2): lower case it is. */
function readEntry(cursor: Cursor): string {
	return cursor.octets().toLowerCase()
}

export function parseSetMetadata(cursor: Cursor): CommandBody {
	cursor.space()
	const mailbox = cursor.mailbox()
	cursor.space()
	const entries = cursor.list((): [string, string | null] => {
		const entry = readEntry(cursor)
		cursor.space()
		return [entry, cursor.nvalue()]
	})
	return { name: 'SETMETADATA', mailbox, entries }
}
