import { toUtf8 } from './strings.ts'
import { type Range, type SequenceSet, STAR } from './types.ts'
import { encodeUtf7 } from './utf7.ts'

/* The words that commands are made of, as a client writes them. */

export function formatSequenceSet(set: SequenceSet): string {
	return set === '$' ? '$' : ranges(set)
}

export function ranges(list: Range[]): string {
	return list.map(([from, to]) => (from === to ? bound(from) : `${bound(from)}:${bound(to)}`)).join(',')
}

export function bound(number: number): string {
	return number === STAR ? '*' : String(number)
}

/** @param utf8 as UTF-8, not as modified UTF-7 */
export function mailbox(name: string, utf8: boolean): string {
	return astring(utf8 ? toUtf8(name) : encodeUtf7(name))
}

export function text(text: string): string {
	return astring(toUtf8(text))
}

/** astring: an atom, a quoted string or a literal, whichever is enough. */
export function astring(octets: string): string {
	if (/^[\w./-]+$/.test(octets) && octets.toUpperCase() !== 'NIL') return octets
	return string(octets)
}

export function string(octets: string): string {
	if (/^[^\x00\r\n\x80-\xff]*$/.test(octets)) return `"${octets.replace(/["\\]/g, '\\$&')}"`
	return `{${octets.length}+}\r\n${octets}`
}
