import { isAscii, isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'

/** What a charset is called in mail → what is used to decode it. */
const NAMES: Record<string, string> = {
	utf8: 'utf-8',
	'unicode-1-1-utf-8': 'utf-8',
	utf8mb4: 'utf-8',
	cp65001: 'utf-8',
	ascii: 'us-ascii',
	'ansi_x3.4-1968': 'us-ascii',
	'iso-646': 'us-ascii',
	'iso646-us': 'us-ascii',
	// QUIRK: mail that says GB2312 or GBK is full of characters only GB18030 has; it contains both.
	gb2312: 'gb18030',
	'gb_2312-80': 'gb18030',
	'gb2312-80': 'gb18030',
	csgb2312: 'gb18030',
	chinese: 'gb18030',
	gbk: 'gb18030',
	'x-gbk': 'gb18030',
	cp936: 'gb18030',
	ms936: 'gb18030',
	'windows-936': 'gb18030',
	'euc-cn': 'gb18030',
	// QUIRK: as in every browser, Latin-1 means the Windows code page, whose quotation marks people use.
	'iso-8859-1': 'windows-1252',
	'iso8859-1': 'windows-1252',
	latin1: 'windows-1252',
	cp1252: 'windows-1252',
	'unicode-1-1-utf-7': 'utf-7',
}

/** Charsets in which octets below 128 are ASCII whatever stands before them. */
const PLAIN = new Set(['utf-8', 'us-ascii', '', 'gb18030', 'windows-1252'])

function canonical(charset: string): string {
	const name = charset.trim().toLowerCase().slice(0, 60)
	return Object.hasOwn(NAMES, name) ? NAMES[name]! : name
}

/**
 * Octets as text. An unknown charset is best effort: UTF-8 when the octets are valid UTF-8, else Latin-1;
 * no charset (or us-ascii with 8-bit octets) is guessed as `guessText` does. Never throws.
 */
export function decodeText(bytes: Buffer, charset: string): string {
	const name = canonical(charset)
	if (PLAIN.has(name) && isAscii(bytes)) return bytes.toString('latin1')
	if (name === 'utf-8') return withoutMark(bytes.toString())
	if (name === 'us-ascii' || name === '') return guessText(bytes)
	try {
		if (iconv.encodingExists(name)) return iconv.decode(bytes, name)
		// iconv-lite does not know the stateful ones (ISO-2022-JP).
		return new TextDecoder(name).decode(bytes)
	} catch {
		return isUtf8(bytes) ? withoutMark(bytes.toString()) : iconv.decode(bytes, 'windows-1252')
	}
}

/**
 * 8-bit text nobody named a charset for: UTF-8 when valid (but for a last character that was cut in two), otherwise the
 * one that its neighbours use, otherwise most likely Chinese (GB18030).
 */
function guessText(bytes: Buffer, neighbour = ''): string {
	if (isUtf8(bytes) || isUtf8(withoutLastLead(bytes))) return withoutMark(bytes.toString())
	const name = canonical(neighbour)
	return decodeText(bytes, PLAIN.has(name) && name !== 'windows-1252' ? 'gb18030' : name)
}

/** Without the beginning of a UTF-8 character that is all of it that is there; as it is when there is none. */
function withoutLastLead(bytes: Buffer): Buffer {
	for (let at = bytes.length - 1; at >= Math.max(0, bytes.length - 3); at--) {
		if (bytes[at]! >= 0xc0) return isAscii(bytes.subarray(0, at)) ? bytes : bytes.subarray(0, at)
		if (bytes[at]! < 0x80) return bytes
	}
	return bytes
}

/** The same for a header value that was read as one character an octet. */
export function guessHeader(octets: string, neighbour = ''): string {
	for (let i = 0; i < octets.length; i++) {
		if (octets.charCodeAt(i) > 127) return guessText(Buffer.from(octets, 'latin1'), neighbour)
	}
	return octets
}

function withoutMark(text: string): string {
	return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}
