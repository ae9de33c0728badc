import { HeaderGather } from './gather.ts'
import { type Description, readMessageHeader, readPartHeader } from './header.ts'
import { becomeOctets, becomeText, isEncoded, isMessage, unknownPart } from './part.ts'
import { FirstText } from './preview.ts'
import type { Envelope, Part, Scanned } from './types.ts'

// What one message may cost us. Beyond these a part is text nobody looks into; its octets still count.
const MOST_HEADER = 1024 * 1024
const MOST_PART_HEADER = 128 * 1024
const MOST_HEADERS_TOGETHER = 4 * 1024 * 1024
const MOST_DEPTH = 100
const MOST_PARTS = 10_000
/** A longer line is no boundary (RFC 2046 allows 70 characters; RFC 5322 998 in a line). */
const LONGEST_BOUNDARY_LINE = 1024

const LF = 10
const CR = 13
const DASH = 45

/** A part that has not ended yet. */
type Open = {
	part: Part
	/** Lines of the message before the part's body. */
	linesBefore: number
	/** Its delimiter while it can still come, without the two dashes in front. */
	boundary: string | null
	/** What the same delimiter meant before: an inner multipart may use the boundary of an outer one. */
	shadowed: number | undefined
}

/**
 * One pass over a message as it streams in: what is in it and where. Memory does not grow with the message.
 * `push` may be given the octets in any pieces, the result is the same; the pieces are not kept.
 */
export class Scanner {
	/** Octets of whole lines (and pieces of long ones) that were looked at. */
	#offset = 0
	/** LFs among them. */
	#lines = 0
	/** Length of the last line end (CRLF or a bare LF), and whether its line was empty. */
	#lineEnd = 0
	#emptyLine = false
	/** Within a line whose beginning was looked at already; its last octet so far. */
	#inLine = false
	#lastOctet = 0
	/** The beginning of a line whose end has not come. */
	#held: Buffer | null = null

	/** From the message down to the part we are in. */
	#open: Open[] = []
	/** Delimiters that may come → their place in #open. */
	#boundaries = new Map<string, number>()
	#parts = 0
	/** How many messages within the message we are in. */
	#within = 0
	/** Gathers while we are in a header, else null. */
	#header: HeaderGather | null = null
	#headerRoom = MOST_HEADERS_TOGETHER

	#envelope: Envelope | null = null
	#received = 0
	#hasAttachment = false
	#firstText = new FirstText()

	constructor() {
		this.#begin(null)
	}

