import { guessHeader } from './charset.ts'

/** One header field as it lies; `from` and `to` frame the value (folds and all) in the text it was read from. */
type RawField = { name: string; from: number; to: number; start: number; end: number }

/**
 * Goes through the fields of a header (RFC 5322 section 2.2) that was read as one character an octet, up to the blank
 * line or the end. Lines that are no field (an mbox `From `, rubbish) are passed over. `take` answers whether to go on.
 * Linear in the length whatever stands there.
 */
export function eachField(text: string, take: (field: RawField) => boolean): void {
	let colon = -1
	for (let start = 0; start < text.length; ) {
		if (colon < start) colon = text.indexOf(':', start)
		if (colon < 0) return
		const first = text.charCodeAt(start)
		if (first === 10 || (first === 13 && text.charCodeAt(start + 1) === 10)) return
		let end = start
		for (;;) {
			const lineEnd = text.indexOf('\n', end)
			end = lineEnd < 0 ? text.length : lineEnd + 1
			const next = text.charCodeAt(end)
			if (next !== 32 && next !== 9) break
		}
		if (colon < end && first !== 32 && first !== 9) {
			const name = text.slice(start, colon).trimEnd()
			if (isName(name) && !take({ name, from: colon + 1, to: end, start, end })) return
		}
		start = end
	}
}

function isName(name: string): boolean {
	for (let i = 0; i < name.length; i++) {
		const code = name.charCodeAt(i)
		if (code <= 32 || code === 127) return false
	}
	return name.length > 0
}

/**
 * A field's value without its folds and the white space around it; 8-bit octets decoded (UTF-8, else `charset`,
 * else GB18030).
 */
export function fieldValue(text: string, from: number, to: number, charset = ''): string {
	return guessHeader(trimBlank(unfold(text.slice(from, to))), charset)
}

/** `trim` would take a no-break space too, which here may be the last octet of a UTF-8 character. */
function trimBlank(value: string): string {
	let from = 0
	let to = value.length
	while (from < to && isBlank(value.charCodeAt(from))) from++
	while (to > from && isBlank(value.charCodeAt(to - 1))) to--
	return value.slice(from, to)
}

function isBlank(code: number): boolean {
	return code === 32 || code === 9 || code === 13
}

/** Takes out line ends: in a field they are all folds (RFC 5322 section 2.2.3). */
function unfold(value: string): string {
	return value.includes('\n') ? value.replace(/\r?\n/g, '') : value
}

/** The value of the first field of that name, unfolded, RFC 2047 not decoded; null when there is none. */
export function headerField(header: Buffer, name: string): string | null {
	const text = header.toString('latin1')
	const wanted = name.toLowerCase()
	let found: string | null = null
	eachField(text, field => {
		if (field.name.length !== wanted.length || field.name.toLowerCase() !== wanted) return true
		found = fieldValue(text, field.from, field.to)
		return false
	})
	return found
}

/**
 * All fields in order, names as written, values as `headerField` gives them. `start` and `end` count octets of `header`;
 * `end` lies after the CRLF. The header may go on with its blank line and a body: nothing after the blank line is read.
 */
export function headerFields(header: Buffer): { name: string; value: string; start: number; end: number }[] {
	const text = header.toString('latin1')
	const fields: { name: string; value: string; start: number; end: number }[] = []
	eachField(text, ({ name, from, to, start, end }) => {
		fields.push({ name, value: fieldValue(text, from, to), start, end })
		return true
	})
	return fields
}
