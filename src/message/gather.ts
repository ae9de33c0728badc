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
		this.keep()
		return this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
	}
}
