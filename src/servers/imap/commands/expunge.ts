import type { imap } from '../../../wire/index.ts'
import { type Done, no, ok } from '../done.ts'
import { write } from '../mailboxes.ts'
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
	const { modseq } = await write(session, op)
	return ok('EXPUNGE completed', limited?.code ?? (session.condstore ? `HIGHESTMODSEQ ${modseq}` : null))
}
