import { decodeText } from './charset.ts'
import { fromBase64, hexDigit } from './transfer.ts'

// charset, optional language (RFC 2231 section 5), encoding, text. QUIRK: spaces within a word are common.
const WORD = /=\?([^?*\s]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=/g

/**
 * Decodes the encoded words (RFC 2047) of an unfolded header value. White space between two of them is dropped,
 * and neighbours of one charset are joined before decoding: QUIRK: many mailers cut a character in two.
 * Control characters that come out of a word become spaces, so that no word can forge a header field.
 */
export function decodeHeader(value: string): string {
	if (!value.includes('=?')) return value
	let out = ''
	let last = 0
	let charset = ''
	let waiting: Buffer[] = []
	const flush = () => {
		if (waiting.length === 0) return
		out += printable(decodeText(waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting), charset))
		waiting = []
	}
	for (const match of value.matchAll(WORD)) {
		const between = value.slice(last, match.index)
		const itsCharset = match[1]!.toLowerCase()
		const adjacent = waiting.length > 0 && isBlank(between)
		if (!adjacent || itsCharset !== charset) flush()
		if (!adjacent) out += between
		charset = itsCharset
		const text = match[3]!
		waiting.push(match[2] === 'B' || match[2] === 'b' ? fromBase64(text) : fromQ(text))
		last = match.index + match[0].length
	}
	flush()
	return out + value.slice(last)
}

function isBlank(text: string): boolean {
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i)
		if (code !== 32 && code !== 9 && code !== 10 && code !== 13) return false
	}
	return true
}

/** The "Q" encoding of RFC 2047 section 4.2. */
function fromQ(text: string): Buffer {
	const bytes = Buffer.from(text)
	let length = 0
	for (let i = 0; i < bytes.length; i++) {
		const byte = bytes[i]!
		if (byte === 61 && i + 2 < bytes.length) {
			const high = hexDigit(bytes[i + 1]!)
			const low = hexDigit(bytes[i + 2]!)
			if (high >= 0 && low >= 0) {
				bytes[length++] = high * 16 + low
				i += 2
				continue
			}
		}
		bytes[length++] = byte === 95 ? 32 : byte
	}
	return bytes.subarray(0, length)
}

/** Line ends and other control characters as spaces. */
export function printable(text: string): string {
	return /[\x00-\x1f\x7f]/.test(text) ? text.replace(/[\x00-\x1f\x7f]+/g, ' ') : text
}

// An encoded word has at most 75 characters (RFC 2047 section 2): `=?utf-8?B?` + 60 of base64 + `?=`.
const FRAME = 12
const MOST = 75

/**
 * Text as encoded words (UTF-8, base64), no character cut in two.
 * @param room characters left on the line for the first word
 */
export function encodeWords(text: string, room = MOST): string[] {
	const words: string[] = []
	let bytes = 0
	let start = 0
	let most = octetsIn(room)
	const end = (at: number) => {
		words.push(`=?utf-8?B?${Buffer.from(text.slice(start, at)).toString('base64')}?=`)
		start = at
		bytes = 0
		most = octetsIn(MOST)
	}
	for (let i = 0; i < text.length; ) {
		const code = text.codePointAt(i)!
		const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
		if (bytes + size > most && bytes > 0) end(i)
		bytes += size
		i += code > 0xffff ? 2 : 1
	}
	if (bytes > 0) end(text.length)
	return words
}

function octetsIn(characters: number): number {
	return Math.floor((Math.min(characters, MOST) - FRAME) / 4) * 3
}
