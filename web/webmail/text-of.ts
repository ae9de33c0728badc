const MARKS: [mark: number[], charset: string][] = [
	[[0xff, 0xfe], 'utf-16le'],
	[[0xfe, 0xff], 'utf-16be'],
]

/**
 * What a file says. Mail programs name no charset for most files, or us-ascii: then it is UTF-8 where it can be, UTF-16
 * where it says so itself, and else what Chinese programs write.
 */
export function textOf(octets: ArrayBuffer, charset: string | null = null): string {
	const start = new Uint8Array(octets, 0, Math.min(2, octets.byteLength))
	const mark = MARKS.find(([mark]) => mark.every((octet, index) => start[index] === octet))
	if (mark) return new TextDecoder(mark[1]).decode(octets)
	const named = charset === null || /^(us-)?ascii$/i.test(charset) ? null : decoderOf(charset)
	if (named) return named.decode(octets)
	try {
		return new TextDecoder('utf-8', { fatal: true }).decode(octets)
	} catch {
		return new TextDecoder('gb18030').decode(octets)
	}
}

function decoderOf(charset: string): TextDecoder | null {
	try {
		return new TextDecoder(charset)
	} catch {
		return null
	}
}
