import { decodeHeader, headerFields } from '../../message/index.ts'
import { type BlobHead, bodyText, headerText, largeBodyText, partsText } from '../../store/index.ts'
import type { Fetched } from './fetched.ts'

/** What a search looks at of one message, made when it is first asked for. */
export class SearchText {
	readonly #message: Fetched
	#header: Buffer | null = null
	#fields: ReturnType<typeof headerFields> | null = null
	#body: string | null = null
	#headerText: string | null = null
	#partsText: string | null = null

	constructor(message: Fetched) {
		this.#message = message
	}

	get head(): BlobHead {
		return this.#message.head
	}

	/** A large message is not read at once: what the search needs of it is fetched before. */
	async load(octets: 'header' | 'text'): Promise<void> {
		const { structure } = this.head
		this.#header = await this.#message.octets({ start: 0, end: structure.body })
		if (octets === 'header') return
		this.#body = await largeBodyText(structure, (start, end) => this.#message.octets({ start, end }))
	}

	get #headerOctets(): Buffer {
		this.#header ??= this.#message.body.subarray(0, this.head.structure.body)
		return this.#header
	}

	/** Values of the fields of that name (lower case), decoded. */
	fields(name: string): string[] {
		this.#fields ??= headerFields(this.#headerOctets)
		return this.#fields
			.filter(field => field.name.toLowerCase() === name)
			.map(field => decodeHeader(field.value))
	}

	/** The header, decoded and folded. */
	get headerText(): string {
		this.#headerText ??= headerText(this.#headerOctets)
		return this.#headerText
	}

	/** What is said of the parts, decoded and folded. */
	get partsText(): string {
		this.#partsText ??= partsText(this.head.structure)
		return this.#partsText
	}

	/** The words of the body, decoded and folded. */
	get bodyText(): string {
		this.#body ??= bodyText(this.#message.body, this.head.structure)
		return this.#body
	}
}
