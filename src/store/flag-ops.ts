import type { MailFile } from './mail-file.ts'
import { boxById, boxByKey, type Logged } from './mailbox-ops.ts'
import { keywordsJson, Tally } from './tally.ts'
import type { Op, OpResult } from './types.ts'

export type FlagsChanged = Logged<
	'message.flags',
	{
		account: string
		mailbox: string
		modseq: number
		rows: [uid: number, flags: number, keywords: string[]][]
	}
>

export function decideFlags(
	file: MailFile,
	op: Extract<Op, { do: 'message.flags' }>,
): { logged: FlagsChanged; unchanged: number[] } | OpResult {
	const box = boxByKey(file, op.mailbox)
	if (!box || box.account !== op.account) return { ok: false, error: 'nonexistent' }
	const rows: FlagsChanged['rows'] = []
	const unchanged: number[] = []
	for (const uid of op.uids) {
		const row = file.get<{ flags: number; keywords: string | null; modseq: number }>(
			'SELECT flags, keywords, modseq FROM message WHERE mailbox = ? AND uid = ?',
			box.key,
			uid,
		)
		if (!row) continue
		if (op.unchangedSince !== undefined && row.modseq > op.unchangedSince) {
			unchanged.push(uid)
			continue
		}
		const before: string[] = row.keywords ? JSON.parse(row.keywords) : []
		const { flags, keywords } = turn(op.how, row.flags, before, op.flags, op.keywords)
		if (flags === row.flags && sameSet(keywords, before)) continue
		rows.push([uid, flags, keywords])
	}
	const logged: FlagsChanged = {
		do: 'message.flags',
		account: op.account,
		mailbox: box.id,
		modseq: box.modseq + 1,
		rows,
	}
	return { logged, unchanged }
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

export function enactFlags(file: MailFile, op: FlagsChanged): OpResult {
	const box = boxById(file, op.mailbox)
	if (!box) return { ok: false, error: 'nonexistent' }
	if (op.rows.length === 0) return { ok: true, uids: [], modseq: box.modseq }
	const tally = new Tally()
	for (const [uid, flags, keywords] of op.rows) {
		const before = file.get<{ flags: number }>(
			'SELECT flags FROM message WHERE mailbox = ? AND uid = ?',
			box.key,
			uid,
		)
		if (!before) continue
		tally.flags(before.flags, -1)
		tally.flags(flags, 1)
		file.run(
			'UPDATE message SET flags = ?, keywords = ?, modseq = ? WHERE mailbox = ? AND uid = ?',
			flags,
			keywordsJson(keywords),
			op.modseq,
			box.key,
			uid,
		)
	}
	tally.enter(file, box.key, op.modseq)
	file.changed(box.account, box.key)
	return { ok: true, uids: op.rows.map(([uid]) => uid), modseq: op.modseq }
}
