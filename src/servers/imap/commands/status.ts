import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { mailboxNamed, statusResponse } from '../mailboxes.ts'
import type { Session } from '../session.ts'

export function status(session: Session, { mailbox, items }: imap.CommandOf<'STATUS'>): Done {
	if (items.includes('HIGHESTMODSEQ')) session.knowsModseqs()
	session.out.text(statusResponse(session, mailboxNamed(session, mailbox, 'r'), items))
	return ok('STATUS completed')
}
