import iconv from 'iconv-lite'
import { type Cursor, SyntaxFault } from './cursor.ts'
import { readDay } from './dates.ts'
import { readFilter } from './parse-filter.ts'
import {
	type CommandBody,
	type MailboxFilter,
	type PartialRange,
	type ReturnOptions,
	SEARCH_RETURNS,
	type SearchKey,
	type SearchReturn,
} from './types.ts'

/** A charset nobody here can read: NO [BADCHARSET]. */
export class BadCharset extends Error {
	/** What was to be saved is nothing now (RFC 9051 section 6.4.4.1). */
	readonly saves: boolean

	constructor(charset: string, saves: boolean) {
		super(charset)
		this.saves = saves
	}
}

// A key in a key in a key: deeper than anybody asks, shallower than our stack.
const DEEPEST = 50
// Each is asked of each message.
const MOST_KEYS = 1000

const FLAG_KEYS: Record<string, [flag: string, is: boolean]> = {
	ANSWERED: ['\\Answered', true],
	DELETED: ['\\Deleted', true],
	DRAFT: ['\\Draft', true],
	FLAGGED: ['\\Flagged', true],
	SEEN: ['\\Seen', true],
	UNANSWERED: ['\\Answered', false],
	UNDELETED: ['\\Deleted', false],
	UNDRAFT: ['\\Draft', false],
	UNFLAGGED: ['\\Flagged', false],
	UNSEEN: ['\\Seen', false],
}

export function parseSearch(cursor: Cursor, uid: boolean): CommandBody {
	cursor.space()
	const returns = readReturns(cursor)
	const charset = optionalCharset(cursor, returns)
	return { name: 'SEARCH', uid, charset, returns, key: readKeys(cursor, charset) }
}

/** ESEARCH, the command: a search in several mailboxes (RFC 7377 section 2.1). */
export function parseMultiSearch(cursor: Cursor): CommandBody {
	cursor.space()
	let sources: MailboxFilter[] | null = null
	if (cursor.skip('IN ')) {
		sources = cursor.list(() => readFilter(cursor))
		cursor.space()
	}
	const returns = readReturns(cursor)
	const charset = optionalCharset(cursor, returns)
	return { name: 'ESEARCH', sources, charset, returns, key: readKeys(cursor, charset) }
}

/** `RETURN (…) `, when it is there. */
export function readReturns(cursor: Cursor): ReturnOptions | null {
	if (!cursor.skip('RETURN ')) return null
	const items: SearchReturn[] = []
	let partial: PartialRange | null = null
	cursor.list(() => {
		const word = cursor.word('search return option')
		if (word === 'PARTIAL') {
			cursor.space()
			partial = readPartial(cursor)
		} else items.push(SEARCH_RETURNS.find(option => option === word) ?? cursor.fault('search return option'))
	}, true)
	cursor.space()
	return { items, partial }
}

/** partial-range of RFC 9394: `1:100` or `-1:-100`. */
export function readPartial(cursor: Cursor): PartialRange {
	const sign = cursor.skip('-') ? -1 : 1
	const from = cursor.number()
	cursor.expect(sign < 0 ? ':-' : ':')
	const to = cursor.number()
	if (from === 0 || to === 0) cursor.fault('number above zero')
	return [sign * from, sign * to]
}

function optionalCharset(cursor: Cursor, returns: ReturnOptions | null): string | null {
	if (!cursor.skip('CHARSET ')) return null
	const charset = readCharset(cursor, returns)
	cursor.space()
	return charset
}

/** @throws BadCharset */
export function readCharset(cursor: Cursor, returns: ReturnOptions | null): string {
	const charset = cursor.octets()
	if (!hasAscii(charset)) throw new BadCharset(charset, returns?.items.includes('SAVE') === true)
	return charset
}

/** Letters, digits and what all charsets write as ASCII does (in Shift_JIS "\\" and "~" may be others). */
const ASCII = Buffer.from(
	Array.from({ length: 0x7e - 0x20 }, (_, i) => 0x20 + i).filter(code => code !== 0x5c),
)

/** Can ASCII be read as it is? Not in UTF-7 and UTF-16, nor in what only iconv calls a charset (base64). */
function hasAscii(charset: string): boolean {
	return iconv.encodingExists(charset) && iconv.decode(ASCII, charset) === ASCII.toString('latin1')
}

