const MOST = 1024 // octets of one name or password: RFC 4616 section 2 asks for 255 at least
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of octets, or null when they are no UTF-8, hold a NUL or are too long. */
export function octetText(octets: Uint8Array, most = MOST): string | null {
	if (octets.length > most || octets.includes(0)) return null
	try {
		return utf8.decode(octets)
	} catch {
		return null
	}
}
