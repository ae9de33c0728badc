import type { Store } from './store.ts'
import { Flag, type Op, type OpResult, type Reader } from './types.ts'

/** So many messages go in one transaction: some 40 ms, and others write in between. */
const SLICE = 2000

type Removal = Extract<Op, { do: 'message.expunge' | 'mailbox.delete' | 'account.remove' }>

/**
 * Removes messages, a mailbox or an account, and what is large a slice at a time, each answered when it is on disk: nobody's
 * mail waits until a mailbox of a million messages is gone. It ends with the Op itself. When the power fails meanwhile,
 * some is gone and the rest is there.
 */
export async function removeInSlices(
	store: { reader: Reader; write: Store['write'] },
	op: Removal,
): Promise<OpResult> {
	let last = op
	for (const { mailbox, uids } of largeOnes(store.reader, op)) {
		const { account } = op
		const any = op.do !== 'message.expunge' || op.any === true
		let from = 0
		for (; from + SLICE < uids.length; from += SLICE) {
			const slice = uids.slice(from, from + SLICE)
			const [gone] = await store.write([{ do: 'message.expunge', account, mailbox, uids: slice, any }])
			if (!gone!.ok) return gone!
		}
		if (op.do === 'message.expunge' && op.uids) last = { ...op, uids: uids.slice(from) }
	}
	const [result] = await store.write([last])
	return result!
}

/**
 * Moves messages, very many a slice at a time (RFC 6851 section 3.3: each is in one place, not all of them).
 * @returns what became of each slice; after a refusal nothing more is moved
 */
export async function moveInSlices(
	store: { write: Store['write'] },
	op: Extract<Op, { do: 'message.copy' | 'message.move' }>,
): Promise<OpResult[]> {
	const results: OpResult[] = []
	for (let from = 0; from === 0 || from < op.uids.length; from += SLICE) {
		const [result] = await store.write([{ ...op, uids: op.uids.slice(from, from + SLICE) }])
		results.push(result!)
		if (!result!.ok) break
	}
	return results
}

function* largeOnes(reader: Reader, op: Removal): Generator<{ mailbox: number; uids: readonly number[] }> {
	if (op.do === 'message.expunge') {
		const { mailbox } = op
		const box = reader.mailboxByKey(mailbox)
		const many = (op.uids?.length ?? box?.deleted ?? 0) > SLICE
		if (many && box?.account === op.account)
			yield { mailbox, uids: op.uids ?? reader.uidsFlagged(mailbox, Flag.deleted, Flag.deleted) }
		return
	}
	if (op.do === 'account.remove' && op.empty) return
	for (const { key, name, messages } of reader.mailboxes(op.account)) {
		const goes = op.do === 'account.remove' || (name === op.name && name !== 'INBOX')
		if (goes && messages > SLICE) yield { mailbox: key, uids: reader.uids(key) }
	}
}
