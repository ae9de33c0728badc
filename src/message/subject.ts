/** Longer subjects are compared by their beginning. */
const LONGEST = 1000

const TRAILER = /(?:\(fwd\)| )$/i
const BLOB = /^\[[^[\]]*\] ?/
const LEADER = /^(?:\[[^[\]]*\] ?)*(?:re|fwd?) ?(?:\[[^[\]]*\] ?)?:/i

/**
 * The base subject of RFC 5256 section 2.1: without Re:, Fwd:, [list] and their kind. `reply`: there was something of a
 * reply or a forward about it (section 3, REFERENCES step 5).
 */
export function baseSubject(subject: string | null): { base: string; reply: boolean } {
	let base = (subject ?? '').slice(0, LONGEST).replace(/[ \t\r\n]+/g, ' ')
	let reply = false
	for (;;) {
		for (let found = TRAILER.exec(base); found; found = TRAILER.exec(base)) {
			if (found[0] !== ' ') reply = true
			base = base.slice(0, found.index)
		}
		for (;;) {
			const before = base
			if (base.startsWith(' ')) base = base.slice(1)
			const leader = LEADER.exec(base)
			if (leader) {
				reply = true
				base = base.slice(leader[0].length)
			}
			const blob = BLOB.exec(base)
			// Not when nothing is left then.
			if (blob && blob[0].length < base.length) base = base.slice(blob[0].length)
			if (base === before) break
		}
		if (!/^\[fwd:.*\]$/i.test(base)) return { base, reply }
		reply = true
		base = base.slice(5, -1)
	}
}
