import { appear, type Copy, disappear, momentOf, touch } from './history.ts'
import type { MailFile } from './mail-file.ts'
import { boxById, boxByKey, type Logged } from './mailbox-ops.ts'
import { keywordsJson, Tally } from './tally.ts'
import { Flag, type MayFlag, type Op, type OpResult } from './types.ts'

export type FlagsChanged = Logged<
	'message.flags',
	{
		account: string
		mailbox: string
		modseq: number
		rows: [uid: number, flags: number, keywords: string[]][]
		/** Done by another account than the owner: of \Seen this is what changed, for that account alone. */
		by?: string
		seen?: [uid: number, is: boolean][]
	}
>

export function decideFlags(
	file: MailFile,
	op: Extract<Op, { do: 'message.flags' }>,
): { logged: FlagsChanged; unchanged: number[]; was: number[] } | OpResult {
	const box = boxByKey(file, op.mailbox)
	if (!box || box.account !== op.account) return { ok: false, error: 'nonexistent' }
	const rows: FlagsChanged['rows'] = []
	const unchanged: number[] = []
	const was: number[] = []
	const seen: [number, boolean][] = []
	const found = file.rowsOf<{ uid: number; flags: number; keywords: string | null; modseq: number }>(
		'uid, flags, keywords, modseq',
		box.key,
		op.uids,
	)
	for (const row of found) {
		const { uid } = row
		if (op.unchangedSince !== undefined && row.modseq > op.unchangedSince) {
			unchanged.push(uid)
			continue
		}
		const before: string[] = row.keywords ? JSON.parse(row.keywords) : []
		const had =
			op.by === undefined ? row.flags : (row.flags & ~Flag.seen) | seenBit(file, box.key, op.by, uid)
		const turned = turn(op.how, had, before, op.flags, op.keywords)
		const { flags, keywords } = op.only ? within(op.only, had, before, turned) : turned
		if (flags === had && sameSet(keywords, before)) continue
		was.push(row.modseq)
		if (op.by === undefined) rows.push([uid, flags, keywords])
		else {
			if ((flags ^ had) & Flag.seen) seen.push([uid, (flags & Flag.seen) !== 0])
			rows.push([uid, (flags & ~Flag.seen) | (row.flags & Flag.seen), keywords])
		}
	}
	const logged: FlagsChanged = {
		do: 'message.flags',
		account: op.account,
		mailbox: box.id,
		modseq: box.modseq + 1,
		rows,
		...(op.by === undefined ? null : { by: op.by, seen }),
	}
	return { logged, unchanged, was }
}

/** Flag.seen when that account has seen the message of another's mailbox. */
export function seenBit(file: MailFile, mailbox: number, account: string, uid: number): number {
	const sql = 'SELECT 1 FROM seen WHERE mailbox = ? AND account = ? AND uid = ?'
	return file.get(sql, mailbox, account, uid) ? Flag.seen : 0
}

export function setSeen(file: MailFile, mailbox: number, account: string, uid: number, is: boolean): void {
	if (is) file.run('INSERT OR IGNORE INTO seen VALUES (?, ?, ?)', mailbox, account, uid)
	else file.run('DELETE FROM seen WHERE mailbox = ? AND account = ? AND uid = ?', mailbox, account, uid)
}

/** What may not be changed is as it was. */
function within(
	only: MayFlag,
	flags: number,
	keywords: string[],
	turned: { flags: number; keywords: string[] },
): { flags: number; keywords: string[] } {
	return {
		flags: (flags & ~only.flags) | (turned.flags & only.flags),
		keywords: only.keywords ? turned.keywords : keywords,
	}
}

function turn(how: 'add' | 'remove' | 'set', flags: number, keywords: string[], by: number, words: string[]) {
	switch (how) {
		case 'add':
			return { flags: flags | by, keywords: [...new Set([...keywords, ...words])] }
		case 'remove':
			return { flags: flags & ~by, keywords: keywords.filter(word => !words.includes(word)) }
		case 'set':
			return { flags: by, keywords: [...new Set(words)] }
	}
}

function sameSet(a: string[], b: string[]): boolean {
	return a.length === b.length && a.every(word => b.includes(word))
}

type Before = Copy & { uid: number; flags: number }
const READ = Flag.seen | Flag.draft
/** Messages that become alike are changed at once. */
function setFlags(file: MailFile, mailbox: number, modseq: number, rows: FlagsChanged['rows']): void {
	const alike = new Map<string, { flags: number; keywords: string | null; uids: number[] }>()
	for (const [uid, flags, words] of rows) {
		const keywords = keywordsJson(words)
		const name = `${flags} ${keywords}`
		const group = alike.get(name)
		if (group) group.uids.push(uid)
		else alike.set(name, { flags, keywords, uids: [uid] })
	}
	for (const { flags, keywords, uids } of alike.values()) {
		const inRow = uids.every((uid, i) => uid === uids[0]! + i)
		const which = inRow ? 'BETWEEN ? AND ?' : 'IN (SELECT value FROM json_each(?))'
		const values = inRow ? [uids[0]!, uids.at(-1)!] : [JSON.stringify(uids)]
		const sql = `UPDATE message SET flags = ?, keywords = ?, modseq = ? WHERE mailbox = ? AND uid ${which}`
		file.run(sql, flags, keywords, modseq, mailbox, ...values)
	}
}

export function enactFlags(file: MailFile, op: FlagsChanged): OpResult {
	const box = boxById(file, op.mailbox)
	if (!box) return { ok: false, error: 'nonexistent' }
	if (op.rows.length === 0) return { ok: true, uids: [], modseq: box.modseq }
	const tally = new Tally()
	const uids = op.rows.map(([uid]) => uid)
	const moment = momentOf(file, box.account)
	const before = new Map(
		file
			.rowsOf<Before>('uid, flags, email, thread, received', box.key, uids)
			.map(row => [row.uid, row] as const),
	)
	const together: FlagsChanged['rows'] = []
	const touched: (Copy & { read: boolean })[] = []
	for (const row of op.rows) {
		const [uid, flags] = row
		const was = before.get(uid)
		if (!was) continue
		before.delete(uid)
		tally.flags(was.flags, -1)
		tally.flags(flags, 1)
		const turned = was.flags ^ flags
		if (turned & Flag.deleted) {
			if (was.flags & Flag.deleted) appear(file, moment, box.key, was, tally)
			setFlags(file, box.key, op.modseq, [row])
			if (flags & Flag.deleted) disappear(file, moment, box.key, was, tally)
			continue
		}
		together.push(row)
		if (!(flags & Flag.deleted)) touched.push({ ...was, read: (turned & READ) !== 0 })
	}
	setFlags(file, box.key, op.modseq, together)
	touch(file, moment, touched)
	for (const [uid, is] of op.seen ?? []) setSeen(file, box.key, op.by!, uid, is)
	tally.enter(file, box.key, op.modseq, moment.modseq)
	file.changed(box.account, box.key)
	return { ok: true, uids, modseq: op.modseq }
}
