/** Longer patterns than any name could need. */
const LONGEST = 1024

/**
 * Does a mailbox name match the pattern of LIST: `*` is anything, `%` anything without `/`. Time grows with
 * both lengths multiplied, never more: patterns come from strangers' programs.
 */
export function matcher(pattern: string): (name: string) => boolean {
	if (pattern.length > LONGEST) return () => false
	const folded = inboxCase(pattern.replace(/[*%]*\*[*%]*/g, '*').replace(/%+/g, '%'))
	if (folded === '*') return () => true
	if (!/[*%]/.test(folded)) return name => name === folded
	return name => matches(folded, name)
}

/** INBOX is the same in any case, as the first level of a name too; names are in NFC. */
function inboxCase(pattern: string): string {
	const composed = pattern.normalize('NFC')
	return /^inbox(?=[/*%]|$)/i.test(composed) ? `INBOX${composed.slice(5)}` : composed
}

function matches(pattern: string, name: string): boolean {
	/** at[i]: the pattern so far matches the first i characters. */
	let at = new Uint8Array(name.length + 1)
	at[0] = 1
	for (const sign of pattern) {
		const next = new Uint8Array(name.length + 1)
		if (sign === '*' || sign === '%') {
			let open = 0
			for (let i = 0; i <= name.length; i++) {
				if (sign === '%' && i > 0 && name[i - 1] === '/') open = 0
				open |= at[i]!
				next[i] = open
			}
		} else {
			for (let i = 0; i < name.length; i++) if (at[i] && name.startsWith(sign, i)) next[i + sign.length] = 1
		}
		at = next
	}
	return at[name.length] === 1
}
