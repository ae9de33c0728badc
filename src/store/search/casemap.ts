/*
 * i;unicode-casemap of RFC 5051, as I18NLEVEL=1 (RFC 5255 section 4.3) wants it for SEARCH, SORT and THREAD: texts are
 * decomposed, compatibility forms too, and in upper case; then they are equal, contained or ordered as their octets are.
 */

export function casemap(text: string): string {
	return /^[\x00-\x7f]*$/.test(text) ? text.toUpperCase() : upper(text.normalize('NFKD'))
}

/** Only the mappings of one character to one: RFC 5051 knows no others. */
function upper(text: string): string {
	const mapped = text.toUpperCase()
	if (mapped.length === text.length) return mapped
	let out = ''
	for (const character of text) {
		const one = character.toUpperCase()
		out += one.length === character.length ? one : character
	}
	return out
}
