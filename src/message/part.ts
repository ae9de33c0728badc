import type { Part } from './types.ts'

/** A part of which nothing is known but where it begins. */
export function unknownPart(start: number): Part {
	return {
		type: 'text',
		subtype: 'plain',
		params: {},
		id: null,
		description: null,
		encoding: '7bit',
		md5: null,
		disposition: null,
		dispositionParams: {},
		language: null,
		location: null,
		start,
		body: start,
		end: start,
		lines: 0,
	}
}

export function isMessage(part: Part): boolean {
	return part.type === 'message' && (part.subtype === 'rfc822' || part.subtype === 'global')
}

export function isEncoded(part: Part): boolean {
	return part.encoding === 'base64' || part.encoding === 'quoted-printable'
}

/**
 * QUIRK: a message in base64, which RFC 2046 section 5.2.1 forbids (RFC 6532 section 3.7 allows it for message/global).
 * We do not look into it, and what has no structure to show must not be announced as a message.
 */
export function becomeOctets(part: Part): void {
	part.type = 'application'
	part.subtype = 'octet-stream'
}

/** A container that contains nothing we could find is shown as what it is to the eye: text. */
export function becomeText(part: Part): void {
	part.type = 'text'
	part.subtype = 'plain'
	part.params = {}
}
