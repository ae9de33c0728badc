import { Cursor, SyntaxFault } from './cursor.ts'
import { parseDeleteAcl, parseListRights, parseSetAcl } from './parse-acl.ts'
import { parseAppend, parseReplace } from './parse-append.ts'
import { parseFetch } from './parse-fetch.ts'
import { parseList, statusItems } from './parse-list.ts'
import { parseGetMetadata, parseSetMetadata } from './parse-metadata.ts'
import { parseNotify } from './parse-notify.ts'
import { parseGetQuota, parseGetQuotaRoot, parseSetQuota } from './parse-quota.ts'
import { BadCharset, parseMultiSearch, parseSearch } from './parse-search.ts'
import { parseSort, parseThread } from './parse-sort.ts'
import {
	type BareName,
	type Command,
	type CommandBody,
	type Piece,
	type QresyncParameters,
	Refusal,
} from './types.ts'

/**
 * One command of a client. @throws Refusal with the tagged answer to give
 * @param utf8 mailbox names are UTF-8: the client enabled UTF8=ACCEPT or IMAP4rev2
 */
export function parse(pieces: Piece[], utf8 = false): Command {
	const cursor = new Cursor(pieces, utf8)
	let tag = '*'
	try {
		tag = readTag(cursor)
		cursor.space()
		const word = cursor.word('command')
		const read = COMMANDS.get(word)
		if (!read) throw new SyntaxFault(`unknown command ${word.slice(0, 40)}`)
		const body = read(cursor)
		cursor.end()
		return { tag, ...body }
	} catch (error) {
		if (error instanceof SyntaxFault) throw new Refusal(tag, error.message)
		if (error instanceof BadCharset)
			throw new Refusal(tag, 'unknown charset', 'NO', 'BADCHARSET (UTF-8 US-ASCII)', error.saves)
		throw error
	}
}

function readTag(cursor: Cursor): string {
	const tag = cursor.atom('tag')
	if (tag.includes('+')) throw new SyntaxFault('a tag has no "+"')
	return tag
}

type Read = (cursor: Cursor) => CommandBody

function bare(name: BareName): [string, Read] {
	return [name, () => ({ name })]
}

function onMailbox(name: 'DELETE' | 'SUBSCRIBE' | 'UNSUBSCRIBE' | 'GETACL' | 'MYRIGHTS'): [string, Read] {
	return [
		name,
		cursor => {
			cursor.space()
			return { name, mailbox: cursor.mailbox() }
		},
	]
}

const COMMANDS = new Map<string, Read>([
	bare('CAPABILITY'),
	bare('NOOP'),
	bare('LOGOUT'),
	bare('STARTTLS'),
	bare('NAMESPACE'),
	bare('CHECK'),
	bare('CLOSE'),
	bare('UNSELECT'),
	bare('IDLE'),
	bare('UNAUTHENTICATE'),
	bare('GETJMAPACCESS'),
	['ID', readId],
	['LOGIN', readLogin],
	['AUTHENTICATE', readAuthenticate],
	['ENABLE', readEnable],
	['SELECT', cursor => readSelect(cursor, 'SELECT')],
	['EXAMINE', cursor => readSelect(cursor, 'EXAMINE')],
	['CREATE', readCreate],
	onMailbox('DELETE'),
	onMailbox('SUBSCRIBE'),
	onMailbox('UNSUBSCRIBE'),
	['RENAME', readRename],
	['LIST', parseList],
	['LSUB', readLsub],
	['STATUS', readStatus],
	['APPEND', parseAppend],
	['EXPUNGE', () => ({ name: 'EXPUNGE', uids: null })],
	['SEARCH', cursor => parseSearch(cursor, false)],
	['FETCH', cursor => parseFetch(cursor, false)],
	['STORE', cursor => readStore(cursor, false)],
	['COPY', cursor => readCopy(cursor, 'COPY', false)],
	['MOVE', cursor => readCopy(cursor, 'MOVE', false)],
	['SORT', cursor => parseSort(cursor, false)],
	['THREAD', cursor => parseThread(cursor, false)],
	['ESEARCH', parseMultiSearch],
	['REPLACE', cursor => parseReplace(cursor, false)],
	['COMPRESS', readCompress],
	['GETQUOTA', parseGetQuota],
	['GETQUOTAROOT', parseGetQuotaRoot],
	['SETQUOTA', parseSetQuota],
	['GETMETADATA', parseGetMetadata],
	['SETMETADATA', parseSetMetadata],
	['NOTIFY', parseNotify],
	['SETACL', parseSetAcl],
	['DELETEACL', parseDeleteAcl],
	['LISTRIGHTS', parseListRights],
	onMailbox('GETACL'),
	onMailbox('MYRIGHTS'),
	['UID', readUid],
])

function readUid(cursor: Cursor): CommandBody {
	cursor.space()
	switch (cursor.word('command')) {
		case 'FETCH':
			return parseFetch(cursor, true)
		case 'SEARCH':
			return parseSearch(cursor, true)
		case 'SORT':
			return parseSort(cursor, true)
		case 'THREAD':
			return parseThread(cursor, true)
		case 'REPLACE':
			return parseReplace(cursor, true)
		case 'STORE':
			return readStore(cursor, true)
		case 'COPY':
			return readCopy(cursor, 'COPY', true)
		case 'MOVE':
			return readCopy(cursor, 'MOVE', true)
		case 'EXPUNGE':
			cursor.space()
			return { name: 'EXPUNGE', uids: cursor.sequenceSet() }
		default:
			throw new SyntaxFault('unknown UID command')
	}
}

