import { type AddressOrGroup, headerFields, parseAddresses, type Scanned } from '../message/index.ts'
import { type Reply, reply } from '../wire/index.ts'

/** What is known of a message when it is judged. Checks read it; none of them asks anybody else. */
export type Evidence = {
	scanned: Scanned
	/** The header, or as much of it as was kept. */
	header: Buffer
	/** Is an address that of the person who submits? Null: nobody has signed in. */
	isOwn: ((address: string) => boolean) | null
}

/** Refuses with its reason, or lets pass. */
type Check = (evidence: Evidence) => Reply | null

// RFC 5321 section 6.3 says at least 100 for simple counting.
const MOST_RECEIVED = 100

const loops: Check = ({ scanned }) =>
	scanned.received > MOST_RECEIVED
		? reply(554, '5.4.6', `This message has passed ${scanned.received} servers; it goes in circles`)
		: null

/**
 * RFC 6409 section 6.1: who is signed in writes as himself, in From too, for that is what the reader sees. Who sends a
 * message of somebody else again says so in Resent-From (RFC 5322 section 3.6.6).
 */
const impersonates: Check = ({ scanned, header, isOwn }) => {
	if (!isOwn) return null
	const fields = headerFields(header)
	const named = (name: string) => fields.filter(field => field.name.toLowerCase() === name)
	const [resent] = named('resent-from')
	const from = resent ? [resent] : named('from')
	const lists = from.map(({ value }) => parseAddresses(value))
	// A header so long that not all of it was kept.
	if (!resent && scanned.envelope.from) lists.push(scanned.envelope.from)
	const foreign = lists.flatMap(addresses).find(address => !isOwn(address))
	return foreign === undefined ? null : reply(550, '5.7.1', `<${foreign}> in From is no address of yours`)
}

function addresses(list: AddressOrGroup[]): string[] {
	const all = list.flatMap(one => ('members' in one ? one.members : one))
	return all.flatMap(({ mailbox, host }) => (host === '' ? [] : `${mailbox}@${host}`))
}

/** In this order; the first that refuses has the word. */
const checks: readonly Check[] = [loops, impersonates]

export function judge(evidence: Evidence): Reply | null {
	for (const check of checks) {
		const refused = check(evidence)
		if (refused) return refused
	}
	return null
}
