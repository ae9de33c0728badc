import { removeInSlices } from '../../../store/index.ts'
import type { imap } from '../../../wire/index.ts'
import { type Done, ok, Rejected } from '../done.ts'
import { findMailbox, mailboxesOf, mustBeNamed, opRefusal } from '../mailboxes.ts'
import { notAllowed } from '../rights.ts'
import type { Session } from '../session.ts'

/** Mailboxes below the deleted one stay; its name is then \NonExistent in LIST (RFC 9051 section 6.3.5). */
export async function deleteMailbox(session: Session, { mailbox }: imap.CommandOf<'DELETE'>): Promise<Done> {
	mustBeNamed(mailbox)
	const { house, view } = session
	const box = findMailbox(session, mailbox)
	if (!box || (!box.rights.includes('l') && !box.rights.includes('x'))) {
		const below = mailboxesOf(session).some(({ name }) => name.startsWith(`${mailbox}/`))
		throw new Rejected(opRefusal(below ? 'haschildren' : 'nonexistent'))
	}
	if (!box.rights.includes('x')) throw notAllowed()
	const op = { do: 'mailbox.delete', account: box.account, name: box.inside } as const
	const result = await removeInSlices(house, op)
	if (!result.ok) return opRefusal(result.error)
	session.tidings.notification?.own(box.name)
	if (view?.mailbox === box.key) {
		session.view = null
		session.out.text('* OK [CLOSED] the deleted mailbox was selected\r\n')
	}
	return ok('DELETE completed')
}
