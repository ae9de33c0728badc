import { decodeText } from './charset.ts'
import { decodeHeader, printable } from './encoded-word.ts'
import { hexDigit } from './transfer.ts'

/** More parameters than anyone writes; the rest is not read. */
const MOST = 200

type Section = { number: number; extended: boolean; text: string }

/**
 * A value with parameters (RFC 2045 section 5.1): `text/plain; charset=utf-8`. `value` in lower case without comments,
 * parameter names in lower case, their values decoded (RFC 2231).
 */
export function readParameters(text: string): { value: string; params: Record<string, string> } {
	const semicolon = endOfValue(text, 0)
	const value = withoutComments(text.slice(0, semicolon)).toLowerCase()
	const params: Record<string, string> = {}
	if (semicolon >= text.length) return { value, params }
	let sections: Map<string, Section[]> | null = null
	let count = 0
	for (let at = semicolon + 1; at < text.length && count < MOST; count++) {
		const parameter = readOne(text, at)
		at = parameter.next
		const { name } = parameter
		if (!/^[!-~]{1,100}$/.test(name)) continue
		const star = name.indexOf('*')
		const section = star > 0 ? asSection(name.slice(star + 1), parameter.value) : null
		if (section) {
			sections ??= new Map()
			const base = name.slice(0, star)
			const those = sections.get(base)
			if (those) those.push(section)
			else sections.set(base, [section])
		} else if (!Object.hasOwn(params, name)) {
			// QUIRK: encoded words have no business here (RFC 2047 section 5), yet many mailers write file names so.
			params[name] = decodeHeader(parameter.value)
		}
	}
	// Where both `name` and `name*` are there, the second is the better one (RFC 6266 section 4.3 says so for HTTP).
	if (sections) for (const [name, those] of sections) params[name] = join(those)
	return { value, params }
}

/** Where the value that begins at `from` ends: its semicolon, or the end. Quotes and comments may hold semicolons. */
function endOfValue(text: string, from: number): number {
	let depth = 0
	for (let i = from; i < text.length; i++) {
		const char = text.charCodeAt(i)
		if (char === 59 && depth === 0) return i
		if (char === 40) depth++
		else if (char === 41 && depth > 0) depth--
		else if (char === 92) i++
	}
	// QUIRK: a parenthesis that is never closed was no comment.
	const plain = text.indexOf(';', from)
	return depth === 0 || plain < 0 ? text.length : plain
}

function withoutComments(text: string): string {
	return text.includes('(') ? text.slice(0, text.indexOf('(')).trim() : text.trim()
}

function readOne(text: string, from: number): { name: string; value: string; next: number } {
	let i = from
	while (i < text.length && text[i] !== '=' && text[i] !== ';') i++
	const name = text.slice(from, i).trim().toLowerCase()
	if (text[i] !== '=') return { name: '', value: '', next: i + 1 }
	i++
	while (text[i] === ' ' || text[i] === '\t') i++
	if (text[i] === '"') return quoted(text, i + 1, name)
	// QUIRK: an unquoted value may hold spaces and parentheses (file names); it goes on to the semicolon.
	const semicolon = text.indexOf(';', i)
	const end = semicolon < 0 ? text.length : semicolon
	let value = text.slice(i, end).trim()
	const comment = value.endsWith(')') ? value.indexOf(' (') : -1
	if (comment >= 0) value = value.slice(0, comment).trim()
	return { name, value, next: end + 1 }
}

function quoted(text: string, from: number, name: string): { name: string; value: string; next: number } {
	let value = ''
	let piece = from
	let i = from
	for (; i < text.length && text[i] !== '"'; i++) {
		if (text[i] !== '\\' || i + 1 >= text.length) continue
		value += text.slice(piece, i)
		piece = ++i
	}
	value += text.slice(piece, i)
	const semicolon = text.indexOf(';', i)
	return { name, value, next: semicolon < 0 ? text.length : semicolon + 1 }
}

/** What follows the star of a name: '' = extended, `0` = a section, `0*` = an extended section (RFC 2231 sections 3, 4). */
function asSection(rest: string, text: string): Section | null {
	if (rest === '') return { number: 0, extended: true, text }
	const match = /^(\d{1,4})(\*?)$/.exec(rest)
	return match ? { number: Number(match[1]), extended: match[2] === '*', text } : null
}

function join(sections: Section[]): string {
	// The sort is stable: the first of two sections with one number counts.
	sections = sections
		.sort((a, b) => a.number - b.number)
		.filter(({ number }, index, all) => number !== all[index - 1]?.number)
	if (!sections.some(section => section.extended)) {
		return decodeHeader(sections.map(section => section.text).join(''))
	}
	let charset = ''
	let out = ''
	let bytes: Buffer[] = []
	const flush = () => {
		if (bytes.length > 0) out += printable(decodeText(Buffer.concat(bytes), charset))
		bytes = []
	}
	for (const [index, section] of sections.entries()) {
		if (!section.extended) {
			flush()
			out += section.text
			continue
		}
		const [first, second, rest] = index === 0 ? inThree(section.text) : [null, null, section.text]
		if (first !== null && second !== null) charset = first
		bytes.push(fromPercent(rest))
	}
	flush()
	return out
}

/** `charset'language'text`. QUIRK: some leave the apostrophes out. */
function inThree(text: string): [string | null, string | null, string] {
	const one = text.indexOf("'")
	const two = one < 0 ? -1 : text.indexOf("'", one + 1)
	return two < 0 ? [null, null, text] : [text.slice(0, one), text.slice(one + 1, two), text.slice(two + 1)]
}

function fromPercent(text: string): Buffer {
	const bytes = Buffer.from(text)
	let length = 0
	for (let i = 0; i < bytes.length; i++) {
		const byte = bytes[i]!
		const high = byte === 37 && i + 2 < bytes.length ? hexDigit(bytes[i + 1]!) : -1
		const low = high >= 0 ? hexDigit(bytes[i + 2]!) : -1
		if (low >= 0) i += 2
		bytes[length++] = low >= 0 ? high * 16 + low : byte
	}
	return bytes.subarray(0, length)
}
