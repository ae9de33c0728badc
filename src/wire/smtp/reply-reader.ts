import type { Reply } from './reply.ts'

/** What came is no SMTP reply, or endless. The connection is of no use any more. */
export class BadReply extends Error {}

const LF = 10
const CR = 13
const MOST_LINE = 4096 // octets; RFC 5321 section 4.5.3.1.5 says 512, reality says more
const MOST_LINES = 256

/** Collects replies on the client's side of SMTP and LMTP, one line or many (RFC 5321 section 4.2.1). */
export class ReplyReader {
	#buffer: Buffer = Buffer.alloc(0)
	#at = 0
	#code = 0
	#lines: string[] = []

	push(chunk: Buffer): void {
		this.#buffer =
			this.#at < this.#buffer.length ? Buffer.concat([this.#buffer.subarray(this.#at), chunk]) : chunk
		this.#at = 0
	}

	/** The next whole reply, null when it has not arrived yet. @throws BadReply */
	next(): Reply | null {
		for (let line = this.#line(); line !== null; line = this.#line()) {
			const match = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(line)
			if (!match) throw new BadReply(`not a reply: ${JSON.stringify(line.slice(0, 100))}`)
			const code = Number(match[1])
			if (this.#lines.length > 0 && code !== this.#code) throw new BadReply('the code changed within a reply')
			if (this.#lines.length === MOST_LINES) throw new BadReply(`a reply of more than ${MOST_LINES} lines`)
			this.#code = code
			this.#lines.push(match[3] ?? '')
			if (match[2] !== '-') return this.#whole()
		}
		return null
	}

	#line(): string | null {
		const end = this.#buffer.indexOf(LF, this.#at)
		if (end < 0) {
			if (this.#buffer.length - this.#at > MOST_LINE)
				throw new BadReply(`a line of more than ${MOST_LINE} octets`)
			return null
		}
		const start = this.#at
		this.#at = end + 1
		if (end - start > MOST_LINE) throw new BadReply(`a line of more than ${MOST_LINE} octets`)
		// QUIRK: some servers end reply lines with LF alone.
		return this.#buffer.toString('utf8', start, end > start && this.#buffer[end - 1] === CR ? end - 1 : end)
	}

	#whole(): Reply {
		const code = this.#code
		let lines = this.#lines
		this.#lines = []
		// RFC 2034 section 4: the status code stands at the head of each line and has the class of the reply.
		const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/.exec(lines[0]!)?.[1] ?? null
		if (enhanced === null || enhanced.charCodeAt(0) - 48 !== Math.floor(code / 100)) {
			return { code, enhanced: null, lines }
		}
		lines = lines.map(line => (line.startsWith(enhanced) ? line.slice(enhanced.length + 1) : line))
		return { code, enhanced, lines }
	}
}
