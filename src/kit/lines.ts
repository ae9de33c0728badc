/** A line was longer than the limit. */
export class LineTooLong extends Error {
	constructor(limit: number) {
		super(`line longer than ${limit} octets`)
	}
}

const LF = 10
const CR = 13

/**
 * Cuts a stream of bytes into lines that end in CRLF, and hands out counted octets in between
 * (an IMAP literal, a BDAT chunk). Only CRLF ends a line, a bare CR or LF is a byte like another; for who says
 * `bareLf`, an LF alone ends one too.
 * Bytes are kept in the buffers they came in; a line that lies in one of them costs no copy.
 */
export class LineReader {
	#chunks: Buffer[] = []
	#length = 0
	#scanned = 0 // octets of #chunks[0] already searched for a line end
	#limit: number
	#bareLf: boolean

	/** @param limit longest line in octets, its CRLF included */
	constructor(limit: number, { bareLf = false } = {}) {
		this.#limit = limit
		this.#bareLf = bareLf
	}

	push(chunk: Buffer): void {
		if (chunk.length === 0) return
		this.#chunks.push(chunk)
		this.#length += chunk.length
	}

	/** Octets waiting. */
	get length(): number {
		return this.#length
	}

	/** The next line without its CRLF, or null when it has not arrived yet. @throws LineTooLong */
	line(): Buffer | null {
		if (this.#chunks.length > 1) this.#join()
		const buffer = this.#chunks[0]
		if (!buffer) return null
		let from = this.#scanned
		for (;;) {
			const end = buffer.indexOf(LF, from)
			if (end < 0) break
			if (end + 1 > this.#limit) throw new LineTooLong(this.#limit)
			const ended = end > 0 && buffer[end - 1] === CR
			if (ended || this.#bareLf) {
				this.#drop(end + 1)
				return buffer.subarray(0, ended ? end - 1 : end)
			}
			from = end + 1
		}
		if (buffer.length > this.#limit) throw new LineTooLong(this.#limit)
		this.#scanned = buffer.length
		return null
	}

	/** Up to `most` octets, as they lie; null when nothing is there. */
	take(most: number): Buffer | null {
		const buffer = this.#chunks[0]
		if (!buffer || most <= 0) return null
		const taken = buffer.length <= most ? buffer : buffer.subarray(0, most)
		this.#drop(taken.length)
		return taken
	}

	/** Throws away what waits (STARTTLS: nothing said before TLS may count after it, RFC 3207 section 5). */
	clear(): void {
		this.#chunks = []
		this.#length = 0
		this.#scanned = 0
	}

	#join(): void {
		this.#chunks = [Buffer.concat(this.#chunks)]
	}

	#drop(octets: number): void {
		const buffer = this.#chunks[0]!
		if (octets === buffer.length) this.#chunks.shift()
		else this.#chunks[0] = buffer.subarray(octets)
		this.#length -= octets
		this.#scanned = 0
	}
}
