/**
 * The text of a CSV file, whatever program saved it: UTF-8 with or without a byte order mark, UTF-16 with one, else
 * GB18030, in which a Chinese Excel writes.
 */
export function csvText(bytes: Uint8Array): string {
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
	} catch {
		return new TextDecoder('gb18030').decode(bytes)
	}
}

/** A quote that is not closed, or not where a cell ends: nobody can tell which cells the file means. */
export class OpenQuote extends Error {
	/** Where it begins. */
	readonly line: number

	constructor(line: number) {
		super(`line ${line}: a quote (") begins there and does not end where its cell ends`)
		this.line = line
	}
}

export type CsvRow = { line: number; cells: string[] }

/**
 * Rows of RFC 4180, with the line each begins on (from 1); empty ones are passed over. The delimiter is the comma, the
 * semicolon or the tab, whichever the first line has most of. A quote that does not stand at the beginning of a cell is
 * a character like another. @throws OpenQuote
 */
export function* csvRows(text: string): Generator<CsvRow> {
	const delimiter = delimiterOf(text)
	let line = 1
	let began = 1
	let cells: string[] = []
	let at = 0
	while (at <= text.length) {
		let cell = ''
		if (text[at] === '"') {
			let end = at + 1
			for (;;) {
				const quote = text.indexOf('"', end)
				if (quote < 0) throw new OpenQuote(line)
				cell += text.slice(end, quote)
				end = quote + 1
				if (text[end] !== '"') break
				cell += '"'
				end++
			}
			if (text.slice(end, endOfCell(text, end, delimiter)).trim() !== '') throw new OpenQuote(line)
			line += cell.split('\n').length - 1
			at = end
		}
		const end = endOfCell(text, at, delimiter)
		cells.push(cell + text.slice(at, end))
		at = end
		if (text[at] === delimiter) {
			at++
			continue
		}
		if (cells.some(one => one.trim() !== '')) yield { line: began, cells }
		cells = []
		at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1
		began = ++line
	}
}

function endOfCell(text: string, from: number, delimiter: string): number {
	for (let at = from; at < text.length; at++) {
		const char = text[at]!
		if (char === delimiter || char === '\n' || char === '\r') return at
	}
	return text.length
}

function delimiterOf(text: string): string {
	const [first = ''] = text.split(/\r?\n/, 1)
	const count = (delimiter: string) => first.split(delimiter).length
	return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best))
}

/**
 * One line with its CRLF. What a table calculator would take for a formula gets an apostrophe in front: names come from
 * people, and a file is opened on an administrator's machine.
 */
export function csvLine(cells: readonly (string | number | boolean | null)[]): string {
	const quoted = cells.map(cell => {
		const text = String(cell ?? '')
		const safe = typeof cell === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
		return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
	})
	return `${quoted.join(',')}\r\n`
}
