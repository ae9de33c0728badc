import { isUtf8 } from 'node:buffer'
import { decodeText } from './charset.ts'
import { Gather } from './gather.ts'
import { htmlText } from './html.ts'
import { decodeTransfer } from './transfer.ts'
import type { Part } from './types.ts'

/** Longest preview, in characters. */
const LONGEST = 200

/** How much of a text is looked at. HTML begins with its styles. */
const PLAIN_BEGINNING = 2560
const HTML_BEGINNING = 32 * 1024
/** Mostly so many octets of a plain text are enough; the last characters may be what is left of a longer code. */
const ENOUGH = 1024
const CUT = 16

/** The beginning of a text part as it lies in the message. */
type Beginning = { gather: Gather; encoding: string; charset: string; html: boolean }

/** Takes the beginnings of the first plain and the first HTML text while the message streams by. */
export class FirstText {
	#plain: Beginning | null = null
	#html: Beginning | null = null
	#gathering: Gather | null = null

	/**
	 * The body of a text part begins.
	 * @param within it belongs to a message within the message, whose words are shown only when there are no others
	 */
	begin(part: Part, within: boolean): void {
		if (within && (this.#plain || this.#html)) return
		const html = part.subtype === 'html'
		if (html ? this.#html : this.#plain || part.subtype !== 'plain') return
		this.#gathering = new Gather(html ? HTML_BEGINNING : PLAIN_BEGINNING)
		const beginning = {
			gather: this.#gathering,
			encoding: part.encoding,
			charset: part.params.charset ?? '',
			html,
		}
		if (html) this.#html = beginning
		else this.#plain = beginning
	}

	add(buffer: Buffer, from: number, to: number): void {
		if (!this.#gathering) return
		this.#gathering.add(buffer, from, to)
		if (this.#gathering.full) this.stop()
	}

	/** The buffer goes back to whoever gave it. */
	keep(): void {
		this.#plain?.gather.keep()
		this.#html?.gather.keep()
	}

	/** The part is over. */
	stop(): void {
		this.#gathering = null
	}

	preview(): string {
		return (this.#plain && previewOf(this.#plain)) || (this.#html && previewOf(this.#html)) || ''
	}
}

/** The first words of a text, white space folded; '' when it has none. */
function previewOf(beginning: Beginning): string {
	const bytes = beginning.gather.bytes()
	if (beginning.html) return shorten(folded(htmlText(textOf(bytes, beginning))))
	if (bytes.length > ENOUGH) {
		const text = folded(textOf(bytes.subarray(0, ENOUGH), beginning))
		if (text.length > LONGEST + CUT) return shorten(text)
	}
	return shorten(folded(textOf(bytes, beginning)))
}

function textOf(bytes: Buffer, { encoding, charset }: Beginning): string {
	return decodeText(wholeCharacters(decodeTransfer(bytes, encoding)), charset)
}

/** QUIRK: newsletters put hundreds of invisible characters behind their first line to keep the rest out of previews. */
function folded(text: string): string {
	return text
		.replace(/[\u034f\u00ad\u200b-\u200f\u2060\ufeff]+/g, '')
		.replace(/[\s\x00-\x1f\x7f]+/g, ' ')
		.trim()
		.replace(/\ufffd+$/, '')
}

function shorten(plain: string): string {
	if (plain.length <= LONGEST) return plain
	const cut = plain.slice(0, LONGEST)
	const last = cut.charCodeAt(LONGEST - 1)
	return (last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut).trimEnd()
}

/** The bytes are the beginning of something longer: a UTF-8 character cut in two at the end goes. */
function wholeCharacters(bytes: Buffer): Buffer {
	for (let back = 1; back <= 3 && back <= bytes.length; back++) {
		const byte = bytes[bytes.length - back]!
		if (byte < 0x80) return bytes
		if (byte >= 0xc0) {
			const cut = bytes.subarray(0, bytes.length - back)
			return isUtf8(cut) && !isUtf8(bytes) ? cut : bytes
		}
	}
	return bytes
}
