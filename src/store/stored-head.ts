import type { Envelope, Part } from '../message/index.ts'
import type { BlobHead } from './types.ts'

/**
 * What is known of a body, as it lies in its row: who asks for the envelope need not pay for the structure. '' (0) for what was
 * not read: whoever said it would not be asked for is wrong when it is.
 */
export class StoredHead implements BlobHead {
	readonly hash: string
	readonly size: number
	readonly preview: string
	#envelope: string | Envelope
	#structure: string | Part

	constructor(
		hash: string,
		size: number,
		preview: string,
		envelope: string | Envelope,
		structure: string | Part,
	) {
		this.hash = hash
		this.size = size
		this.preview = preview
		this.#envelope = envelope
		this.#structure = structure
	}

	get envelope(): Envelope {
		if (typeof this.#envelope === 'string') this.#envelope = JSON.parse(this.#envelope) as Envelope
		return this.#envelope
	}

	get structure(): Part {
		if (typeof this.#structure === 'string') this.#structure = JSON.parse(this.#structure) as Part
		return this.#structure
	}
}
