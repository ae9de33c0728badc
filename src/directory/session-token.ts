import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * What a session's cookie says. Any node that knows the maker's key and the account can judge it, also while the maker
 * cannot be reached, and before the session's record has arrived.
 */
export type SessionClaim = {
	/** The node whose key signed it. */
	node: string
	account: string
	/** Which of the account's session records lists it, and which of those that were ever listed there. */
	slot: number
	id: string
	/** When it was begun, and until when this token is good (milliseconds since 1970). */
	since: number
	until: number
}

/** `bound` is what the session falls with: when the password changes, so does this, and the token is void. */
export function signSession(claim: SessionClaim, key: string, bound: string): string {
	const { node, account, slot, id, since, until } = claim
	const said = Buffer.from(JSON.stringify([node, account, slot, id, since, until])).toString('base64url')
	return `${said}.${mac(said, key, bound).toString('base64url')}`
}

/** What a token claims, unchecked; null when it is none. */
export function readSession(token: string): SessionClaim | null {
	if (token.length > 1000) return null
	try {
		const said: unknown = JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString('utf8'))
		if (!Array.isArray(said) || said.length !== 6) return null
		const [node, account, slot, id, since, until] = said
		if ([node, account, id].some(text => typeof text !== 'string')) return null
		if (![slot, since, until].every(Number.isSafeInteger)) return null
		return { node, account, slot, id, since, until }
	} catch {
		return null
	}
}

export function isSignedBy(token: string, key: string, bound: string): boolean {
	const [said, given] = token.split('.')
	const expected = mac(said ?? '', key, bound)
	const bytes = Buffer.from(given ?? '', 'base64url')
	return bytes.length === expected.length && timingSafeEqual(bytes, expected)
}

function mac(said: string, key: string, bound: string): Buffer {
	return createHmac('sha256', Buffer.from(key, 'base64url')).update(`${said}\0${bound}`).digest()
}
