import { parseAddresses } from './address.ts'
import { parseDate } from './date.ts'
import { decodeHeader } from './encoded-word.ts'
import { eachField, fieldValue } from './fields.ts'
import { readParameters } from './parameters.ts'
import type { AddressOrGroup, Envelope, Part } from './types.ts'

const MOST_REFERENCES = 100
const MOST_ADDRESSES = 10_000

/** What a part says of itself: everything of `Part` that stands in the part's header. */
export type Description = Pick<
	Part,
	| 'type'
	| 'subtype'
	| 'params'
	| 'id'
	| 'description'
	| 'encoding'
	| 'md5'
	| 'disposition'
	| 'dispositionParams'
	| 'language'
	| 'location'
>

/** Who a header belongs to: of a MIME part only the Content- fields count (RFC 2046 section 5.1). */
type Reading = { description: Description; envelope: Envelope; received: number }

/**
 * Reads the header of a message: its envelope and what it says of its body.
 * @param text the header's octets, one character each
 */
export function readMessageHeader(text: string): Reading {
	const envelope = emptyEnvelope()
	const description = describe('text', 'plain')
	const seen = new Set<string>()
	const charset = charsetFor8Bit(text)
	let received = 0
	eachField(text, field => {
		const name = field.name.toLowerCase()
		if (name === 'received') received++
		else if (name.startsWith('content-'))
			readContentField(description, seen, name, text, field.from, field.to)
		else readEnvelopeField(envelope, name, charset, text, field.from, field.to)
		return true
	})
	return { description, envelope, received }
}

/**
 * QUIRK: fields in raw 8 bits are mostly in the charset of the text below them.
 * '' when there are none, or that charset is not told.
 */
function charsetFor8Bit(text: string): string {
	let charset = ''
	if (!/[\x80-\xff]/.test(text)) return charset
	eachField(text, ({ name, from, to }) => {
		if (name.toLowerCase() !== 'content-type') return true
		charset = readParameters(fieldValue(text, from, to)).params.charset ?? ''
		return false
	})
	return charset
}

/** Reads the header of a body part; `digest`: one within a multipart/digest (RFC 2046 section 5.1.5). */
export function readPartHeader(text: string, digest: boolean): Description {
	const description = digest ? describe('message', 'rfc822') : describe('text', 'plain')
	if (text.length <= 2) return description
	const seen = new Set<string>()
	eachField(text, field => {
		const name = field.name.toLowerCase()
		if (name.startsWith('content-')) readContentField(description, seen, name, text, field.from, field.to)
		return true
	})
	return description
}

function describe(type: string, subtype: string): Description {
	return {
		type,
		subtype,
		params: {},
		id: null,
		description: null,
		encoding: '7bit',
		md5: null,
		disposition: null,
		dispositionParams: {},
		language: null,
		location: null,
	}
}

const TOKEN = /^[!#$%&'*+\-.^_`{|}~0-9a-z]{1,127}$/

function readContentField(
	to: Description,
	seen: Set<string>,
	name: string,
	text: string,
	from: number,
	end: number,
): void {
	// The first of several counts, as with every other field.
	if (seen.has(name)) return
	seen.add(name)
	switch (name) {
		case 'content-type': {
			const { value, params } = readParameters(fieldValue(text, from, end))
			const slash = value.indexOf('/')
			const type = value.slice(0, slash).trim()
			const subtype = value.slice(slash + 1).trim()
			if (slash < 0 || !TOKEN.test(type) || !TOKEN.test(subtype)) break
			to.type = type
			to.subtype = subtype
			to.params = params
			break
		}
		case 'content-transfer-encoding': {
			const { value } = readParameters(fieldValue(text, from, end))
			if (TOKEN.test(value)) to.encoding = value
			break
		}
		case 'content-disposition': {
			const { value, params } = readParameters(fieldValue(text, from, end))
			if (!TOKEN.test(value)) break
			to.disposition = value
			to.dispositionParams = params
			break
		}
		case 'content-id':
			to.id = fieldValue(text, from, end) || null
			break
		case 'content-description':
			to.description = decodeHeader(fieldValue(text, from, end)) || null
			break
		case 'content-md5':
			to.md5 = fieldValue(text, from, end) || null
			break
		case 'content-language':
			to.language = languages(fieldValue(text, from, end))
			break
		case 'content-location':
			// RFC 2557 section 4.4.2: a long one is folded with white space that is not part of it.
			to.location = fieldValue(text, from, end).replace(/\s/g, '') || null
	}
}

function languages(value: string): string[] | null {
	const tags = value
		.split(',', 50)
		.map(tag => tag.trim())
		.filter(tag => /^[a-z0-9-]{1,50}$/i.test(tag))
	return tags.length > 0 ? tags : null
}

function emptyEnvelope(): Envelope {
	return {
		date: null,
		sent: null,
		subject: null,
		from: null,
		sender: null,
		replyTo: null,
		to: null,
		cc: null,
		bcc: null,
		inReplyTo: null,
		messageId: null,
		references: [],
	}
}

function readEnvelopeField(
	to: Envelope,
	name: string,
	charset: string,
	text: string,
	from: number,
	end: number,
): void {
	const value = () => fieldValue(text, from, end, charset)
	switch (name) {
		case 'date':
			if (to.date !== null) return
			to.date = value()
			to.sent = parseDate(to.date)
			return
		case 'subject':
			to.subject ??= decodeHeader(value())
			return
		case 'from':
			to.from ??= parseAddresses(value())
			return
		case 'sender':
			to.sender ??= parseAddresses(value())
			return
		case 'reply-to':
			to.replyTo ??= parseAddresses(value())
			return
		case 'to':
			to.to = more(to.to, value())
			return
		case 'cc':
			to.cc = more(to.cc, value())
			return
		case 'bcc':
			to.bcc = more(to.bcc, value())
			return
		case 'in-reply-to':
			to.inReplyTo ??= value()
			return
		case 'message-id':
			to.messageId ??= messageId(value())
			return
		case 'references':
			if (to.references.length === 0) to.references = references(value())
	}
}

/** QUIRK: some mailers write one To field for each recipient (RFC 5322 section 3.6 allows one). */
function more(before: AddressOrGroup[] | null, value: string): AddressOrGroup[] {
	const addresses = parseAddresses(value)
	if (before === null) return addresses
	for (const address of addresses) if (before.length < MOST_ADDRESSES) before.push(address)
	return before
}

function messageId(value: string): string {
	const open = value.indexOf('<')
	const close = open < 0 ? -1 : value.indexOf('>', open)
	return close < 0 ? value : value.slice(open, close + 1)
}

function references(value: string): string[] {
	const ids = value.match(/<[^<>]+>/g) ?? []
	return ids.slice(-MOST_REFERENCES).map(id => id.replace(/\s/g, ''))
}
