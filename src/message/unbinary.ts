import { readPartHeader } from './header.ts'

const NOTHING = Buffer.alloc(0)
const CRLF = Buffer.from('\r\n')
const DASH = 45
const CR = 13
/** Beyond, what has no line end yet is dealt with as it is: no header and no delimiter has such lines. */
const LONGEST_LINE = 64 * 1024
/** A header that is longer goes as it is, and so does what stands below it. */
const LONGEST_HEADER = 256 * 1024
const DEEPEST = 50
/** Octets in a line of base64 (RFC 2045 section 6.8). */
const IN_LINE = 57

const ENCODING = /^Content-Transfer-Encoding[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*/im

/**
 * Makes a message of BINARYMIME (RFC 3030) one that every server can take, while it streams through: parts that say they
 * are binary become base64, containers that say so 8bit. All else stays octet for octet. Lines end in CRLF alone.
 */
export class Unbinary {
	#held: Buffer = NOTHING
	/** The next octet begins a line. */
	#begins = true
	#open: { boundary: string; isDigest: boolean }[] = []
	/** Of the header that is being read; null below it. */
	#header: Buffer[] | null = []
	#headerSize = 0
	#inDigest = false
	/** Of the part that is encoded: what fills no line yet; null when none is. */
	#octets: Buffer[] | null = null
	#octetsSize = 0
	/** A line end that may belong to the delimiter after it. */
	#owed = false

	write(chunk: Buffer): Buffer {
		const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
		const out: Buffer[] = []
		let at = 0
		while (at < bytes.length) {
			const found = bytes.indexOf(CRLF, at)
			if (found < 0) {
				// A CR at the end may be half of a line end.
				const end = bytes[bytes.length - 1] === CR ? bytes.length - 1 : bytes.length
				if (end - at > LONGEST_LINE) {
					this.#piece(bytes.subarray(at, end), false, out)
					at = end
				}
				break
			}
			this.#piece(bytes.subarray(at, found + 2), true, out)
			at = found + 2
		}
		this.#held = Buffer.from(bytes.subarray(at))
		return Buffer.concat(out)
	}

	/** The message is over; what is still to come. */
	end(): Buffer {
		const out: Buffer[] = []
		if (this.#held.length > 0) this.#piece(this.#held, false, out)
		this.#held = NOTHING
		if (this.#header) out.push(...this.#header)
		if (this.#octets) {
			if (this.#owed) this.#encode(CRLF, out)
			this.#close(out)
		}
		return Buffer.concat(out)
	}

	/** A line with its end, or as much of one as there is. */
	#piece(octets: Buffer, whole: boolean, out: Buffer[]): void {
		const begins = this.#begins
		this.#begins = whole
		if (begins && whole && octets[0] === DASH && octets[1] === DASH && this.#delimits(octets, out)) return
		if (this.#header) this.#inHeader(octets, begins && octets.equals(CRLF), out)
		else if (this.#octets) {
			if (this.#owed) this.#encode(CRLF, out)
			this.#encode(whole ? octets.subarray(0, -2) : octets, out)
			this.#owed = whole
		} else out.push(octets)
	}

	#delimits(line: Buffer, out: Buffer[]): boolean {
		const said = line.subarray(2).toString('latin1').trimEnd()
		for (let depth = this.#open.length - 1; depth >= 0; depth--) {
			const { boundary, isDigest } = this.#open[depth]!
			const closes = said === `${boundary}--`
			if (!closes && said !== boundary) continue
			if (this.#header) out.push(...this.#header)
			if (this.#octets) this.#close(out)
			out.push(line)
			this.#open.length = closes ? depth : depth + 1
			this.#header = null
			if (!closes) this.#beginHeader(isDigest)
			return true
		}
		return false
	}

	#beginHeader(inDigest: boolean): void {
		this.#header = []
		this.#headerSize = 0
		this.#inDigest = inDigest
	}

	#inHeader(octets: Buffer, ends: boolean, out: Buffer[]): void {
		// What was cut out of a chunk is needed beyond it.
		this.#header!.push(Buffer.from(octets))
		this.#headerSize += octets.length
		if (ends) this.#below(Buffer.concat(this.#header!), out)
		else if (this.#headerSize > LONGEST_HEADER) {
			out.push(...this.#header!)
			this.#header = null
		}
	}

	/** A header is read: what stands below it decides how it goes on. */
	#below(header: Buffer, out: Buffer[]): void {
		const text = header.toString('latin1')
		const { type, subtype, params, encoding } = readPartHeader(text, this.#inDigest)
		const isBinary = encoding === 'binary'
		// As octets: the boundary was decoded with the header.
		const boundary = type === 'multipart' ? Buffer.from(params.boundary ?? '').toString('latin1') : ''
		const isMessage = type === 'message' && (subtype === 'rfc822' || subtype === 'global')
		const holds = (boundary !== '' || isMessage) && this.#open.length < DEEPEST
		const named = (name: string) =>
			isBinary
				? Buffer.from(text.replace(ENCODING, `Content-Transfer-Encoding: ${name}\r\n`), 'latin1')
				: header
		this.#header = null
		if (holds) {
			out.push(named('8bit'))
			if (boundary === '') this.#beginHeader(false)
			else this.#open.push({ boundary, isDigest: subtype === 'digest' })
		} else {
			out.push(named('base64'))
			if (isBinary) this.#octets = []
			this.#octetsSize = 0
			this.#owed = false
		}
	}

	#encode(octets: Buffer, out: Buffer[]): void {
		this.#octets!.push(Buffer.from(octets))
		this.#octetsSize += octets.length
		if (this.#octetsSize < IN_LINE * 64) return
		const all = Buffer.concat(this.#octets!)
		const full = all.length - (all.length % IN_LINE)
		out.push(inLines(all.subarray(0, full)))
		this.#octets = [all.subarray(full)]
		this.#octetsSize = all.length - full
	}

	/** The part is over: its last line, and the line end before the delimiter. */
	#close(out: Buffer[]): void {
		out.push(inLines(Buffer.concat(this.#octets!)))
		this.#octets = null
		this.#owed = false
	}
}

function inLines(octets: Buffer): Buffer {
	return Buffer.from(octets.toString('base64').replace(/.{1,76}/g, '$&\r\n'))
}
