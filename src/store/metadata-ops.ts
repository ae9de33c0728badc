import { boxById, boxByName } from './boxes.ts'
import type { MailFile } from './mail-file.ts'
import type { Logged, Op, OpResult } from './types.ts'

/** By the mailbox's id, '' for the account itself: a mailbox that is renamed takes its entries along. */
export type MetadataSet = Logged<
	'metadata.set',
	{ account: string; mailbox: string; entries: [entry: string, value: string | null][] }
>

export function decideMetadata(
	file: MailFile,
	op: Extract<Op, { do: 'metadata.set' }>,
): MetadataSet | OpResult {
	if (!file.get('SELECT 1 FROM account WHERE id = ?', op.account)) return { ok: false, error: 'nonexistent' }
	const { account, owner, entries } = op
	if (op.mailbox === '') return { do: op.do, account, mailbox: '', entries }
	const box = boxByName(file, owner ?? account, op.mailbox)
	return box ? { do: op.do, account, mailbox: box.id, entries } : { ok: false, error: 'nonexistent' }
}

export function enactMetadata(file: MailFile, op: MetadataSet): OpResult {
	if (op.mailbox !== '' && !boxById(file, op.mailbox)) return { ok: false, error: 'nonexistent' }
	for (const [entry, value] of op.entries) {
		file.metadataChanged(op.account, op.mailbox, entry)
		if (value === null) {
			file.run(
				'DELETE FROM metadata WHERE account = ? AND mailbox = ? AND entry = ?',
				op.account,
				op.mailbox,
				entry,
			)
		} else {
			file.run(
				'INSERT INTO metadata VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
				op.account,
				op.mailbox,
				entry,
				value,
			)
		}
	}
	return { ok: true }
}
