import type { Cursor } from './cursor.ts'
import { readPartial } from './parse-search.ts'
import {
	type CommandBody,
	type FetchItem,
	type Partial,
	type PartialRange,
	type Section,
	SIMPLE_ITEMS,
	type SimpleItem,
} from './types.ts'

// More than anybody asks of one message; each costs its time.
export const MOST_FETCH_ITEMS = 250

const MACROS: Record<string, SimpleItem[]> = {
	ALL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE'],
	FAST: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
	FULL: ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY'],
}

export function parseFetch(cursor: Cursor, uid: boolean): CommandBody {
	cursor.space()
	const set = cursor.sequenceSet()
	cursor.space()
	const items = fetchItems(cursor)
	let changedSince: number | null = null
	let vanished = false
	let partial: PartialRange | null = null
	if (cursor.skip(' (')) {
		do {
			if (cursor.skip('CHANGEDSINCE ')) changedSince = cursor.number64()
			else if (cursor.skip('VANISHED')) vanished = true
			else if (cursor.skip('PARTIAL ')) partial = readPartial(cursor)
			else cursor.fault('fetch modifier')
		} while (cursor.skip(' '))
		cursor.expect(')')
	}
	return { name: 'FETCH', uid, set, items, changedSince, vanished, partial }
}

function fetchItems(cursor: Cursor): FetchItem[] {
	if (cursor.ahead === '(') return cursor.list(() => fetchItem(cursor), false, MOST_FETCH_ITEMS)
	for (const [macro, items] of Object.entries(MACROS)) {
		if (cursor.skip(macro)) return items.map(item => ({ item }))
	}
	return [fetchItem(cursor)]
}

export function fetchItem(cursor: Cursor): FetchItem {
	const word = cursor.word('fetch item')
	if (cursor.ahead === '[') {
		switch (word) {
			case 'BODY':
			case 'BODY.PEEK':
				return {
					item: 'BODY[]',
					peek: word === 'BODY.PEEK',
					section: section(cursor),
					partial: octetRange(cursor),
				}
			case 'BINARY':
			case 'BINARY.PEEK':
				return {
					item: 'BINARY[]',
					peek: word === 'BINARY.PEEK',
					part: partOnly(cursor),
					partial: octetRange(cursor),
				}
			case 'BINARY.SIZE':
				return { item: 'BINARY.SIZE[]', part: partOnly(cursor) }
		}
	}
	if (word === 'PREVIEW') return { item: 'PREVIEW', lazy: cursor.skip(' (LAZY)') }
	const item = SIMPLE_ITEMS.find(simple => simple === word)
	return item ? { item } : cursor.fault('fetch item')
}

function partOnly(cursor: Cursor): number[] {
	const { part, text } = section(cursor)
	return text === null ? part : cursor.fault('part number')
}

export function section(cursor: Cursor): Section {
	cursor.expect('[')
	const part: number[] = []
	while (/^\d$/.test(cursor.ahead)) {
		const number = cursor.number()
		if (number === 0) cursor.fault('part number')
		part.push(number)
		if (!cursor.skip('.')) {
			cursor.expect(']')
			return { part, text: null, fields: [] }
		}
	}
	if (part.length === 0 && cursor.skip(']')) return { part, text: null, fields: [] }
	const text = cursor.word('section')
	let fields: string[] = []
	switch (text) {
		case 'HEADER.FIELDS':
		case 'HEADER.FIELDS.NOT':
			cursor.space()
			fields = cursor.list(() => cursor.octets())
			break
		case 'MIME':
			if (part.length === 0) cursor.fault('part number')
			break
		case 'HEADER':
		case 'TEXT':
			break
		default:
			cursor.fault('section')
	}
	cursor.expect(']')
	return { part, text, fields }
}

function octetRange(cursor: Cursor): Partial | null {
	if (!cursor.skip('<')) return null
	const offset = cursor.number()
	cursor.expect('.')
	const length = cursor.number()
	if (length === 0) cursor.fault('number above zero')
	cursor.expect('>')
	return { offset, length }
}
