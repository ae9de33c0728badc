/** The parsed forms of RFC 8621 section 4.1.2. */
const FORMS = [
	'asRaw',
	'asText',
	'asAddresses',
	'asGroupedAddresses',
	'asMessageIds',
	'asDate',
	'asURLs',
] as const
export type Form = (typeof FORMS)[number]

/** A property `header:Name:asForm:all` (section 4.1.3). */
export type HeaderProperty = {
	/** As written in the request. */
	property: string
	/** Field name as written. */
	name: string
	form: Form
	all: boolean
}

const ADDRESSES = new Set([
	'from',
	'sender',
	'reply-to',
	'to',
	'cc',
	'bcc',
	'resent-from',
	'resent-sender',
	'resent-reply-to',
	'resent-to',
	'resent-cc',
	'resent-bcc',
])
const TEXTS = new Set(['subject', 'comments', 'keywords'])
const IDS = new Set(['message-id', 'in-reply-to', 'references', 'resent-message-id'])
const DATES = new Set(['date', 'resent-date'])
const URLS = new Set([
	'list-help',
	'list-unsubscribe',
	'list-subscribe',
	'list-post',
	'list-owner',
	'list-archive',
])
/** Fields of RFC 5322 and RFC 2369 that have no other form than the one named above. */
const KNOWN = new Set([
	...ADDRESSES,
	...IDS,
	...DATES,
	...URLS,
	'subject',
	'comments',
	'keywords',
	'return-path',
	'received',
])

/** Null when it is no such property, or asks for a form this field cannot have. */
export function parseHeaderProperty(property: string): HeaderProperty | null {
	const match = /^header:([\x21-\x39\x3b-\x7e]+)(?::(as[A-Za-z]+))?(:all)?$/.exec(property)
	if (!match) return null
	const name = match[1]!
	const form = (match[2] ?? 'asRaw') as Form
	if (!FORMS.includes(form) || !mayHave(name.toLowerCase(), form)) return null
	return { property, name, form, all: match[3] !== undefined }
}

function mayHave(name: string, form: Form): boolean {
	if (form === 'asRaw' || !KNOWN.has(name)) return true
	switch (form) {
		case 'asText':
			return TEXTS.has(name)
		case 'asAddresses':
		case 'asGroupedAddresses':
			return ADDRESSES.has(name)
		case 'asMessageIds':
			return IDS.has(name)
		case 'asDate':
			return DATES.has(name)
		case 'asURLs':
			return URLS.has(name)
	}
}
