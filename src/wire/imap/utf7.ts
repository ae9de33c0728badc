/*
 * Modified UTF-7 of mailbox names (RFC 3501 section 5.1.3): printable ASCII stands for itself, `&` is `&-`,
 * everything else is UTF-16 in base64 with `,` for `/`, between `&` and `-`.
 */

export function encodeUtf7(name: string): string {
	if (/^[\x20-\x25\x27-\x7e]*$/.test(name)) return name
	return name.replace(/&|[^\x20-\x7e]+/g, run => (run === '&' ? '&-' : `&${base64(run)}-`))
}

function base64(run: string): string {
	const utf16 = Buffer.from(run, 'utf16le').swap16()
	return utf16.toString('base64').replace(/=+$/, '').replaceAll('/', ',')
}

/** Null when the text is not well-formed modified UTF-7. */
export function decodeUtf7(text: string): string | null {
	if (!/^[\x20-\x7e]*$/.test(text)) return null
	if (!text.includes('&')) return text
	let out = ''
	let at = 0
	for (;;) {
		const start = text.indexOf('&', at)
		if (start < 0) return out + text.slice(at)
		const end = text.indexOf('-', start)
		if (end < 0) return null
		out += text.slice(at, start)
		if (end === start + 1) out += '&'
		else {
			const run = fromBase64(text.slice(start + 1, end))
			if (run === null) return null
			out += run
		}
		at = end + 1
	}
}

function fromBase64(text: string): string | null {
	if (!/^[A-Za-z0-9+,]+$/.test(text)) return null
	const octets = Buffer.from(text.replaceAll(',', '/'), 'base64')
	if (octets.length === 0 || octets.length % 2 !== 0) return null
	const run = Buffer.from(octets).swap16().toString('utf16le')
	return run.isWellFormed() ? run : null
}
