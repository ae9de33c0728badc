const LF = 10
const CR = 13
const TAB = 9
const SPACE = 32
const EQUALS = 61

/**
 * Undoes a Content-Transfer-Encoding (RFC 2045 section 6). Lenient: what is not of the alphabet is skipped
 * (base64) or left as it stands (quoted-printable). Any other encoding: the same octets.
 */
export function decodeTransfer(bytes: Buffer, encoding: string): Buffer {
	switch (encoding.toLowerCase()) {
		case 'base64':
			return fromBase64(bytes.toString('latin1'))
		case 'quoted-printable':
			return fromQuotedPrintable(bytes)
		default:
			return bytes
	}
}

/** QUIRK: several padded pieces one after the other (each attachment block encoded alone) are all decoded. */
export function fromBase64(text: string): Buffer {
	const padding = text.indexOf('=')
	if (padding < 0 || !hasMore(text, padding)) return Buffer.from(text, 'base64')
	return fromPieces(text)
}

/**
 * Node stops at the first padding; here a padding only ends a group. QUIRK: mailing lists put a footer in
 * plain text behind it.
 */
function fromPieces(all: string): Buffer {
	const text = withoutFooter(all)
	const out = Buffer.allocUnsafe(Math.ceil(text.length / 4) * 3)
	let length = 0
	let value = 0
	let bits = 0
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i)
		if (code === EQUALS) bits = 0
		const digit = code < 128 ? DIGITS[code]! : -1
		if (digit < 0) continue
		value = ((value << 6) | digit) & 0xfff
		bits += 6
		if (bits < 8) continue
		bits -= 8
		out[length++] = value >>> bits
	}
	return out.subarray(0, length)
}

/** A line of several words, or what is put above a footer. */
const FOOTER = /\n(?:-- ?\r?\n|_{10}|\S+[ \t]+\S)/g

function withoutFooter(text: string): string {
	FOOTER.lastIndex = text.indexOf('=')
	const footer = FOOTER.exec(text)
	return footer ? text.slice(0, footer.index) : text
}

// Both alphabets of RFC 4648, as Node reads them.
const DIGITS = new Int8Array(128).fill(-1)
for (const [digit, char] of [
	...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries()) {
	DIGITS[char.charCodeAt(0)] = digit
}
DIGITS[45] = 62
DIGITS[95] = 63

function hasMore(text: string, from: number): boolean {
	for (let i = from; i < text.length; i++) {
		const code = text.charCodeAt(i)
		if (code > SPACE && code !== EQUALS) return true
	}
	return false
}

/** The value of a hexadecimal digit, -1 for anything else. */
export function hexDigit(code: number): number {
	if (code >= 48 && code <= 57) return code - 48
	if (code >= 65 && code <= 70) return code - 55
	if (code >= 97 && code <= 102) return code - 87
	return -1
}

function fromQuotedPrintable(bytes: Buffer): Buffer {
	if (bytes.indexOf(EQUALS) < 0 && bytes.indexOf(' \r\n') < 0 && bytes.indexOf('\t\r\n') < 0) return bytes
	const out = Buffer.allocUnsafe(bytes.length)
	let length = 0
	let solid = 0 // octets of `out` that a line end may not strip as trailing white space (RFC 2045 section 6.7 rule 3)
	for (let i = 0; i < bytes.length; ) {
		const byte = bytes[i]!
		if (byte === EQUALS) {
			const high = hexDigit(bytes[i + 1] ?? 0)
			const low = hexDigit(bytes[i + 2] ?? 0)
			const after = high >= 0 && low >= 0 ? -1 : softBreak(bytes, i + 1)
			if (after >= 0) {
				i = after
			} else if (high >= 0 && low >= 0) {
				out[length++] = high * 16 + low
				i += 3
			} else {
				out[length++] = byte
				i++
			}
			solid = length
		} else if (byte === SPACE || byte === TAB) {
			out[length++] = byte
			i++
		} else {
			if (byte === LF || (byte === CR && bytes[i + 1] === LF)) length = solid
			out[length++] = byte
			solid = length
			i++
		}
	}
	return out.subarray(0, length)
}

/** Where the next line begins when only white space stands between `from` and the line's end, else -1. */
function softBreak(bytes: Buffer, from: number): number {
	let i = from
	while (bytes[i] === SPACE || bytes[i] === TAB) i++
	if (i >= bytes.length) return bytes.length
	if (bytes[i] === LF) return i + 1
	if (bytes[i] === CR && bytes[i + 1] === LF) return i + 2
	return -1
}
