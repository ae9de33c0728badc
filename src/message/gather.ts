/**
 * Collects octets that mostly lie side by side in one buffer, up to a limit: as long as they do, nothing is copied.
 * `keep` copies what still lies in a buffer that is about to be given back.
 */
export class Gather {
	#pieces: Buffer[] = []
	#room: number
	#buffer: Buffer | null = null
	#from = 0
	#to = 0

	/** @param room most octets to keep; what comes after is dropped */
	constructor(room: number) {
		this.#room = room
	}

	get full(): boolean {
		return this.#room === 0
	}

	add(buffer: Buffer, from: number, to: number): void {
		const length = Math.min(to - from, this.#room)
		if (length <= 0) return
		this.#room -= length
		if (buffer === this.#buffer && from === this.#to) {
			this.#to += length
			return
		}
		this.keep()
		this.#buffer = buffer
		this.#from = from
		this.#to = from + length
	}

	keep(): void {
		if (this.#buffer) this.#pieces.push(Buffer.from(this.#buffer.subarray(this.#from, this.#to)))
		this.#buffer = null
	}

	/** Everything gathered, one character an octet. */
	text(): string {
		if (this.#pieces.length === 0)
			return this.#buffer ? this.#buffer.toString('latin1', this.#from, this.#to) : ''
		return this.bytes().toString('latin1')
	}

	bytes(): Buffer {
		if (this.#pieces.length === 0 && this.#buffer) return this.#buffer.subarray(this.#from, this.#to)
		this.keep()
		return this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
	}
}

/** Fields with which something is done; of a header that is larger than anybody's, only these are still gathered. */
const WANTED =
	/^(?:content-[a-z-]+|date|subject|from|sender|reply-to|to|cc|bcc|in-reply-to|message-id|references)[ \t]*:/i
const LONGEST_NAME = 32
const MOST_WANTED = 64 * 1024

/** Gathers a header. When its room is used up, the fields that matter are still taken, as much as fits. */
export class HeaderGather {
	#first: Gather
	#wanted: Gather
	#wanting = false

	constructor(room: number) {
		this.#first = new Gather(room)
		this.#wanted = new Gather(Math.min(room, MOST_WANTED))
	}

	/** @param begins the octets are the beginning of a line */
	add(buffer: Buffer, from: number, to: number, begins: boolean): void {
		if (!this.#first.full) {
			this.#first.add(buffer, from, to)
			return
		}
		const folded = buffer[from] === 32 || buffer[from] === 9
		if (begins && !folded)
			this.#wanting = WANTED.test(buffer.toString('latin1', from, Math.min(to, from + LONGEST_NAME)))
		if (this.#wanting) this.#wanted.add(buffer, from, to)
	}

	keep(): void {
		this.#first.keep()
		this.#wanted.keep()
	}

	text(): string {
		const wanted = this.#wanted.text()
		return wanted === '' ? this.#first.text() : `${this.#first.text()}\r\n${wanted}`
	}
}
