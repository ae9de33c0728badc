import type { Op, StagedBody } from '../store/index.ts'

/**
 * Files a message for an account that lives here. Its mailbox is the INBOX (rules will choose another).
 * `once`: the hand-over id; the same one is filed once, however often the peer lost our 250.
 */
export function fileFor(account: string, body: StagedBody, now: number, once?: string): Op {
	return {
		do: 'message.add',
		account,
		mailbox: 'INBOX',
		create: true,
		body,
		flags: 0,
		keywords: [],
		internalDate: now,
		...(once ? { once } : {}),
	}
}
