/*
 * Strings on the wire. All that is written is a "binary string": one Latin-1 character for each octet, so
 * that text and message octets can be joined cheaply and leave the socket as they are.
 */

/** UTF-8 octets of a text, as a binary string. */
export function toUtf8(text: string): string {
	return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** Printable ASCII with nothing to escape: as nearly all strings are. */
const PLAIN = /^[ !#-[\]-~]*$/

/** string: quoted where it may be, else a literal. `utf8`: the client took UTF8=ACCEPT, quoted may be 8-bit. */
export function formatString(text: string, utf8 = false): string {
	if (text.length <= 4096 && PLAIN.test(text)) return `"${text}"`
	const octets = toUtf8(text)
	const quotable = utf8 ? /^[^\x00\r\n]*$/ : /^[\x01-\x09\x0b\x0c\x0e-\x7f]*$/
	if (octets.length <= 4096 && quotable.test(octets)) {
		return /["\\]/.test(octets) ? `"${octets.replace(/["\\]/g, '\\$&')}"` : `"${octets}"`
	}
	// NUL cannot be in a literal either (RFC 9051 section 4.3).
	return `{${octets.length}}\r\n${octets.replaceAll('\0', '?')}`
}

export function formatNstring(text: string | null, utf8 = false): string {
	return text === null ? 'NIL' : formatString(text, utf8)
}

/** Text of a header for a client of 7 bits: encoded words where it is not ASCII (RFC 2047). */
export function headerText(text: string, utf8: boolean): string {
	if (utf8 || /^[\x00-\x7f]*$/.test(text)) return text
	const words: string[] = []
	let word = ''
	let octets = 0
	for (const character of text) {
		const length = Buffer.byteLength(character)
		// 75 characters at most in an encoded word (section 2): 45 octets are 60 of base64.
		if (octets + length > 45) {
			words.push(word)
			word = ''
			octets = 0
		}
		word += character
		octets += length
	}
	words.push(word)
	return words.map(part => `=?UTF-8?B?${Buffer.from(part, 'utf8').toString('base64')}?=`).join(' ')
}

/** Numbers in ascending order as a sequence set, runs joined. */
export function formatSet(numbers: ArrayLike<number>): string {
	let out = ''
	for (let i = 0; i < numbers.length; ) {
		const from = numbers[i]!
		let to = from
		while (++i < numbers.length && numbers[i] === to + 1) to++
		out += `${out && ','}${from === to ? from : `${from}:${to}`}`
	}
	return out
}
