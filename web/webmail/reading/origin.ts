/** Where a message came from, as far as our own nodes saw it. */
export type Origin =
	/** Somebody of ours wrote it, signed in; the node made sure that From is an address of his. */
	| { is: 'inside' }
	/** It came in from outside; null = nothing was found out, else whether the sender's domain stands for it. */
	| { is: 'outside'; proved: boolean | null }
	/** It was put there otherwise: a draft, mail that moved in from elsewhere. */
	| { is: 'unknown' }

export type Field = { name: string; value: string }

const BY_US = /\sby\s+\S+\s+\(Panpipe\)\s+with\s+(?:UTF8)?([A-Z]+)\b/i

/**
 * Reads it from the top of the header: what stands there our nodes wrote. Only from node to node mail goes by LMTP, so
 * below such a Received field stands one that the node before wrote; further down anybody may have written anything.
 */
export function originOf(fields: Field[]): Origin {
	let results: string | null = null
	for (const { name, value } of fields) {
		const field = name.toLowerCase()
		if (field === 'authentication-results') results ??= value
		if (field !== 'received') continue
		const protocol = BY_US.exec(value)?.[1]?.toUpperCase()
		if (!protocol) return { is: 'unknown' }
		if (protocol.startsWith('LMTP')) continue
		const resent = fields.some(each => each.name.toLowerCase() === 'resent-from')
		if (protocol.endsWith('A') && !resent) return { is: 'inside' }
		return { is: 'outside', proved: results === null ? null : provedBy(results) }
	}
	return { is: 'unknown' }
}

/** RFC 8601: DMARC speaks for the address the reader sees; without a word of it nothing is proved. */
function provedBy(results: string): boolean | null {
	const found = /[;\s]dmarc=(\w+)/i.exec(results)?.[1]?.toLowerCase()
	return found === 'pass' ? true : found === 'fail' ? false : null
}
