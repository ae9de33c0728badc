import { type BlobHead, LARGE_MESSAGE, type MessageRow, type Reader } from '../../store/index.ts'
import type { Cut } from './sections.ts'

/** One message under FETCH or SEARCH: what is costly is read once, when it is first asked for. */
export class Fetched {
	readonly row: MessageRow
	#reader: Reader
	#head: BlobHead | undefined
	#body: Buffer | undefined

	/** @param head, body where they were read already */
	constructor(reader: Reader, row: MessageRow, head?: BlobHead, body?: Buffer) {
		this.#reader = reader
		this.row = row
		this.#head = head
		this.#body = body
	}

	get head(): BlobHead {
		this.#head ??= this.#reader.head(this.row.blob)
		return this.#head
	}

	/** Must its octets be streamed? */
	get large(): boolean {
		return this.row.size > LARGE_MESSAGE
	}

	/** All octets of a message that is not large. */
	get body(): Buffer {
		this.#body ??= this.#reader.body(this.row.blob)
		return this.#body
	}

	/**
	 * Reads now what will be needed. False when the message is no more: expunged since its row was read.
	 * @throws whatever reading throws while the message is still there
	 */
	ready(needs: { head: boolean; body: boolean }, mailbox: number): boolean {
		try {
			if (needs.head) this.head
			if (needs.body && !this.large) this.body
			return true
		} catch (error) {
			if (this.#reader.messages(mailbox, this.row.uid, this.row.uid).length > 0) throw error
			return false
		}
	}

	stream({ start, end }: Cut): AsyncIterable<Buffer> {
		return this.#reader.bodyStream(this.row.blob, start, end)
	}

	/** The octets of a cut, in memory. */
	async octets(cut: Cut): Promise<Buffer> {
		if (!this.large) return this.body.subarray(cut.start, cut.end)
		const pieces: Buffer[] = []
		for await (const piece of this.stream(cut)) pieces.push(piece)
		return Buffer.concat(pieces)
	}
}
