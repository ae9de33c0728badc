import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { mustBeNamed, write } from '../mailboxes.ts'
import type { Session } from '../session.ts'

/** Mailboxes below go along; INBOX stays and gives its messages (RFC 9051 section 6.3.6). */
export async function rename(session: Session, { mailbox, to }: imap.CommandOf<'RENAME'>): Promise<Done> {
	mustBeNamed(mailbox)
	await write(session, {
		do: 'mailbox.rename',
		account: session.account!.id,
		name: mailbox,
		to: to.replace(/\/$/, '').normalize('NFC'),
	})
	return ok('RENAME completed')
}
