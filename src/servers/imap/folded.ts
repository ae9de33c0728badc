/**
 * Folded texts in the order of their UTF-8 octets (i;unicode-casemap, RFC 5051), which is that of code points;
 * JavaScript's is that of UTF-16.
 */
export function compareFolded(a: string, b: string): number {
	if (a === b) return 0
	const length = Math.min(a.length, b.length)
	for (let i = 0; i < length; i++) {
		const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
		if (x !== y) return rank(x) - rank(y)
	}
	return a.length - b.length
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
	return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
