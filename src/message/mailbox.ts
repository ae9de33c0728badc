import { domainToASCII } from 'node:url'

// What a local part may hold without quotes: dot-atom of RFC 5322 with the UTF-8 of RFC 6532.
// QUIRK: dots at the ends and side by side are let through; Japanese carriers gave out such addresses.
const UNQUOTED = /^[^\x00-\x20\x7f-\xa0"(),:;<>@[\]\\]+$/
const DOT_ATOM = /^[^\x00-\x20\x7f-\xa0"(),:;<>@[\]\\.]+(?:\.[^\x00-\x20\x7f-\xa0"(),:;<>@[\]\\.]+)*$/
const DOMAIN = /^[^\x00-\x20\x7f-\xa0"(),:;<>@[\]\\.。]+(?:[.。][^\x00-\x20\x7f-\xa0"(),:;<>@[\]\\.。]+)*\.?$/
const LITERAL = /^\[[\x21-\x5a\x5e-\x7e]+\]$/
const PLAIN_DOMAIN = /^[a-z0-9._-]+$/i

/**
 * `local@domain`, split at the last at sign, both as they are written (a quoted local part keeps its quotes).
 * Null when that is no address: a part missing, an open quote, a character that needs quotes.
 */
export function splitAddress(address: string): { local: string; domain: string } | null {
	const at = address.lastIndexOf('@')
	if (at <= 0) return null
	const local = address.slice(0, at)
	const domain = address.slice(at + 1)
	if (local.charCodeAt(0) === 34 ? unquote(local) === null : !UNQUOTED.test(local)) return null
	return DOMAIN.test(domain) || LITERAL.test(domain) ? { local, domain } : null
}

/** The content of a quoted-string, null when it is none. */
function unquote(quoted: string): string | null {
	if (quoted.length < 2 || !quoted.startsWith('"')) return null
	let out = ''
	for (let i = 1; i < quoted.length - 1; i++) {
		let code = quoted.charCodeAt(i)
		if (code === 34) return null
		if (code === 92 && ++i === quoted.length - 1) return null
		code = quoted.charCodeAt(i)
		if (code < 32 || code === 127) return null
		out += quoted[i]
	}
	return quoted.endsWith('"') ? out : null
}

/** A local part as it has to be written: with quotes where it needs them. */
export function quoteLocal(plain: string): string {
	return DOT_ATOM.test(plain) ? plain : `"${plain.replace(/["\\]/g, '\\$&')}"`
}

/**
 * One string for all spellings of a mailbox: local part in lower case, NFC, without needless quotes; domain in ASCII
 * (A-labels), lower case, without the final dot. What is no address only becomes lower case. Idempotent.
 */
export function normalAddress(address: string): string {
	const parts = splitAddress(address)
	if (!parts) return folded(address)
	const plain = parts.local.charCodeAt(0) === 34 ? unquote(parts.local)! : parts.local
	const local = folded(plain)
	return `${UNQUOTED.test(local) ? local : quoteLocal(local)}@${normalDomain(parts.domain)}`
}

function folded(text: string): string {
	return text.normalize('NFC').toLowerCase().normalize('NFC')
}

function normalDomain(domain: string): string {
	const lower = domain.toLowerCase()
	const bare = lower.endsWith('.') ? lower.slice(0, -1) : lower
	// domainToASCII reads 127.1 as an IPv4 address and %41 as a letter: only names that need it go through it.
	if (PLAIN_DOMAIN.test(bare) || lower.startsWith('[') || bare.includes('%')) return bare
	const ascii = domainToASCII(bare)
	return DOMAIN.test(ascii) ? ascii : folded(bare)
}
