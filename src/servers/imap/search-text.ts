import { decodeHeader, headerFields, type Part, textOf } from '../../message/index.ts'
import type { BlobHead } from '../../store/index.ts'
import type { Fetched } from './fetched.ts'

/** Of a large message only this many text parts are searched. */
const MOST_PARTS = 20

/** Text to be compared: case does not matter, nor do compatibility forms (full width, ligatures). */
export function fold(text: string): string {
	return /^[\x00-\x7f]*$/.test(text) ? text.toLowerCase() : text.normalize('NFKC').toLowerCase()
}

/** What a search looks at of one message, made when it is first asked for. */
export class SearchText {
	readonly #message: Fetched
	#header: Buffer | null = null
	#body: string | null = null
	#headerText: string | null = null

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
		const texts: string[] = []
		for (const part of textParts(structure).slice(0, MOST_PARTS)) {
			const cut = await this.#message.octets({ start: part.body, end: part.end })
			texts.push(textOf(cut, { ...part, start: 0, body: 0, end: cut.length }))
		}
		this.#body = fold(texts.join('\n'))
	}

	get #headerOctets(): Buffer {
		this.#header ??= this.#message.body.subarray(0, this.head.structure.body)
		return this.#header
	}

	/** Values of the fields of that name (lower case), decoded. */
	fields(name: string): string[] {
		return headerFields(this.#headerOctets)
			.filter(field => field.name.toLowerCase() === name)
			.map(field => decodeHeader(field.value))
	}

	/** The header, decoded and folded. */
	get headerText(): string {
		this.#headerText ??= fold(
			headerFields(this.#headerOctets)
				.map(field => `${field.name}: ${decodeHeader(field.value)}`)
				.join('\n'),
		)
		return this.#headerText
	}

	/** The words of the body, decoded and folded. */
	get bodyText(): string {
		this.#body ??= fold(textOf(this.#message.body, this.head.structure))
		return this.#body
	}
}

function textParts(part: Part): Part[] {
	if (part.parts) return part.parts.flatMap(textParts)
	if (part.message) return textParts(part.message)
	return part.type === 'text' ? [part] : []
}
