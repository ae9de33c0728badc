import { boxById, boxByName } from './boxes.ts'
import type { MailFile } from './mail-file.ts'
import type { Logged, Op, OpResult } from './types.ts'

/** By the mailbox's id: a mailbox that is renamed keeps whom it is shared with. */
export type RightsSet = Logged<
	'mailbox.rights',
	{ account: string; mailbox: string; identifier: string; rights: string }
>

export function decideRights(
	file: MailFile,
	op: Extract<Op, { do: 'mailbox.rights' }>,
): RightsSet | OpResult {
	const box = boxByName(file, op.account, op.name)
	if (!box) return { ok: false, error: 'nonexistent' }
	const { account, identifier, rights } = op
	return { do: 'mailbox.rights', account, mailbox: box.id, identifier, rights }
}

export function enactRights(file: MailFile, op: RightsSet): OpResult {
	if (!boxById(file, op.mailbox)) return { ok: false, error: 'nonexistent' }
	if (op.rights === '')
		file.run('DELETE FROM rights WHERE mailbox = ? AND identifier = ?', op.mailbox, op.identifier)
	else {
		file.run(
			'INSERT INTO rights VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET rights = excluded.rights',
			op.mailbox,
			op.identifier,
			op.rights,
		)
	}
	// Both see another list of mailboxes now.
	file.changed(op.account, null)
	file.changed(op.identifier, null)
	return { ok: true }
}
