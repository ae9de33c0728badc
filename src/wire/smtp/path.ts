import { isIPv4, isIPv6 } from 'node:net'
import { Refused, reply } from './reply.ts'

// RFC 5321 section 4.5.3.1 promises 64 for local parts and 256 for paths and asks for no limits where possible;
// bounce addresses of mailing lists need more than 64.
const MOST_PATH = 512
const MOST_DOMAIN = 255

// Atoms and dots. QUIRK: two dots together or a dot at an end are no Dot-string, but mobile carriers gave out such addresses.
const LOCAL = /[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u0080-\u{10ffff}-]+/uy
// RFC 5321 section 4.1.2: qtextSMTP, quoted-pairSMTP; RFC 6531 section 3.3 adds what is beyond ASCII.
const QUOTED = /"((?:[ !#-[\]-~\u0080-\u{10ffff}]|\\[ -~])*)"/uy
// QUIRK: underscores are in no host name, but in domains people send mail from.
const DOMAIN =
	/[A-Za-z0-9_\u0080-\u{10ffff}](?:[A-Za-z0-9_\u0080-\u{10ffff}-]*[A-Za-z0-9_\u0080-\u{10ffff}])?(?:\.[A-Za-z0-9_\u0080-\u{10ffff}](?:[A-Za-z0-9_\u0080-\u{10ffff}-]*[A-Za-z0-9_\u0080-\u{10ffff}])?)*/uy
const LITERAL = /\[([!-Z^-~]+)\]/y
// Source routes must be understood and ignored (RFC 5321 section 3.3, appendix C).
const SOURCE_ROUTE = /@[A-Za-z0-9.\-[\]:]+(?:,@[A-Za-z0-9.\-[\]:]+)*:/y
const PLAIN_LOCAL =
	/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/u

export type Path = {
	/** '' = the null path; else local-part@domain, quoted only where it has to be; for `<postmaster>` the local part alone. */
	address: string
	/** Where the path ends in the text. */
	end: number
}

const badSyntax = (what: string) =>
	new Refused(reply(501, what === 'sender' ? '5.1.7' : '5.1.3', `Bad ${what} address; write <name@domain>`))

function match(pattern: RegExp, text: string, at: number): string | null {
	pattern.lastIndex = at
	return pattern.exec(text)?.[0] ?? null
}

/** RFC 5321 section 4.1.2 asks for the form without quotes where there is one. */
function quoted(local: string): string {
	return PLAIN_LOCAL.test(local) ? local : `"${local.replace(/[\\"]/g, '\\$&')}"`
}

/** Reads the path that begins at `at`, after `FROM:` or `TO:`. @throws Refused */
export function parsePath(text: string, at: number, what: 'sender' | 'recipient'): Path {
	// QUIRK: a space after the colon, and paths without angle brackets, come from old programs and scripts.
	let i = at
	while (text[i] === ' ') i++
	const bracket = text[i] === '<'
	if (bracket) i++
	if (bracket && text[i] === '>') {
		if (what === 'recipient') throw badSyntax(what)
		return { address: '', end: i + 1 }
	}
	if (text[i] === '@') i += match(SOURCE_ROUTE, text, i)?.length ?? 0
	const start = i

	let local: string
	const inQuotes = match(QUOTED, text, i)
	if (inQuotes !== null) {
		local = quoted(inQuotes.slice(1, -1).replace(/\\(.)/gs, '$1'))
		i += inQuotes.length
	} else {
		local = match(LOCAL, text, i) ?? ''
		if (local === '') throw badSyntax(what)
		i += local.length
	}

	let address = local
	if (text[i] === '@') {
		const domain = text[i + 1] === '[' ? literal(text, i + 1) : match(DOMAIN, text, i + 1)
		if (!domain || domain.length > MOST_DOMAIN) throw badSyntax(what)
		i += 1 + domain.length
		address += `@${domain}`
	} else if (what === 'sender' || local.toLowerCase() !== 'postmaster') {
		// Only <postmaster> has no domain (RFC 5321 section 4.1.1.3).
		throw badSyntax(what)
	}
	if (i - start > MOST_PATH) throw badSyntax(what)
	if (bracket && text[i++] !== '>') throw badSyntax(what)
	return { address, end: i }
}

/** RFC 5321 section 4.1.3. */
function literal(text: string, at: number): string | null {
	const whole = match(LITERAL, text, at)
	if (!whole) return null
	const inside = whole.slice(1, -1)
	if (/^ipv6:/i.test(inside)) return isIPv6(inside.slice(5)) ? whole : null
	return isIPv4(inside) ? whole : null
}
