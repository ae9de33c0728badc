import { domainToASCII } from 'node:url'
import type { Address, AddressOrGroup, Envelope, Part } from '../../message/index.ts'
import { formatNstring, formatString, headerText, toUtf8 } from './strings.ts'
import { encodeUtf7 } from './utf7.ts'

/** A mailbox name as a client of RFC 3501 reads it, or of UTF8=ACCEPT. */
export function formatMailbox(name: string, utf8: boolean): string {
	const text = utf8 ? name : encodeUtf7(name)
	return /^[\w./-]+$/.test(text) && text.toUpperCase() !== 'NIL' ? text : formatString(text, utf8)
}

/** RFC 9051 `envelope`. Sender and Reply-To default to From. */
export function formatEnvelope(envelope: Envelope, utf8: boolean): string {
	const from = addresses(envelope.from, utf8)
	const sender = envelope.sender?.length ? addresses(envelope.sender, utf8) : from
	const replyTo = envelope.replyTo?.length ? addresses(envelope.replyTo, utf8) : from
	const recipients = `${addresses(envelope.to, utf8)} ${addresses(envelope.cc, utf8)} ${addresses(envelope.bcc, utf8)}`
	return `(${header(envelope.date, utf8)} ${header(envelope.subject, utf8)} ${from} ${sender} ${replyTo} ${recipients} ${header(envelope.inReplyTo, utf8)} ${header(envelope.messageId, utf8)})`
}

function header(text: string | null, utf8: boolean): string {
	return text === null ? 'NIL' : formatString(headerText(text, utf8), utf8)
}

function addresses(list: AddressOrGroup[] | null, utf8: boolean): string {
	if (!list || list.length === 0) return 'NIL'
	let out = '('
	for (const entry of list) {
		if ('group' in entry) {
			out += `(NIL NIL ${header(entry.group, utf8)} NIL)`
			for (const member of entry.members) out += address(member, utf8)
			out += '(NIL NIL NIL NIL)'
		} else out += address(entry, utf8)
	}
	return `${out})`
}

/** Nothing in it that ASCII has another form for. */
const PLAIN_DOMAIN = /^(?!.*xn--)[a-z0-9.-]+$/

function address({ name, mailbox, host }: Address, utf8: boolean): string {
	const domain = utf8 || PLAIN_DOMAIN.test(host) ? host : domainToASCII(host) || host
	return `(${header(name, utf8)} NIL ${formatString(mailbox, utf8)} ${formatString(domain, utf8)})`
}

/** RFC 9051 `body`: BODY, or with `extended` BODYSTRUCTURE. */
export function formatStructure(part: Part, extended: boolean, utf8: boolean): string {
	return part.type === 'multipart' ? multipart(part, extended, utf8) : onePart(part, extended, utf8)
}

// The grammar has no multipart without parts.
const NO_PART = '("text" "plain" NIL NIL NIL "7bit" 0 0)'

function multipart(part: Part, extended: boolean, utf8: boolean): string {
	let out = '('
	for (const inner of part.parts ?? []) out += formatStructure(inner, extended, utf8)
	if (out === '(') out += NO_PART
	out += ` ${formatString(part.subtype, utf8)}`
	if (extended) out += ` ${params(part.params, utf8)}${placement(part, utf8)}`
	return `${out})`
}

function onePart(part: Part, extended: boolean, utf8: boolean): string {
	let out = `(${formatString(part.type, utf8)} ${formatString(part.subtype, utf8)} ${params(part.params, utf8)} ${header(part.id, utf8)} ${header(part.description, utf8)} ${formatString(part.encoding || '7bit', utf8)} ${part.end - part.body}`
	if (part.type === 'message' && (part.subtype === 'rfc822' || part.subtype === 'global')) {
		out +=
			part.envelope && part.message
				? ` ${formatEnvelope(part.envelope, utf8)} ${formatStructure(part.message, extended, utf8)}`
				: ` (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ${NO_PART}`
		out += ` ${part.lines}`
	} else if (part.type === 'text') out += ` ${part.lines}`
	if (extended) out += ` ${formatNstring(part.md5, utf8)}${placement(part, utf8)}`
	return `${out})`
}

/** Disposition, language, location. */
function placement(part: Part, utf8: boolean): string {
	const disposition = part.disposition
		? `(${formatString(part.disposition, utf8)} ${params(part.dispositionParams, utf8)})`
		: 'NIL'
	const language = part.language?.length
		? `(${part.language.map((tag: string) => formatString(tag, utf8)).join(' ')})`
		: 'NIL'
	return ` ${disposition} ${language} ${header(part.location, utf8)}`
}

/**
 * Values that are not ASCII go out in RFC 2231's way. QUIRK: but the old `name` of Content-Type as encoded words, as nearly
 * all who write it do; of a part that has both, programs that know only one of these find the one they know.
 */
function params(of: Record<string, string>, utf8: boolean): string {
	let out = ''
	for (const name in of) {
		const value = of[name]!
		out += out === '' ? '(' : ' '
		if (utf8 || /^[\x00-\x7f]*$/.test(value))
			out += `${formatString(name, utf8)} ${formatString(value, utf8)}`
		else if (name === 'name') out += `"name" ${formatString(headerText(value, false))}`
		else out += `${formatString(`${name}*`)} ${formatString(`UTF-8''${percent(value)}`)}`
	}
	return out === '' ? 'NIL' : `${out})`
}

function percent(value: string): string {
	return encodeURIComponent(value.toWellFormed()).replace(
		/['()*]/g,
		c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
	)
}

/** resp-text: what stands after the code; one line, whatever it is made of. */
export function formatText(text: string): string {
	return toUtf8(text.replace(/[\x00-\x1f\x7f]+/g, ' ')) || '-'
}
