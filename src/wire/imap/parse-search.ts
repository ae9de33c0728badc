import iconv from 'iconv-lite'
import { type Cursor, SyntaxFault } from './cursor.ts'
import { readDay } from './dates.ts'
import { type CommandBody, SEARCH_RETURNS, type SearchKey, type SearchReturn } from './types.ts'

/** A charset nobody here can read: NO [BADCHARSET]. */
export class BadCharset extends Error {}

// A key in a key in a key: deeper than anybody asks, shallower than our stack.
const DEEPEST = 50

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
	let returns: SearchReturn[] | null = null
	if (cursor.skip('RETURN ')) {
		returns = cursor.list(() => {
			const word = cursor.word('search return option')
			return SEARCH_RETURNS.find(option => option === word) ?? cursor.fault('search return option')
		}, true)
		cursor.space()
	}
	let charset: string | null = null
	if (cursor.skip('CHARSET ')) {
		charset = cursor.octets()
		if (!iconv.encodingExists(charset)) throw new BadCharset(charset)
		cursor.space()
	}
	const keys = new Keys(cursor, charset ?? 'utf-8')
	const all: SearchKey[] = []
	do all.push(keys.key(0))
	while (cursor.skip(' '))
	return { name: 'SEARCH', uid, charset, returns, key: all.length === 1 ? all[0]! : { key: 'AND', all } }
}

class Keys {
	#cursor: Cursor
	#charset: string

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
			case 'MODSEQ':
				cursor.space()
				return { key: word, modseq: this.#modseq() }
			case 'EMAILID':
			case 'THREADID':
				cursor.space()
				return { key: word, id: cursor.octets() }
			case 'NOT':
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
