const CR = 13
const LF = 10
const DOT = 46
const CRLF = Buffer.from('\r\n')
const ONE_DOT = Buffer.from('.')
const NOTHING = Buffer.alloc(0)

/** What a piece by piece copy comes to: nothing is copied while there is one piece. */
function joined(pieces: Buffer[]): Buffer {
	if (pieces.length === 1) return pieces[0]!
	return pieces.length === 0 ? NOTHING : Buffer.concat(pieces)
}

// Where the decoder stands between two octets.
const WITHIN = 0 // in a line
const AFTER_CR = 1 // a CR is held back until we see what follows
const START = 2 // after a true CRLF, or at the very beginning
const AFTER_DOT = 3 // START, then a dot that is held back
const AFTER_DOT_CR = 4 // START, dot, CR
const AFTER_LF = 5 // after a bare LF
const AFTER_LF_DOT = 6 // AFTER_LF, then a dot that is held back

/**
 * The content of DATA (RFC 5321 section 4.5.2): takes dots off, finds the end, makes every line end CRLF.
 * Only CRLF . CRLF ends a message. A bare CR or LF becomes CRLF in what is kept, but what follows it is not at the
 * start of a line: the message cannot end there (no SMTP smuggling), and a dot there stays.
 * QUIRK: Python's smtplib sends bytes with bare LF as they are, but doubles dots after them: of two dots one is taken off.
 */
export class DataDecoder {
	#state = START
	/** The end was seen. */
	done = false
	/** Octets of the last chunk that belong to the message, its end included; the rest are the next commands. */
	used = 0

	/** The content in this chunk; a piece of the chunk itself where nothing had to be changed. */
	decode(chunk: Buffer): Buffer {
		const pieces: Buffer[] = []
		const length = chunk.length
		let state = this.#state
		let from = 0 // first octet not yet in pieces
		let i = 0
		while (i < length) {
			// Most octets are within a line, and nothing happens there.
			if (state === WITHIN) {
				while (i < length && chunk[i]! > CR) i++
				if (i === length) break
			}
			const octet = chunk[i]!
			if (state === WITHIN || state === START || state === AFTER_LF) {
				if (octet !== CR && octet !== LF) {
					if (octet === DOT && state !== WITHIN) {
						if (i > from) pieces.push(chunk.subarray(from, i))
						from = i + 1
						state = state === START ? AFTER_DOT : AFTER_LF_DOT
					} else state = WITHIN
				} else if (octet === CR) {
					if (chunk[i + 1] === LF) {
						i++ // the usual line end, whole in this chunk: stays where it is
						state = START
					} else {
						if (i > from) pieces.push(chunk.subarray(from, i))
						from = i + 1
						state = AFTER_CR
					}
				} else {
					if (i > from) pieces.push(chunk.subarray(from, i))
					pieces.push(CRLF)
					from = i + 1
					state = AFTER_LF
				}
				i++
			} else if (state === AFTER_CR) {
				pieces.push(CRLF)
				if (octet === LF) {
					from = ++i
					state = START
				} else state = WITHIN // the CR was bare; this octet is looked at again
			} else if (state === AFTER_LF_DOT) {
				if (octet !== DOT) pieces.push(ONE_DOT)
				state = WITHIN
			} else if (state === AFTER_DOT) {
				// Not the end (yet): this octet begins what is left of the line.
				if (octet === CR) {
					from = ++i
					state = AFTER_DOT_CR
				} else state = WITHIN
			} else if (octet === LF) {
				this.done = true
				this.used = i + 1
				return joined(pieces)
			} else {
				pieces.push(CRLF)
				state = WITHIN
			}
		}
		if (length > from) pieces.push(from === 0 ? chunk : chunk.subarray(from))
		this.#state = state
		this.used = length
		return joined(pieces)
	}
}

/** Makes every bare CR and bare LF a CRLF (BDAT that is not binary; what goes out to the world). */
export class LineEnds {
	#heldCr = false
	#last = LF

	write(chunk: Buffer): Buffer {
		if (chunk.length === 0) return NOTHING
		const pieces: Buffer[] = []
		let from = 0
		let i = 0
		if (this.#heldCr) {
			pieces.push(CRLF)
			if (chunk[0] === LF) from = i = 1
			this.#heldCr = false
			this.#last = LF
		}
		for (; i < chunk.length; i++) {
			// Most octets are within a line.
			const octet = chunk[i]!
			if (octet > CR || (octet !== CR && octet !== LF)) continue
			if (octet === CR && chunk[i + 1] === LF) {
				i++
				continue
			}
			if (i > from) pieces.push(chunk.subarray(from, i))
			from = i + 1
			if (octet === CR && i + 1 === chunk.length) this.#heldCr = true
			else pieces.push(CRLF)
		}
		if (chunk.length > from) {
			pieces.push(from === 0 ? chunk : chunk.subarray(from))
			this.#last = chunk[chunk.length - 1]!
		} else if (from > 0 && !this.#heldCr) this.#last = LF
		return joined(pieces)
	}

	/** What is still missing at the end: the last line is ended too. */
	end(): Buffer {
		const missing = this.#heldCr || this.#last !== LF
		this.#heldCr = false
		this.#last = LF
		return missing ? CRLF : NOTHING
	}
}

/**
 * The way out, for SMTP's DATA and POP3's RETR: doubles a dot at the start of a line, `end` gives the last line. Bare CR
 * and LF become CRLF, so that nobody can see an end of message where there is none.
 */
export class DataEncoder {
	#lineEnds = new LineEnds()
	#state = START

	write(chunk: Buffer): Buffer {
		return this.#stuff(this.#lineEnds.write(chunk))
	}

	#stuff(chunk: Buffer): Buffer {
		if (chunk.length === 0) return NOTHING
		const pieces: Buffer[] = []
		let from = 0
		// A dot that begins a line is sent twice: the piece before ends with it, the piece after begins with it.
		const before = this.#state
		if (chunk[0] === DOT && before === START) pieces.push(chunk.subarray(0, 1))
		else if (before === AFTER_CR && chunk[0] === LF && chunk[1] === DOT) {
			pieces.push(chunk.subarray(0, 2))
			from = 1
		}
		for (
			let at = chunk.indexOf('\r\n.', 0, 'latin1');
			at >= 0;
			at = chunk.indexOf('\r\n.', at + 3, 'latin1')
		) {
			pieces.push(chunk.subarray(from, at + 3))
			from = at + 2
		}
		pieces.push(from === 0 ? chunk : chunk.subarray(from))
		this.#state = stateAfter(chunk, before)
		return joined(pieces)
	}

	/** The end of the last line where it is missing, and the line of one dot. */
	end(): Buffer {
		const missing = this.#stuff(this.#lineEnds.end())
		const last = Buffer.from(this.#state === START ? '.\r\n' : '\r\n.\r\n')
		return missing.length === 0 ? last : Buffer.concat([missing, last])
	}
}

function stateAfter(chunk: Buffer, before: number): number {
	const last = chunk[chunk.length - 1]
	if (last === CR) return AFTER_CR
	if (last !== LF) return WITHIN
	const cr = chunk.length > 1 ? chunk[chunk.length - 2] === CR : before === AFTER_CR
	return cr ? START : WITHIN
}
