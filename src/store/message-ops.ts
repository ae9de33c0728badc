import { setSeen } from './flag-ops.ts'
import type { MailFile, PackedBody } from './mail-file.ts'
import { type Box, boxById, boxByKey, boxByName, type Logged } from './mailbox-ops.ts'
import { keywordsJson, Tally } from './tally.ts'
import { Flag, type MayFlag, type Op, type OpResult, type Room } from './types.ts'

export type MessageAdded = Logged<
	'message.add',
	{
		account: string
		mailbox: string
		uid: number
		modseq: number
		flags: number
		keywords: string[]
		internalDate: number
		saveDate: number
		hash: string
		size: number
		once?: string
		/** Another account than the owner, who has seen it. */
		seenBy?: string
	}
>

type Row = {
	uid: number
	flags: number
	keywords: string | null
	size: number
	blob: number
	internalDate: number
}
const ROW =
	'SELECT uid, flags, keywords, size, blob, internal_date AS internalDate FROM message WHERE mailbox = ?'

export function decideAdd(
	file: MailFile,
	op: Extract<Op, { do: 'message.add' }>,
	box: Box | undefined,
): MessageAdded | OpResult {
	if (!box) return { ok: false, error: 'nonexistent' }
	if (op.once && file.get('SELECT 1 FROM filed WHERE once = ?', `${op.once} ${op.account}`)) {
		return { ok: true, duplicate: true, mailbox: box.key, uidValidity: box.uidValidity }
	}
	if (op.within && !hasRoom(file, op.account, op.within, op.body.size, 1, op.replaces)) {
		return { ok: false, error: 'overquota' }
	}
	const seenBy = op.by !== undefined && op.flags & Flag.seen ? { seenBy: op.by } : null
	return {
		do: 'message.add',
		account: op.account,
		mailbox: box.id,
		uid: box.uidNext,
		modseq: box.modseq + 1,
		flags: op.by === undefined ? op.flags : op.flags & ~Flag.seen,
		keywords: op.keywords,
		internalDate: op.internalDate,
		saveDate: file.clock.now(),
		hash: op.body.hash,
		size: op.body.size,
		...(op.once ? { once: op.once } : {}),
		...seenBy,
	}
}

/** May the account hold so much more, while `going` goes? */
export function hasRoom(
	file: MailFile,
	account: string,
	{ octets, messages }: Room,
	moreOctets: number,
	moreMessages: number,
	going?: { account: string; mailbox: number; uid: number },
): boolean {
	const usage = file.get<{ size: number; messages: number }>(
		'SELECT coalesce(sum(size), 0) AS size, coalesce(sum(messages), 0) AS messages FROM mailbox WHERE account = ?',
		account,
	)!
	const goes =
		going?.account === account
			? file.get<Row>(`${ROW} AND uid = ?`, going.mailbox, going.uid)?.size
			: undefined
	const size = usage.size + moreOctets - (goes ?? 0)
	const count = usage.messages + moreMessages - (goes === undefined ? 0 : 1)
	return (octets === null || size <= octets) && (messages === null || count <= messages)
}

/** Is the message in a mailbox of that account? */
export function isThere(
	file: MailFile,
	{ account, mailbox, uid }: { account: string; mailbox: number; uid: number },
): boolean {
	const here = 'SELECT 1 FROM message WHERE mailbox = ? AND uid = ?'
	return boxByKey(file, mailbox)?.account === account && file.get(here, mailbox, uid) !== undefined
}

export function enactAdd(file: MailFile, op: MessageAdded, box: Box, body: PackedBody): OpResult {
	const blob = file.refer(body)
	insertMessage(
		file,
		box.key,
		op.uid,
		op.modseq,
		op.flags,
		keywordsJson(op.keywords),
		op.internalDate,
		op.saveDate,
		op.size,
		blob,
	)
	const tally = new Tally()
	tally.count(op.flags, op.size, 1)
	tally.enter(file, box.key, op.modseq, op.uid + 1)
	if (op.seenBy !== undefined) setSeen(file, box.key, op.seenBy, op.uid, true)
	if (op.once) file.run('INSERT OR IGNORE INTO filed VALUES (?, ?)', `${op.once} ${op.account}`, op.saveDate)
	file.changed(box.account, box.key)
	return { ok: true, mailbox: box.key, uidValidity: box.uidValidity, uid: op.uid, modseq: op.modseq }
}

function insertMessage(
	file: MailFile,
	mailbox: number,
	uid: number,
	modseq: number,
	flags: number,
	keywords: string | null,
	internalDate: number,
	saveDate: number,
	size: number,
	blob: number,
): void {
	file.run(
		'INSERT INTO message (mailbox, uid, modseq, flags, keywords, internal_date, save_date, size, blob) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
		mailbox,
		uid,
		modseq,
		flags,
		keywords,
		internalDate,
		saveDate,
		size,
		blob,
	)
}

export type MessagesExpunged = Logged<
	'message.expunge',
	{ account: string; mailbox: string; modseq: number; uids: number[] }
>

