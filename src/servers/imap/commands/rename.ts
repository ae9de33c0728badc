import { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { mustBeNamed, oldName, write } from '../mailboxes.ts'
import type { Session } from '../session.ts'

/** Mailboxes below go along; INBOX stays and gives its messages (RFC 9051 section 6.3.6). */
export async function rename(session: Session, { mailbox, to }: imap.CommandOf<'RENAME'>): Promise<Done> {
	mustBeNamed(mailbox)
	const account = session.account!.id
	const before = session.house.reader.mailbox(account, mailbox)?.name ?? mailbox
	const name = to.replace(/\/$/, '').normalize('NFC')
	session.tidings.notification?.own(name)
	await write(session, { do: 'mailbox.rename', account, name: mailbox, to: name })
	const box = session.house.reader.mailbox(account, name)
	// INBOX is where it was: nothing has a new name then.
	if (session.rev2 && box && before !== 'INBOX') {
		const now = imap.formatMailbox(box.name, session.utf8)
		session.out.text(`* LIST () "/" ${now}${oldName(session, box.name, before)}\r\n`)
	}
	return ok('RENAME completed')
}
