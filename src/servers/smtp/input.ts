const LF = 10
const CR = 13
const NOTHING: Buffer = Buffer.alloc(0)

/** A line that is longer than allowed; it is skipped. */
export const TOO_LONG = Symbol('too long')

/**
 * What the client has sent and we have not looked at yet. Unlike kit's LineReader it can give back what was taken
 * too much: where DATA ends is only known after looking into the octets. Only CRLF ends a line.
 */
export class Input {
	#buffer = NOTHING
	#at = 0
	#skipping = false

	push(chunk: Buffer): void {
		this.#buffer = this.length > 0 ? Buffer.concat([this.#buffer.subarray(this.#at), chunk]) : chunk
		this.#at = 0
	}

	get length(): number {
		return this.#buffer.length - this.#at
	}

	/** The next line without its CRLF; null when it has not arrived yet. @param limit octets, CRLF included */
	line(limit: number): Buffer | typeof TOO_LONG | null {
		const buffer = this.#buffer
		let end = buffer.indexOf(LF, this.#at)
		while (end >= 0 && (end === this.#at || buffer[end - 1] !== CR)) end = buffer.indexOf(LF, end + 1)
		if (end < 0) {
			if (this.length <= limit) return null
			this.#skipping = true
			this.#at = buffer.length - (buffer[buffer.length - 1] === CR ? 1 : 0)
			return null
		}
		const start = this.#at
		this.#at = end + 1
		if (this.#skipping || end + 1 - start > limit) {
			this.#skipping = false
			return TOO_LONG
		}
		return buffer.subarray(start, end - 1)
	}

	/** Up to `most` octets as they lie; null when nothing is there. */
	take(most: number): Buffer | null {
		const end = Math.min(this.#at + most, this.#buffer.length)
		if (end === this.#at) return null
		const taken = this.#buffer.subarray(this.#at, end)
		this.#at = end
		return taken
	}

	/** The last `octets` of what was taken are looked at again. */
	giveBack(octets: number): void {
		this.#at -= octets
	}

	/** RFC 3207 section 4: nothing said before TLS counts after it. */
	clear(): void {
		this.#buffer = NOTHING
		this.#at = 0
	}
}
