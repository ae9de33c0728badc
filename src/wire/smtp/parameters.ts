import { Refused, reply } from './reply.ts'
import type { By, MailParameters, RecipientParameters } from './types.ts'
import { isXtext } from './xtext.ts'

const bad = (keyword: string, hint: string) =>
	new Refused(reply(501, '5.5.4', `Bad ${keyword} parameter; ${hint}`))

/** Calls `take` for each `keyword[=value]` of `text` from `at`; it answers false for a keyword it does not know. @throws Refused */
function each(text: string, at: number, take: (keyword: string, value: string) => boolean): void {
	if (at === text.length) return
	if (text[at] !== ' ') throw new Refused(reply(501, '5.5.4', 'Something is wrong after the address'))
	const seen = new Set<string>()
	for (const parameter of text.slice(at + 1).split(' ')) {
		if (parameter === '') continue
		const equals = parameter.indexOf('=')
		const keyword = (equals < 0 ? parameter : parameter.slice(0, equals)).toUpperCase()
		if (seen.has(keyword)) throw bad(keyword, 'say it once')
		seen.add(keyword)
		if (!take(keyword, equals < 0 ? '' : parameter.slice(equals + 1))) {
			throw new Refused(reply(555, '5.5.4', 'Parameter not known here'))
		}
	}
}

export function mailParameters(text: string, at: number): MailParameters {
	const found: MailParameters = {
		size: null,
		body: null,
		smtputf8: false,
		ret: null,
		envelopeId: null,
		auth: null,
		holdFor: null,
		holdUntil: null,
		by: null,
		priority: null,
		requireTls: false,
		handOver: null,
	}
	each(text, at, (keyword, value) => mailParameter(found, keyword, value))
	if (found.holdFor !== null && found.holdUntil !== null) throw bad('HOLDUNTIL', 'HOLDFOR says it already')
	return found
}

function mailParameter(found: MailParameters, keyword: string, value: string): boolean {
	const capitals = value.toUpperCase()
	switch (keyword) {
		case 'SIZE':
			if (!/^\d{1,15}$/.test(value)) throw bad(keyword, 'it is a number of octets')
			found.size = Number(value)
			return true
		case 'BODY':
			if (capitals !== '7BIT' && capitals !== '8BITMIME' && capitals !== 'BINARYMIME') {
				throw bad(keyword, 'it is 7BIT, 8BITMIME or BINARYMIME')
			}
			found.body = capitals
			return true
		case 'SMTPUTF8':
			if (value !== '') throw bad(keyword, 'it has no value')
			found.smtputf8 = true
			return true
		case 'RET':
			if (capitals !== 'FULL' && capitals !== 'HDRS') throw bad(keyword, 'it is FULL or HDRS')
			found.ret = capitals
			return true
		case 'ENVID':
			if (value === '' || value.length > 100 || !isXtext(value))
				throw bad(keyword, 'it is xtext of 1 to 100 characters')
			found.envelopeId = value
			return true
		case 'AUTH':
			if (value === '' || value.length > 500 || (value !== '<>' && !isXtext(value)))
				throw bad(keyword, 'it is xtext or <>')
			found.auth = value
			return true
		case 'HOLDFOR':
			if (!/^[1-9]\d{0,8}$/.test(value)) throw bad(keyword, 'it is a number of seconds')
			found.holdFor = Number(value)
			return true
		case 'HOLDUNTIL':
			found.holdUntil = dateTime(capitals)
			if (Number.isNaN(found.holdUntil)) throw bad(keyword, 'it is a time like 2026-12-31T09:00:00Z')
			return true
		case 'BY':
			found.by = by(capitals)
			return true
		case 'MT-PRIORITY':
			if (!/^(?:\d|-[1-9])$/.test(value)) throw bad(keyword, 'it is a number from -9 to 9')
			found.priority = Number(value)
			return true
		case 'REQUIRETLS':
			if (value !== '') throw bad(keyword, 'it has no value')
			found.requireTls = true
			return true
		case 'XPANPIPE':
			if (!/^[0-9A-Za-z._-]{1,64}$/.test(value)) throw bad(keyword, 'it is an id')
			found.handOver = value
			return true
		default:
			return false
	}
}

/** RFC 3339 section 5.6, of four-digit years; NaN when it is none. */
function dateTime(value: string): number {
	const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/
	return form.test(value) ? Date.parse(value) : Number.NaN
}

/** RFC 2852 section 4: what must be returned when it is late cannot be late already. */
function by(value: string): By {
	const match = /^([+-]?\d{1,9});([NR])(T?)$/.exec(value)
	const seconds = Number(match?.[1])
	if (!match || (match[2] === 'R' && seconds <= 0)) throw bad('BY', 'it is like 3600;R or 3600;N')
	return { seconds: seconds || 0, mode: match[2] as 'R' | 'N', trace: match[3] === 'T' }
}

export function recipientParameters(text: string, at: number): RecipientParameters {
	const found: RecipientParameters = { notify: null, originalRecipient: null }
	each(text, at, (keyword, value) => {
		if (keyword === 'NOTIFY') found.notify = notify(value.toUpperCase())
		else if (keyword === 'ORCPT') found.originalRecipient = originalRecipient(value)
		else return false
		return true
	})
	return found
}

/** RFC 3461 section 4.1: NEVER stands alone. */
function notify(value: string): string {
	const words = value.split(',')
	const known = words.every(word => word === 'SUCCESS' || word === 'FAILURE' || word === 'DELAY')
	if (value !== 'NEVER' && (!known || new Set(words).size < words.length)) {
		throw bad('NOTIFY', 'it is NEVER or a list of SUCCESS, FAILURE, DELAY')
	}
	return value
}

/** RFC 3461 section 4.2: address type, semicolon, xtext; RFC 6533 section 3 lets UTF-8 in. */
function originalRecipient(value: string): string {
	const match = /^([A-Za-z0-9-]{1,40});(.+)$/s.exec(value)
	if (
		!match ||
		value.length > 512 ||
		!isXtext(match[2]!.replace(/[\u0080-\u{10ffff}]|\\x\{[0-9A-F]+\}/gu, ''))
	) {
		throw bad('ORCPT', 'it is a type, a semicolon and xtext')
	}
	return value
}
