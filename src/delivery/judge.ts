import type { Scanned } from '../message/index.ts'
import { type Reply, reply } from '../wire/index.ts'

/** What is known of a message when it is judged. Checks read it; none of them asks anybody. */
export type Evidence = { scanned: Scanned }

/** Refuses with its reason, or lets pass. */
type Check = (evidence: Evidence) => Reply | null

// RFC 5321 section 6.3 says at least 100 for simple counting.
const MOST_RECEIVED = 100

const loops: Check = ({ scanned }) =>
	scanned.received > MOST_RECEIVED
		? reply(554, '5.4.6', `This message has passed ${scanned.received} servers; it goes in circles`)
		: null

/** In this order; the first that refuses has the word. */
const checks: readonly Check[] = [loops]

export function judge(evidence: Evidence): Reply | null {
	for (const check of checks) {
		const refused = check(evidence)
		if (refused) return refused
	}
	return null
}
