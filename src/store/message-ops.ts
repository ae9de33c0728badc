import { type Box, boxById, boxByKey, boxByName } from './boxes.ts'
import { setSeen } from './flag-ops.ts'
import { appear, arrive, type Copy, disappear, forgetEmails, type Moment, momentOf } from './history.ts'
import type { MailFile, PackedBody } from './mail-file.ts'
import { messageRows } from './message-rows.ts'
import { stretch } from './stretches.ts'
import { keywordsJson, Tally } from './tally.ts'
import { newThread, threadFor } from './threads.ts'
import { Flag, type Logged, type MayFlag, type Op, type OpResult, type Room } from './types.ts'

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
		/** Logs of older versions do not say; then it is found when the Op is enacted. */
		thread?: number
		once?: string
		/** Another account than the owner, who has seen it. */
		seenBy?: string
	}
>

export function decideAdd(
	file: MailFile,
	op: Omit<Extract<Op, { do: 'message.add' }>, 'body'> & { body: PackedBody },
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
		thread: threadFor(file, op.account, op.body) ?? newThread(file),
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
	const goes = going?.account === account ? sizeOf(file, going.mailbox, [going.uid]) : undefined
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
	const moment = momentOf(file, box.account)
	const thread = op.thread ?? threadFor(file, box.account, body)
	const fresh = file.bodies.find(body.hash) === undefined
	const blob = file.refer(body)
	const tally = new Tally()
	const visible = !(op.flags & Flag.deleted)
	const place = { mailbox: box.key, thread, received: op.internalDate, visible, fresh }
	insertMessage(file, tally, {
		...arrive(file, moment, blob, body, place, tally),
		mailbox: box.key,
		uid: op.uid,
		modseq: op.modseq,
		changed: moment.modseq,
		flags: op.flags,
		keywords: keywordsJson(op.keywords),
		internalDate: op.internalDate,
		saveDate: op.saveDate,
		size: op.size,
		blob,
	})
	stretch(file, box.key, op.modseq, moment, [op.uid])
	tally.enter(file, box.key, op.modseq, moment.modseq, op.uid + 1)
	if (op.seenBy !== undefined) setSeen(file, box.key, op.seenBy, op.uid, true)
	if (op.once) file.run('INSERT OR IGNORE INTO filed VALUES (?, ?)', `${op.once} ${op.account}`, op.saveDate)
	file.changed(box.account, box.key)
	return { ok: true, mailbox: box.key, uidValidity: box.uidValidity, uid: op.uid, modseq: op.modseq }
}

type NewRow = Copy & {
	mailbox: number
	uid: number
	modseq: number
	/** Of the account's history. */
	changed: number
	flags: number
	keywords: string | null
	internalDate: number
	saveDate: number
	size: number
	blob: number
}