export function readKeys(cursor: Cursor, charset: string | null): SearchKey {
	const keys = new Keys(cursor, charset ?? 'utf-8')
	const all: SearchKey[] = []
	do all.push(keys.key(0))
	while (cursor.skip(' '))
	return all.length === 1 ? all[0]! : { key: 'AND', all }
}

class Keys {
	#cursor: Cursor
	#charset: string
	#keys = 0

	constructor(cursor: Cursor, charset: string) {
		this.#cursor = cursor
		this.#charset = charset
	}

	#string(): string {
		this.#cursor.space()
		const octets = this.#cursor.octets()
		return /[\x80-\xff\x1b]/.test(octets)
			? iconv.decode(Buffer.from(octets, 'latin1'), this.#charset)
			: octets
	}

	key(depth: number): SearchKey {
		const cursor = this.#cursor
		if (depth > DEEPEST) throw new SyntaxFault('search keys too deep')
		if (++this.#keys > MOST_KEYS) throw new SyntaxFault('too many search keys')
		if (cursor.ahead === '(') {
			const all = cursor.list(() => this.key(depth + 1))
			return all.length === 1 ? all[0]! : { key: 'AND', all }
		}
		if (/^[\d*$]$/.test(cursor.ahead)) return { key: 'sequence', set: cursor.sequenceSet() }
		const word = cursor.word('search key')
		const flag = FLAG_KEYS[word]
		if (flag) return { key: 'flag', flag: flag[0], is: flag[1] }
		switch (word) {
			case 'ALL':
				return { key: 'ALL' }
			case 'NEW':
			case 'RECENT':
				return { key: 'recent', is: true }
			case 'OLD':
				return { key: 'recent', is: false }
			case 'KEYWORD':
			case 'UNKEYWORD':
				cursor.space()
				return { key: 'flag', flag: cursor.flag(), is: word === 'KEYWORD' }
			case 'FROM':
			case 'TO':
			case 'CC':
			case 'BCC':
			case 'SUBJECT':
			case 'BODY':
			case 'TEXT':
				return { key: word, text: this.#string() }
			case 'HEADER':
				cursor.space()
				return { key: word, field: cursor.octets(), text: this.#string() }
			case 'BEFORE':
			case 'ON':
			case 'SINCE':
			case 'SENTBEFORE':
			case 'SENTON':
			case 'SENTSINCE':
			case 'SAVEDBEFORE':
			case 'SAVEDON':
			case 'SAVEDSINCE':
				cursor.space()
				return { key: word, day: readDay(cursor) }
			case 'SAVEDATESUPPORTED':
				return { key: 'ALL' }
			case 'LARGER':
			case 'SMALLER':
				cursor.space()
				return { key: word, octets: cursor.number64() }
			case 'OLDER':
			case 'YOUNGER':
				cursor.space()
				return { key: word, seconds: cursor.number() }
			case 'UID':
				cursor.space()
				return { key: word, set: cursor.sequenceSet() }
			// RFC 9738 section 3.2: to go on where MESSAGELIMIT stopped.
			case 'UIDAFTER':
				cursor.space()
				return uidsBetween(cursor.number() + 1, 0xffffffff)
			case 'UIDBEFORE':
				cursor.space()
				return uidsBetween(1, cursor.number() - 1)
			case 'MODSEQ':
				cursor.space()
				return { key: word, modseq: this.#modseq() }
			case 'EMAILID':
			case 'THREADID':
				cursor.space()
				return { key: word, id: cursor.octets() }
			case 'NOT':
			case 'FUZZY':
				cursor.space()
				return { key: word, of: this.key(depth + 1) }
			case 'OR': {
				cursor.space()
				const either = this.key(depth + 1)
				cursor.space()
				return { key: word, either, or: this.key(depth + 1) }
			}
			default:
				return cursor.fault('search key')
		}
	}

	/** `["/flags/\\Seen" all] 620`: the entry is read and not used, modseqs here are of whole messages (RFC 7162 3.1.5). */
	#modseq(): number {
		const cursor = this.#cursor
		if (cursor.ahead === '"') {
			cursor.octets()
			cursor.space()
			cursor.word('entry type')
			cursor.space()
		}
		return cursor.number64()
	}
}

function uidsBetween(from: number, to: number): SearchKey {
	return { key: 'UID', set: from <= to ? [[from, to]] : [] }
}
