import { decodeHeader, headerFields } from '../../message/index.ts'
import {
	type BlobHead,
	bodyText,
	type EmailRow,
	headerText,
	LARGE_MESSAGE,
	largeBodyText,
	type Reader,
} from '../../store/index.ts'
import { readCut } from './letter.ts'

/** A look into one message, as far as a search needs it. */
export class Look {
	readonly row: EmailRow
	readonly #reader: Reader
	#head: BlobHead | null = null
	#header: Buffer | null = null
	#body: string | null = null

	constructor(reader: Reader, row: EmailRow) {
		this.#reader = reader
		this.row = row
	}

	get head(): BlobHead {
		this.#head ??= this.#reader.head(this.row.blob)
		return this.#head
	}

	async #headerOctets(): Promise<Buffer> {
		const end = this.head.structure.body
		this.#header ??=
			this.row.size > LARGE_MESSAGE
				? await readCut(this.#reader, this.row.blob, 0, end)
				: this.#reader.body(this.row.blob).subarray(0, end)
		return this.#header
	}

	/** Values of the fields of that name (lower case), decoded. */
	async fields(name: string): Promise<string[]> {
		return headerFields(await this.#headerOctets())
			.filter(field => field.name.toLowerCase() === name)
			.map(field => decodeHeader(field.value))
	}

	/** The header, decoded and folded. */
	async headerText(): Promise<string> {
		return headerText(await this.#headerOctets())
	}

	/** The words of the body, decoded and folded. */
	async bodyText(): Promise<string> {
		const { blob, size } = this.row
		this.#body ??=
			size > LARGE_MESSAGE
				? await largeBodyText(this.head.structure, (start, end) => readCut(this.#reader, blob, start, end))
				: bodyText(this.#reader.body(blob), this.head.structure)
		return this.#body
	}
}
