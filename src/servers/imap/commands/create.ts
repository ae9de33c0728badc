import type { Role } from '../../../store/index.ts'
import { imap } from '../../../wire/index.ts'
import { type Done, no, ok, Rejected } from '../done.ts'
import { findMailbox, mustBeNamed, mustBeRoomFor, oldName, USES, write } from '../mailboxes.ts'
import type { Session } from '../session.ts'

/** RFC 9051 section 6.3.4, USE of RFC 6154 section 3, MAILBOXID of RFC 8474. */
export async function create(session: Session, { mailbox, use }: imap.CommandOf<'CREATE'>): Promise<Done> {
	// A delimiter at the end says that mailboxes will come below: nothing that we need to know.
	const name = mailbox.replace(/\/$/, '').normalize('NFC')
	mustBeNamed(name)
	const { owner, inside } = mustBeRoomFor(session, name)
	if (use.length > 0 && owner !== session.account!.id) return no('that use cannot be given there', 'USEATTR')
	const role = use.length > 0 ? roleOf(session, use) : null
	await write(session, { do: 'mailbox.create', account: owner, name: inside, role })
	session.tidings.notification?.own(name)
	const box = findMailbox(session, name)
	// The client learns what became of the name it gave (RFC 9051 section 6.3.4).
	if (session.rev2 && box && box.name !== mailbox.replace(/\/$/, '')) {
		const now = imap.formatMailbox(box.name, session.utf8)
		session.out.text(`* LIST () "/" ${now}${oldName(session, box.name, mailbox)}\r\n`)
	}
	return ok('CREATE completed', box && `MAILBOXID (${box.id})`)
}

/** One mailbox has one use here and each use one mailbox. */
function roleOf(session: Session, use: string[]): Role {
	const wanted = use.map(attribute => attribute.toLowerCase())
	const found = Object.entries(USES).find(([, attribute]) => attribute.toLowerCase() === wanted[0])
	if (!found || use.length > 1) throw new Rejected(no('that use cannot be given', 'USEATTR'))
	const role = found[0] as Role
	if (session.house.reader.mailboxes(session.account!.id).some(box => box.role === role)) {
		throw new Rejected(no('another mailbox has that use already', 'USEATTR'))
	}
	return role
}
