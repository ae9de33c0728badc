// RFC 3454 table B.1, which nobody sees: soft hyphen, joiners, variation selectors, zero width.
const UNSEEN = /\u034f|[\u180b-\u180d]|[\ufe00-\ufe0f]|\u200d|[\u00ad\u1806\u200b\u200c\u2060\ufeff]/gu
// Table C.1.2: spaces that are not the one of ASCII.
const SPACE = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu
// Tables C.2 to C.9: controls, private use, surrogates, non-characters, what changes how others are shown, tags.
const PROHIBITED =
	/\u0340|\u0341|[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u

/**
 * A name or password in the one form all ways of typing it have (SASLprep, RFC 4013): compatible characters are one
 * (full-width letters, ligatures, combining accents), all spaces are a space. Null when it is empty or holds what may
 * be in no password, control characters among it. Text of both writing directions is let through (as RFC 8265 does).
 */
export function saslprep(text: string): string | null {
	const prepared = text.replace(SPACE, ' ').replace(UNSEEN, '').normalize('NFKC')
	return prepared === '' || PROHIBITED.test(prepared) ? null : prepared
}