export function decideExpunge(
	file: MailFile,
	op: Extract<Op, { do: 'message.expunge' }>,
): MessagesExpunged | OpResult {
	const box = boxByKey(file, op.mailbox)
	if (!box || box.account !== op.account) return { ok: false, error: 'nonexistent' }
	const marked = op.any ? '' : ' AND flags & 8'
	let uids: number[]
	if (op.uids) {
		uids = [...new Set(op.uids)].filter(uid =>
			file.get(`SELECT 1 FROM message WHERE mailbox = ? AND uid = ?${marked}`, box.key, uid),
		)
	} else {
		const rows = file.all<{ uid: number }>(
			`SELECT uid FROM message WHERE mailbox = ?${marked} ORDER BY uid`,
			box.key,
		)
		uids = rows.map(row => row.uid)
	}
	return { do: 'message.expunge', account: op.account, mailbox: box.id, modseq: box.modseq + 1, uids }
}

export function enactExpunge(file: MailFile, op: MessagesExpunged): OpResult {
	const box = boxById(file, op.mailbox)
	if (!box) return { ok: false, error: 'nonexistent' }
	if (op.uids.length === 0) return { ok: true, uids: [], modseq: box.modseq }
	const tally = new Tally()
	const seen = file.get('SELECT 1 FROM seen WHERE mailbox = ? LIMIT 1', box.key) !== undefined
	for (const uid of op.uids) {
		if (seen) file.run('DELETE FROM seen WHERE mailbox = ? AND uid = ?', box.key, uid)
		const row = file.get<{ blob: number; flags: number; size: number }>(
			'DELETE FROM message WHERE mailbox = ? AND uid = ? RETURNING blob, flags, size',
			box.key,
			uid,
		)
		if (!row) continue
		tally.count(row.flags, row.size, -1)
		file.release(row.blob)
		file.run('INSERT OR IGNORE INTO expunged VALUES (?, ?, ?)', box.key, op.modseq, uid)
	}
	tally.enter(file, box.key, op.modseq)
	file.changed(box.account, box.key)
	return { ok: true, uids: op.uids, modseq: op.modseq }
}

export type MessagesCopied = Logged<
	'message.copy' | 'message.move',
	{
		account: string
		mailbox: string
		to: string
		uids: number[]
		newUids: number[]
		/** Of the target, and (move) of the source. */
		modseq: number
		sourceModseq: number
		saveDate: number
		/** Flags that came along, when not all did; the owner's \Seen does. */
		only?: MayFlag
	}
>

export function decideCopy(
	file: MailFile,
	op: Extract<Op, { do: 'message.copy' | 'message.move' }>,
): MessagesCopied | OpResult {
	const box = boxByKey(file, op.mailbox)
	const target = boxByName(file, op.account, op.to)
	if (!box || !target || box.account !== op.account) return { ok: false, error: 'nonexistent' }
	const here = 'SELECT 1 FROM message WHERE mailbox = ? AND uid = ?'
	const uids = [...new Set(op.uids)].filter(uid => file.get(here, box.key, uid))
	const room = op.do === 'message.copy' ? op.within : undefined
	if (room && !hasRoom(file, op.account, room, sizeOf(file, box.key, uids), uids.length)) {
		return { ok: false, error: 'overquota' }
	}
	const same = box.key === target.key
	return {
		do: op.do,
		account: op.account,
		mailbox: box.id,
		to: target.id,
		uids,
		newUids: uids.map((_, index) => target.uidNext + index),
		modseq: target.modseq + 1,
		sourceModseq: same ? target.modseq + 2 : box.modseq + 1,
		saveDate: file.clock.now(),
		...(op.only ? { only: op.only } : null),
	}
}

/** Octets of all of them. */
export function sizeOf(file: MailFile, mailbox: number, uids: number[]): number {
	return uids.reduce((sum, uid) => sum + (file.get<Row>(`${ROW} AND uid = ?`, mailbox, uid)?.size ?? 0), 0)
}

export function enactCopy(file: MailFile, op: MessagesCopied): OpResult {
	const box = boxById(file, op.mailbox)
	const target = boxById(file, op.to)
	if (!box || !target) return { ok: false, error: 'nonexistent' }
	const done: OpResult = {
		ok: true,
		mailbox: target.key,
		uidValidity: target.uidValidity,
		uids: op.uids,
		newUids: op.newUids,
		modseq: op.modseq,
	}
	if (op.uids.length === 0) return done
	const tally = new Tally()
	const seen = file.get('SELECT 1 FROM seen WHERE mailbox = ? LIMIT 1', box.key) !== undefined
	op.uids.forEach((uid, index) => {
		const row = file.get<Row>(`${ROW} AND uid = ?`, box.key, uid)
		if (!row) return
		const newUid = op.newUids[index]!
		if (seen) {
			const sql = 'INSERT OR IGNORE INTO seen SELECT ?, account, ? FROM seen WHERE mailbox = ? AND uid = ?'
			file.run(sql, target.key, newUid, box.key, uid)
		}
		if (op.only) {
			row.flags &= op.only.flags | Flag.seen
			if (!op.only.keywords) row.keywords = null
		}
		tally.count(row.flags, row.size, 1)
		file.referAgain(row.blob)
		insertMessage(
			file,
			target.key,
			newUid,
			op.modseq,
			row.flags,
			row.keywords,
			row.internalDate,
			op.saveDate,
			row.size,
			row.blob,
		)
	})
	tally.enter(file, target.key, op.modseq, op.newUids.at(-1)! + 1)
	file.changed(target.account, target.key)
	if (op.do === 'message.move') {
		enactExpunge(file, {
			do: 'message.expunge',
			account: op.account,
			mailbox: op.mailbox,
			modseq: op.sourceModseq,
			uids: op.uids,
		})
	}
	return done
}
