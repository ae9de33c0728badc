/** An address as IMAP's ENVELOPE and JMAP know it. `mailbox` and `host` are Unicode, `name` is decoded. */
export type Address = {
	name: string | null
	mailbox: string
	host: string
}

/** A group of RFC 5322 section 3.4 stands in a list as `{ group, members }`. */
export type Group = { group: string; members: Address[] }
export type AddressOrGroup = Address | Group

/**
 * The header fields everybody asks for, decoded (RFC 2047, raw 8-bit in whatever charset it most likely is).
 * `null` = the field is not there.
 */
export type Envelope = {
	/** The text of the Date field as it stands, unfolded. */
	date: string | null
	/** Milliseconds since 1970 of the Date field, null when missing or not understood. */
	sent: number | null
	subject: string | null
	from: AddressOrGroup[] | null
	sender: AddressOrGroup[] | null
	replyTo: AddressOrGroup[] | null
	to: AddressOrGroup[] | null
	cc: AddressOrGroup[] | null
	bcc: AddressOrGroup[] | null
	inReplyTo: string | null
	/** With its angle brackets, as it stands. */
	messageId: string | null
	/** Message ids of the References field, with angle brackets, at most the last 100. */
	references: string[]
}

/**
 * One MIME part with the octets where it lies in the message, so that a part can be cut out without
 * parsing again. All offsets count from the first octet of the message.
 */
export type Part = {
	/** Lower case. A part without a usable Content-Type is text/plain (message/rfc822 inside multipart/digest). */
	type: string
	subtype: string
	/** Names in lower case, values decoded (RFC 2231). */
	params: Record<string, string>
	id: string | null
	description: string | null
	/** Lower case; `7bit` when absent. */
	encoding: string
	md5: string | null
	disposition: string | null
	dispositionParams: Record<string, string>
	language: string[] | null
	location: string | null
	/** First octet of the part's own header (for the message itself: 0). */
	start: number
	/** First octet after the blank line that ends the header. */
	body: number
	/** First octet after the body (the CRLF before a boundary belongs to the boundary). */
	end: number
	/** Lines of the body (count of LF, plus one for an unended last line): BODYSTRUCTURE wants it for text and message/rfc822. */
	lines: number
	/** multipart/*: the parts. */
	parts?: Part[]
	/** message/rfc822 and message/global: what is inside. */
	envelope?: Envelope
	message?: Part
}

/** What one pass over a message finds. */
export type Scanned = {
	/** Octets. */
	size: number
	envelope: Envelope
	structure: Part
	/** The first words of the text, at most 200 characters, white space folded, decoded; '' when there is no text. */
	preview: string
	/** Received fields in the header: a loop shows here (RFC 5321 section 6.3). */
	received: number
	/** Some part is neither text nor multipart, or has disposition `attachment`. */
	hasAttachment: boolean
}
