const LF = 10
const CR = 13
const COLON = 58
const SPACE = 32
const TAB = 9
// A line of the header that is longer is let through as it comes; its name stands at its beginning.
const LONGEST_LINE = 64 * 1024
const NOTHING: Buffer = Buffer.alloc(0)

/**
 * What a submission server mends (RFC 6409 section 8), while the message streams through: a missing Date and Message-ID
 * are added at the end of the header, Bcc and Resent-Bcc are taken out of it. Everything else stays octet for octet.
 * A message whose first line is no field has no header: it gets one, and all it is becomes the body.
 */
export class SubmittedHeader {
	readonly #date: string
	readonly #messageId: string
	#held: Buffer = NOTHING
	#first = true
	/** In a field that is taken out. */
	#dropping = false
	/** In a line of which the beginning has been dealt with. */
	#inLine = false
	#hasDate = false
	#hasMessageId = false
	#done = false

	/** @param date value of the field, as is `messageId` with its angle brackets */
	constructor(date: string, messageId: string) {
		this.#date = date
		this.#messageId = messageId
	}

	write(chunk: Buffer): Buffer {
		if (this.#done) return chunk
		const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
		this.#held = NOTHING
		const pieces: Buffer[] = []
		// What stays is taken in runs as long as possible.
		let from = 0
		let at = 0
		while (at < bytes.length && !this.#done) {
			const end = bytes.indexOf(LF, at) + 1
			if (end === 0 && bytes.length - at <= LONGEST_LINE && !this.#inLine) break
			const next = end === 0 ? bytes.length : end
			if (!this.#inLine) {
				const missing = this.#line(bytes, at, next)
				if (missing !== '') {
					pieces.push(bytes.subarray(from, at), Buffer.from(missing))
					from = at
				}
			}
			this.#inLine = end === 0
			if (this.#dropping) {
				pieces.push(bytes.subarray(from, at))
				from = next
			}
			at = next
		}
		if (this.#done) {
			pieces.push(bytes.subarray(from))
			return Buffer.concat(pieces)
		}
		if (at > from) pieces.push(bytes.subarray(from, at))
		if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at))
		return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
	}

	/** Looks at the beginning of a line; what is to be put before it. */
	#line(bytes: Buffer, at: number, end: number): string {
		const first = bytes[at]
		const isFirst = this.#first
		this.#first = false
		if (first === LF || (first === CR && bytes[at + 1] === LF)) {
			this.#done = true
			this.#dropping = false
			return this.#missing()
		}
		if (first === SPACE || first === TAB) {
			if (!isFirst) return '' // the field goes on
			this.#done = true
			return `${this.#missing()}\r\n`
		}
		const colon = bytes.subarray(at, Math.min(end, at + 1000)).indexOf(COLON)
		const name =
			colon > 0
				? bytes
						.toString('latin1', at, at + colon)
						.trimEnd()
						.toLowerCase()
				: ''
		if (name === '' || /[^\x21-\x7e]/.test(name)) {
			this.#dropping = false
			// QUIRK: a line that begins like an mbox stands before some headers.
			if (!isFirst || bytes.toString('latin1', at, at + 5) === 'From ') return ''
			this.#done = true
			return `${this.#missing()}\r\n`
		}
		this.#dropping = name === 'bcc' || name === 'resent-bcc'
		if (name === 'date') this.#hasDate = true
		if (name === 'message-id') this.#hasMessageId = true
		return ''
	}

	#missing(): string {
		return `${this.#hasDate ? '' : `Date: ${this.#date}\r\n`}${this.#hasMessageId ? '' : `Message-ID: ${this.#messageId}\r\n`}`
	}

	/** The message is over; what is still to come. Lines end in CRLF, the last one too. */
	end(): Buffer {
		if (this.#done) return NOTHING
		const rest = this.#held
		this.#held = NOTHING
		if (rest.length > 0) {
			const missing = this.#line(rest, 0, rest.length)
			if (this.#done) return Buffer.concat([Buffer.from(missing), rest])
		}
		this.#done = true
		const kept = rest.length > 0 && !this.#dropping ? Buffer.concat([rest, Buffer.from('\r\n')]) : NOTHING
		return Buffer.concat([kept, Buffer.from(this.#missing())])
	}
}