function insertMessage(file: MailFile, tally: Tally, row: NewRow): void {
	file.run(
		`INSERT INTO message (mailbox, uid, modseq, flags, keywords, internal_date, save_date, size, blob, email, thread,
		 received, hidden, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row.mailbox,
		row.uid,
		row.modseq,
		row.flags,
		row.keywords,
		row.internalDate,
		row.saveDate,
		row.size,
		row.blob,
		row.email,
		row.thread,
		row.received,
		Number((row.flags & Flag.deleted) !== 0),
		row.changed,
	)
	tally.count(row.flags, row.size, 1)
}

const ROW = ['flags', 'size', 'blob', 'email', 'thread'] as const
type Row = { uid: number } & Record<(typeof ROW)[number], number>

/** Those that are there, by uid. */
function rowsOf(file: MailFile, mailbox: number, uids: number[]): Row[] {
	return messageRows(file, mailbox, uids, ROW, (uid, of, i) => ({
		uid,
		flags: of.flags[i]!,
		size: of.size[i]!,
		blob: of.blob[i]!,
		email: of.email[i]!,
		thread: of.thread[i]!,
	}))
}

const isVisible = ({ flags }: Row) => !(flags & Flag.deleted)

/** So many at one time, for the memory they take meanwhile. */
const SLICE = 2000

/** Takes the rows of messages out of their mailbox; the uids of those that were there. */
function removeRows(file: MailFile, moment: Moment, tally: Tally, mailbox: number, uids: number[]): number[] {
	const removed: number[] = []
	for (let from = 0; from < uids.length; from += SLICE) {
		const rows = rowsOf(file, mailbox, uids.slice(from, from + SLICE))
		if (rows.length === 0) continue
		const found = rows.map(({ uid }) => uid)
		const sql = 'DELETE FROM message WHERE mailbox = ? AND uid IN (SELECT value FROM json_each(?))'
		file.run(sql, mailbox, JSON.stringify(found))
		for (const { flags, size } of rows) tally.count(flags, size, -1)
		const visible = rows.filter(isVisible)
		if (visible.length > 0) disappear(file, moment, mailbox, visible, tally)
		forgetEmails(file, moment, rows)
		file.release(...rows.map(({ blob }) => blob))
		for (const uid of found) removed.push(uid)
	}
	return removed
}

/** All of a mailbox that is to be removed. */
export function removeMessages(file: MailFile, moment: Moment, mailbox: number): void {
	removeRows(file, moment, new Tally(), mailbox, uidsIn(file, mailbox))
}

/** All of a mailbox, or (`bearing`) those with one of these flags. */
function uidsIn(file: MailFile, mailbox: number, bearing?: number): number[] {
	const which = bearing === undefined ? '' : ` AND flags & ${bearing}`
	const uids = `SELECT uid FROM message WHERE mailbox = ?${which} ORDER BY uid`
	const sql = `SELECT json_group_array(uid) AS uids FROM (${uids})`
	return JSON.parse(file.get<{ uids: string }>(sql, mailbox)!.uids)
}

/** Each once, in their order, as far as they are there. */
function present(file: MailFile, mailbox: number, uids: number[], bearing?: number): number[] {
	const which = bearing === undefined ? '' : ` AND flags & ${bearing}`
	const sql = `SELECT value AS uid FROM json_each(?1) WHERE EXISTS (
		SELECT 1 FROM message WHERE mailbox = ?2 AND message.uid = value${which}) ORDER BY json_each.key`
	const once = JSON.stringify([...new Set(uids)])
	return file.all<{ uid: number }>(sql, once, mailbox).map(({ uid }) => uid)
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
	const bearing = op.any ? undefined : Flag.deleted
	const uids = op.uids ? present(file, box.key, op.uids, bearing) : uidsIn(file, box.key, bearing)
	return { do: 'message.expunge', account: op.account, mailbox: box.id, modseq: box.modseq + 1, uids }
}

export function enactExpunge(file: MailFile, op: MessagesExpunged): OpResult {
	const box = boxById(file, op.mailbox)
	if (!box) return { ok: false, error: 'nonexistent' }
	if (op.uids.length === 0) return { ok: true, uids: [], modseq: box.modseq }
	const tally = new Tally()
	const seen = file.get('SELECT 1 FROM seen WHERE mailbox = ? LIMIT 1', box.key) !== undefined
	const moment = momentOf(file, box.account)
	const all = JSON.stringify(op.uids)
	if (seen) {
		const sql = 'DELETE FROM seen WHERE mailbox = ? AND uid IN (SELECT value FROM json_each(?))'
		file.run(sql, box.key, all)
	}
	const removed = JSON.stringify(removeRows(file, moment, tally, box.key, op.uids))
	file.run('INSERT OR IGNORE INTO expunged SELECT ?, ?, value FROM json_each(?)', box.key, op.modseq, removed)
	tally.enter(file, box.key, op.modseq, moment.modseq)
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
	const uids = present(file, box.key, op.uids)
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
	const sizes =
		'SELECT sum(size) AS size FROM message WHERE mailbox = ? AND uid IN (SELECT value FROM json_each(?))'
	return file.get<{ size: number | null }>(sizes, mailbox, JSON.stringify(uids))!.size ?? 0
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
	const moment = momentOf(file, target.account)
	const { modseq } = op
	const rows = rowsOf(file, box.key, op.uids)
	const { flags, keywords } = op.only ?? { flags: ~0, keywords: true }
	const kept = flags | Flag.seen
	// New uids follow one upon the other: each is the first and its place in the list.
	const first = op.newUids[0]!
	const uids = JSON.stringify(op.uids)
	for (const row of rows) {
		row.flags &= kept
		tally.count(row.flags, row.size, 1)
	}
	const visible = rows.filter(isVisible)
	if (visible.length > 0) appear(file, moment, target.key, visible, tally)
	file.referAgain(rows.map(({ blob }) => blob))
	file.run(
		`INSERT INTO message (mailbox, uid, modseq, flags, keywords, internal_date, save_date, size, blob, email, thread,
		 received, hidden, changed)
		 SELECT ?, ? + place.key, ?, flags & ?, ${keywords ? 'keywords' : 'NULL'}, internal_date, ?, size, blob, email, thread,
			received, flags & ? <> 0, ?
		 FROM json_each(?) place CROSS JOIN message ON mailbox = ? AND uid = place.value`,
		target.key,
		first,
		modseq,
		kept,
		op.saveDate,
		kept & Flag.deleted,
		moment.modseq,
		uids,
		box.key,
	)
	if (seen) {
		file.run(
			`INSERT OR IGNORE INTO seen SELECT ?, account, ? + place.key FROM json_each(?) place
			 CROSS JOIN seen ON mailbox = ? AND uid = place.value`,
			target.key,
			first,
			uids,
			box.key,
		)
	}
	stretch(file, target.key, modseq, moment, op.newUids)
	tally.enter(file, target.key, op.modseq, moment.modseq, op.newUids.at(-1)! + 1)
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
