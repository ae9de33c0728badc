import { removeInSlices } from '../../../store/index.ts'
import type { imap } from '../../../wire/index.ts'
import { type Done, no, ok, Rejected } from '../done.ts'
import { opRefusal } from '../mailboxes.ts'
import { newest } from '../message-limit.ts'
import { mustHave } from '../rights.ts'
import type { Session } from '../session.ts'

/** EXPUNGE, and UID EXPUNGE of RFC 4315. The session tells the client what went, as after every command. */
export async function expunge(session: Session, { uids }: imap.CommandOf<'EXPUNGE'>): Promise<Done> {
	const view = session.view!
	if (view.readOnly) return no('this mailbox is open read-only', 'CANNOT')
	mustHave(session, 'e')
	const limited = uids && newest(session, view, view.spans(uids, true))
	const named = limited && { uids: view.uidsOf(limited.spans) }
	const op = { do: 'message.expunge', account: view.account, mailbox: view.mailbox, ...named } as const
	const result = await removeInSlices(session.house, op)
	if (!result.ok) throw new Rejected(opRefusal(result.error))
	return ok(
		'EXPUNGE completed',
		limited?.code ?? (session.condstore ? `HIGHESTMODSEQ ${result.modseq}` : null),
	)
}