function readId(cursor: Cursor): CommandBody {
	cursor.space()
	if (cursor.skip('NIL')) return { name: 'ID', fields: null }
	const fields = cursor.list((): [string, string | null] => {
		const field = cursor.text()
		cursor.space()
		return [field, cursor.nstring()]
	}, true)
	return { name: 'ID', fields }
}

function readLogin(cursor: Cursor): CommandBody {
	cursor.space()
	const login = cursor.text()
	cursor.space()
	return { name: 'LOGIN', login, password: cursor.text() }
}

function readAuthenticate(cursor: Cursor): CommandBody {
	cursor.space()
	const mechanism = cursor.atom('mechanism').toUpperCase()
	const initial = cursor.skip(' ') ? cursor.octets() : null
	return { name: 'AUTHENTICATE', mechanism, initial }
}

function readEnable(cursor: Cursor): CommandBody {
	const extensions: string[] = []
	while (cursor.skip(' ')) extensions.push(cursor.atom('extension').toUpperCase())
	return extensions.length > 0 ? { name: 'ENABLE', extensions } : cursor.fault('extension')
}

function readSelect(cursor: Cursor, name: 'SELECT' | 'EXAMINE'): CommandBody {
	cursor.space()
	const mailbox = cursor.mailbox()
	let condstore = false
	let qresync: QresyncParameters | null = null
	if (cursor.skip(' ')) {
		cursor.list(() => {
			if (cursor.skip('CONDSTORE')) condstore = true
			else if (cursor.skip('QRESYNC ')) qresync = readQresync(cursor)
			else cursor.fault('select parameter')
		})
	}
	return { name, mailbox, condstore, qresync }
}

function readQresync(cursor: Cursor): QresyncParameters {
	cursor.expect('(')
	const uidValidity = cursor.number()
	cursor.space()
	const modseq = cursor.number64()
	let known: QresyncParameters['known'] = null
	let match: QresyncParameters['match'] = null
	if (cursor.skip(' ') && cursor.ahead !== '(') {
		known = cursor.ranges()
		if (cursor.skip(' ')) match = readMatch(cursor)
	} else if (cursor.ahead === '(') match = readMatch(cursor)
	cursor.expect(')')
	return { uidValidity, modseq, known, match }
}

function readMatch(cursor: Cursor): NonNullable<QresyncParameters['match']> {
	cursor.expect('(')
	const sequence = cursor.ranges()
	cursor.space()
	const uids = cursor.ranges()
	cursor.expect(')')
	return { sequence, uids }
}

function readCreate(cursor: Cursor): CommandBody {
	cursor.space()
	const mailbox = cursor.mailbox()
	let use: string[] = []
	if (cursor.skip(' (')) {
		cursor.expect('USE ')
		use = cursor.list(() => cursor.flag(), true)
		cursor.expect(')')
	}
	return { name: 'CREATE', mailbox, use }
}

function readRename(cursor: Cursor): CommandBody {
	cursor.space()
	const mailbox = cursor.mailbox()
	cursor.space()
	return { name: 'RENAME', mailbox, to: cursor.mailbox() }
}

function readCompress(cursor: Cursor): CommandBody {
	cursor.space()
	return { name: 'COMPRESS', mechanism: cursor.atom('mechanism').toUpperCase() }
}

function readLsub(cursor: Cursor): CommandBody {
	cursor.space()
	const reference = cursor.mailbox()
	cursor.space()
	return { name: 'LSUB', reference, pattern: cursor.pattern() }
}

function readStatus(cursor: Cursor): CommandBody {
	cursor.space()
	const mailbox = cursor.mailbox()
	cursor.space()
	return { name: 'STATUS', mailbox, items: statusItems(cursor) }
}

function readStore(cursor: Cursor, uid: boolean): CommandBody {
	cursor.space()
	const set = cursor.sequenceSet()
	cursor.space()
	let unchangedSince: number | null = null
	if (cursor.skip('(UNCHANGEDSINCE ')) {
		unchangedSince = cursor.number64()
		cursor.expect(') ')
	}
	const how = cursor.skip('+') ? 'add' : cursor.skip('-') ? 'remove' : 'set'
	cursor.expect('FLAGS')
	const silent = cursor.skip('.SILENT')
	cursor.space()
	let flags: string[] = []
	if (cursor.ahead === '(') flags = cursor.list(() => cursor.flag(), true)
	else {
		do flags.push(cursor.flag())
		while (cursor.skip(' '))
	}
	return { name: 'STORE', uid, set, how, silent, flags, unchangedSince }
}

function readCopy(cursor: Cursor, name: 'COPY' | 'MOVE', uid: boolean): CommandBody {
	cursor.space()
	const set = cursor.sequenceSet()
	cursor.space()
	return { name, uid, set, mailbox: cursor.mailbox() }
}
