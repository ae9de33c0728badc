/** RFC 3461 section 4: printable ASCII, with `+HH` for everything else and for `+` and `=`. */
export function encodeXtext(text: string): string {
	let out = ''
	for (const octet of Buffer.from(text)) {
		out +=
			octet > 32 && octet < 127 && octet !== 43 && octet !== 61
				? String.fromCharCode(octet)
				: `+${octet.toString(16).toUpperCase().padStart(2, '0')}`
	}
	return out
}

/** The text (UTF-8), or null when it is no xtext. */
export function decodeXtext(xtext: string): string | null {
	if (!isXtext(xtext)) return null
	const octets: number[] = []
	for (let i = 0; i < xtext.length; i++) {
		if (xtext[i] === '+') octets.push(Number.parseInt(xtext.slice(++i, ++i + 1), 16))
		else octets.push(xtext.charCodeAt(i))
	}
	try {
		return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(octets))
	} catch {
		return null
	}
}

/** Has it the form of xtext? Small hex digits pass too: some write them. */
export function isXtext(text: string): boolean {
	return /^(?:[!-*,-<>-~]|\+[0-9A-Fa-f]{2})*$/.test(text)
}