	/** @param stays the chunk lies where it is until the end: nothing of it is copied */
	push(chunk: Buffer, stays = false): void {
		let from = 0
		if (this.#held) {
			const end = chunk.indexOf(LF) + 1
			from = end > 0 ? end : Math.min(chunk.length, LONGEST_BOUNDARY_LINE)
			const line = Buffer.concat([this.#held, chunk.subarray(0, from)])
			if (end > 0) this.#line(line, 0, line.length, true)
			else if (line.length <= LONGEST_BOUNDARY_LINE) {
				this.#held = line
				return
			} else this.#line(line, 0, line.length, false)
			this.#held = null
			this.#keep()
		}
		while (from < chunk.length) {
			const end = chunk.indexOf(LF, from) + 1
			if (end === 0) break
			this.#line(chunk, from, end, true)
			from = end
		}
		if (from < chunk.length) {
			if (this.#inLine || chunk.length - from > LONGEST_BOUNDARY_LINE)
				this.#line(chunk, from, chunk.length, false)
			else this.#held = stays ? chunk.subarray(from) : Buffer.from(chunk.subarray(from))
		}
		if (!stays) this.#keep()
	}

	/** The message is over. */
	end(): Scanned {
		if (this.#held) {
			const held = this.#held
			this.#held = null
			if (!this.#delimiter(held, 0, held.length, false)) this.#line(held, 0, held.length, false)
		}
		this.#closeHeaders()
		const structure = this.#open[0]!.part
		this.#close(0, this.#offset, this.#inLine ? 1 : 0)
		return {
			size: this.#offset,
			envelope: this.#envelope!,
			structure,
			preview: this.#firstText.preview(),
			received: this.#received,
			hasAttachment: this.#hasAttachment,
		}
	}

	/** The chunk goes back to whoever gave it. */
	#keep(): void {
		this.#header?.keep()
		this.#firstText.keep()
	}

	/** A whole line, or a piece of a long one (`ended` is false). */
	#line(buffer: Buffer, from: number, to: number, ended: boolean): void {
		const whole = ended && !this.#inLine
		if (whole && this.#delimiter(buffer, from, to, true)) return
		const lineEnd = ended ? this.#lineEndOf(buffer, from, to) : 0
		const empty = whole && lineEnd === to - from
		this.#header?.add(buffer, from, to, !this.#inLine)
		this.#firstText.add(buffer, from, to)
		this.#passed(buffer, to - from, to, ended, lineEnd, empty)
		if (empty && this.#header) this.#headerEnds()
	}

	#lineEndOf(buffer: Buffer, from: number, to: number): number {
		const before = to - 2 >= from ? buffer[to - 2] : this.#inLine ? this.#lastOctet : 0
		return before === CR ? 2 : 1
	}

	#passed(buffer: Buffer, length: number, to: number, ended: boolean, lineEnd: number, empty: boolean): void {
		this.#offset += length
		this.#inLine = !ended
		if (!ended) {
			this.#lastOctet = buffer[to - 1]!
			return
		}
		this.#lines++
		this.#lineEnd = lineEnd
		this.#emptyLine = empty
	}

	/**
	 * Deals with the line if it is a delimiter (RFC 2046 section 5.1.1: two dashes, the boundary, two more after the last part,
	 * white space). The delimiter of an outer multipart ends all that is within.
	 */
	#delimiter(buffer: Buffer, from: number, to: number, ended: boolean): boolean {
		if (buffer[from] !== DASH || buffer[from + 1] !== DASH || this.#boundaries.size === 0 || this.#inLine)
			return false
		if (to - from > LONGEST_BOUNDARY_LINE || this.#parts >= MOST_PARTS) return false
		let end = to
		while (end > from + 2 && isBlank(buffer[end - 1]!)) end--
		const text = buffer.toString('latin1', from + 2, end)
		let closing = false
		let index = this.#boundaries.get(text)
		if (index === undefined && text.endsWith('--')) {
			index = this.#boundaries.get(text.slice(0, -2))
			closing = true
		}
		if (index === undefined) return false
		this.#closeHeaders()
		this.#close(index + 1, this.#offset - this.#lineEnd, this.#emptyLine ? 0 : 1)
		this.#passed(buffer, to - from, to, ended, ended ? this.#lineEndOf(buffer, from, to) : 0, false)
		const multipart = this.#open[index]!
		if (closing) this.#forget(multipart)
		else this.#begin(multipart.part)
		return true
	}

	/** A new part begins here with its header. */
	#begin(parent: Part | null): void {
		const part = unknownPart(this.#offset)
		if (parent?.type === 'multipart') {
			if (parent.parts) parent.parts.push(part)
			else parent.parts = [part]
		} else if (parent) parent.message = part
		this.#parts++
		this.#open.push({ part, linesBefore: this.#lines, boundary: null, shadowed: undefined })
		const most = this.#parts === 1 ? MOST_HEADER : MOST_PART_HEADER
		this.#header = new HeaderGather(Math.min(most, this.#headerRoom))
	}

	/** Headers that the end of the message or a delimiter cuts off have no blank line; what they announce is empty. */
	#closeHeaders(): void {
		while (this.#header) this.#headerEnds()
	}

	/** The header of the innermost part is complete: what kind of body follows? */
	#headerEnds(): void {
		const text = this.#header!.text()
		this.#header = null
		this.#headerRoom -= Math.min(text.length, this.#headerRoom)
		const depth = this.#open.length
		const open = this.#open[depth - 1]!
		const parent = this.#open[depth - 2]?.part
		const { part } = open
		Object.assign(part, this.#describe(text, parent))
		part.body = this.#offset
		open.linesBefore = this.#lines
		const mayHold = depth < MOST_DEPTH && this.#parts < MOST_PARTS
		// The boundary was decoded with the header; delimiters are compared octet by octet, without trailing space.
		const boundary = Buffer.from(part.params.boundary ?? '')
			.toString('latin1')
			.trimEnd()
		if (part.type === 'multipart' && mayHold && boundary !== '') {
			open.boundary = boundary
			open.shadowed = this.#boundaries.get(boundary)
			this.#boundaries.set(boundary, depth - 1)
		} else if (isMessage(part) && mayHold && !isEncoded(part)) {
			this.#hasAttachment = true
			this.#within++
			this.#begin(part)
		} else {
			if (isMessage(part) && isEncoded(part)) becomeOctets(part)
			else if (isMessage(part) || part.type === 'multipart') becomeText(part)
			this.#leaf(part)
		}
	}

	#describe(text: string, parent: Part | undefined): Description {
		if (parent?.type === 'multipart') return readPartHeader(text, parent.subtype === 'digest')
		const { description, envelope, received } = readMessageHeader(text)
		if (parent) parent.envelope = envelope
		else {
			this.#envelope = envelope
			this.#received = received
		}
		return description
	}

	#leaf(part: Part): void {
		const attached = part.disposition === 'attachment'
		if (attached || part.type !== 'text') this.#hasAttachment = true
		else this.#firstText.begin(part, this.#within > 0)
	}

	/**
	 * Ends all open parts from place `from` on.
	 * @param end where their bodies end: before the line end that belongs to the delimiter, or at the end of the message
	 * @param rest 1 when the last line of the body has no line end of its own
	 */
	#close(from: number, end: number, rest: number): void {
		this.#firstText.stop()
		let inner = 0
		for (let place = this.#open.length - 1; place >= from; place--) {
			const open = this.#open.pop()!
			const { part } = open
			this.#forget(open)
			if (part.message) this.#within--
			// A part without any body begins after the line end that the delimiter claims.
			part.end = Math.max(end, part.body, inner)
			inner = part.end
			if (part.end > part.body) {
				const lines = this.#lines - open.linesBefore
				part.lines = part.end === this.#offset ? lines + (this.#inLine ? 1 : 0) : lines - 1 + rest
			}
			if (part.type === 'multipart' && !part.parts) becomeText(part)
		}
	}

	/** Its delimiter means nothing any more. */
	#forget(open: Open): void {
		if (open.boundary === null) return
		if (open.shadowed === undefined) this.#boundaries.delete(open.boundary)
		else this.#boundaries.set(open.boundary, open.shadowed)
		open.boundary = null
	}
}

/** The same in one go. */
export function scan(bytes: Buffer): Scanned {
	const scanner = new Scanner()
	scanner.push(bytes, true)
	return scanner.end()
}

function isBlank(octet: number): boolean {
	return octet === 32 || octet === 9 || octet === CR || octet === LF
}
