const ALPHABET = 'ABCDEFGHJKMNPQRSTVWXYZ0123456789' // no I, L, O, U: people read these aloud

/** Bytes as text of 5 bits a character, in the alphabet above; no padding. */
export function base32(bytes: Uint8Array): string {
	let out = ''
	let bits = 0
	let value = 0
	for (const byte of bytes) {
		value = (value << 8) | byte
		bits += 8
		while (bits >= 5) {
			bits -= 5
			out += ALPHABET[(value >>> bits) & 31]
		}
		value &= (1 << bits) - 1
	}
	if (bits > 0) out += ALPHABET[(value << (5 - bits)) & 31]
	return out
}

/** The reverse; case, spaces and dashes do not matter. Null when a character is not of the alphabet. */
export function fromBase32(text: string): Buffer | null {
	const out: number[] = []
	let bits = 0
	let value = 0
	for (const char of text.toUpperCase().replace(/[\s-]/g, '')) {
		const digit = ALPHABET.indexOf(char)
		if (digit < 0) return null
		value = (value << 5) | digit
		bits += 5
		if (bits >= 8) {
			bits -= 8
			out.push((value >>> bits) & 255)
			value &= (1 << bits) - 1
		}
	}
	return Buffer.from(out)
}
