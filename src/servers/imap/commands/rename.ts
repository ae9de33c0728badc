import { imap } from '../../../wire/index.ts'
import { type Done, no, ok } from '../done.ts'
import { findMailbox, mailboxNamed, mustBeNamed, mustBeRoomFor, oldName, whose, write } from '../mailboxes.ts'
import type { Session } from '../session.ts'

/** Mailboxes below go along; INBOX stays and gives its messages (RFC 9051 section 6.3.6). */
export async function rename(session: Session, { mailbox, to }: imap.CommandOf<'RENAME'>): Promise<Done> {
	mustBeNamed(mailbox)
	const from = whose(session, mailbox)
	const name = to.replace(/\/$/, '').normalize('NFC')
	const there = findMailbox(session, mailbox)
	// Own mailboxes below a name that is none go along without it.
	if (from?.owner !== session.account!.id) mailboxNamed(session, mailbox, 'x')
	const target = mustBeRoomFor(session, name)
	if (target.owner !== from!.owner) return no('a mailbox stays with its owner', 'CANNOT')
	if (there?.inside === 'INBOX' && there.account !== session.account!.id) return no('INBOX stays', 'CANNOT')
	const before = there?.name ?? mailbox
	await write(session, { do: 'mailbox.rename', account: target.owner, name: from!.inside, to: target.inside })
	session.tidings.notification?.own(name)
	const box = findMailbox(session, name)
	// INBOX is where it was: nothing has a new name then.
	if (session.rev2 && box && before !== 'INBOX') {
		const now = imap.formatMailbox(box.name, session.utf8)
		session.out.text(`* LIST () "/" ${now}${oldName(session, box.name, before)}\r\n`)
	}
	return ok('RENAME completed')
}
