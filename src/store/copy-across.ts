import { apply } from './apply.ts'
import { boxByKey, boxByName } from './boxes.ts'
import { seenBit } from './flag-ops.ts'
import type { MailFile } from './mail-file.ts'
import { hasRoom, sizeOf } from './message-ops.ts'
import { Flag, type Op, type OpResult } from './types.ts'

type Row = {
	flags: number
	keywords: string | null
	internalDate: number
	hash: string
	size: number
}
const ROW = `SELECT m.flags, m.keywords, m.internal_date AS internalDate, b.hash, b.size
	FROM message m JOIN blob b ON b.id = m.blob WHERE m.mailbox = ? AND m.uid = ?`

/**
 * COPY and MOVE to a mailbox of another account: each message is added to the one account and (MOVE) expunged from the
 * other, so that either account's part of the log says by itself what became of it.
 */
export function copyAcross(
	file: MailFile,
	op: Extract<Op, { do: 'message.copy' | 'message.move' }>,
): OpResult {
	const owner = op.toAccount!
	const box = boxByKey(file, op.mailbox)
	const target = boxByName(file, owner, op.to)
	if (!box || !target || box.account !== op.account) return { ok: false, error: 'nonexistent' }
	const found = [...new Set(op.uids)].flatMap((uid): [number, Row][] => {
		const row = file.get<Row>(ROW, box.key, uid)
		return row ? [[uid, row]] : []
	})
	const uids = found.map(([uid]) => uid)
	if (op.within && !hasRoom(file, owner, op.within, sizeOf(file, box.key, uids), uids.length)) {
		return { ok: false, error: 'overquota' }
	}
	const only = op.only ?? { flags: ~0, keywords: true }
	const done = { ok: true as const, mailbox: target.key, uidValidity: target.uidValidity }
	const newUids: number[] = []
	let modseq = target.modseq
	for (const [uid, row] of found) {
		const seen =
			op.by === undefined || op.by === box.account
				? row.flags & Flag.seen
				: seenBit(file, box.key, op.by, uid)
		const flags = ((row.flags & ~Flag.seen) | seen) & only.flags
		const added = apply(file, {
			do: 'message.add',
			account: owner,
			mailbox: op.to,
			body: { known: row.hash },
			flags,
			keywords: only.keywords && row.keywords ? JSON.parse(row.keywords) : [],
			internalDate: row.internalDate,
			...(op.by === undefined || op.by === owner ? null : { by: op.by }),
		})
		if (!added.ok) return added
		newUids.push(added.uid!)
		modseq = added.modseq!
	}
	if (op.do === 'message.move' && uids.length > 0) {
		const gone = { account: op.account, mailbox: box.key, uids, any: true } as const
		const expunged = apply(file, { do: 'message.expunge', ...gone })
		if (!expunged.ok) return expunged
	}
	return { ...done, uids, newUids, modseq }
}
