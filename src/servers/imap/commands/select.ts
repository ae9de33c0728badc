import type { MailboxRow } from '../../../store/index.ts'
import { imap } from '../../../wire/index.ts'
import { bad, type Done, ok } from '../done.ts'
import { definedFlags, permanentFlags } from '../flags.ts'
import { mailboxNamed, messagesIn, oldName, unseenIn } from '../mailboxes.ts'
import { hasAny } from '../rights.ts'
import type { Session } from '../session.ts'
import { flagsResponse, tellKeywords } from '../sync.ts'
import { holds, View } from '../view.ts'

export function select(session: Session, command: imap.CommandOf<'SELECT'>): Done {
	const { name, mailbox, condstore, qresync } = command
	if (qresync && !session.qresync) return bad('QRESYNC needs ENABLE QRESYNC')
	// Whatever comes of it, nothing stays selected (RFC 9051 section 6.3.2).
	if (session.view) session.out.text('* OK [CLOSED] the mailbox before is closed\r\n')
	session.view = null
	const box = mailboxNamed(session, mailbox, 'r')
	const readOnly = name === 'EXAMINE'
	const view = new View(box, session.house.reader.uidRuns(box), readOnly)
	view.byUidOnly = session.uidOnly
	view.rights = box.rights
	view.keywords = session.house.reader.keywords(box)
	const permanent = readOnly ? '' : permanentFlags(box.rights, view.keywords)
	session.out.text(
		`* FLAGS (${definedFlags(view.keywords)})\r\n* ${view.length} EXISTS\r\n${
			session.rev2 ? listed(session, box, mailbox) : recentAndUnseen(session, view, box)
		}* OK [PERMANENTFLAGS (${permanent})] flags that stay\r\n* OK [UIDVALIDITY ${box.uidValidity}] UIDs are valid\r\n* OK [UIDNEXT ${box.uidNext}] predicted next UID\r\n* OK [HIGHESTMODSEQ ${box.modseq}] highest\r\n* OK [MAILBOXID (${box.id})] mailbox id\r\n`,
	)
	if (condstore) session.knowsModseqs()
	session.view = view
	if (qresync?.uidValidity === box.uidValidity) tellMissed(session, view, qresync)
	// Where \Seen is all that one may set, it is nobody else's (RFC 4314 section 5.2).
	return ok(`${name} completed`, readOnly || !hasAny(box.rights, 'iewt') ? 'READ-ONLY' : 'READ-WRITE')
}

/** IMAP4rev2: the name as it is here, in place of RECENT and UNSEEN (RFC 9051 section 6.3.2). */
function listed(session: Session, box: MailboxRow, asked: string): string {
	return `* LIST () "/" ${imap.formatMailbox(box.name, session.utf8)}${oldName(session, box.name, asked)}\r\n`
}

function recentAndUnseen(session: Session, view: View, box: MailboxRow): string {
	const firstUnseen = unseenIn(session, box) === 0 ? null : messagesIn(session, box).firstUnseen(box)
	// One that came after the uids were read is nobody's first.
	const unseen = firstUnseen === null ? 0 : view.place(firstUnseen) + 1
	// A client without sequence numbers has no use for UNSEEN (RFC 9586 section 3).
	if (unseen === 0 || session.uidOnly) return '* 0 RECENT\r\n'
	return `* 0 RECENT\r\n* OK [UNSEEN ${unseen}] the first unseen message\r\n`
}

/**
 * What happened since the client was here last (RFC 7162 section 3.2.5). All expunges are remembered, so its
 * hints on what it had (sequence match data) are not needed.
 */
function tellMissed(session: Session, view: View, { modseq, known }: imap.QresyncParameters): void {
	const { reader } = session.house
	const concerns = (uid: number) => known === null || holds(known, uid, view.lastUid)
	// What went since the uids were read is still counted, and is told when it may be.
	const vanished = reader
		.expungedSince(view.mailbox, modseq)
		.filter(uid => concerns(uid) && view.place(uid) < 0)
	if (vanished.length > 0) session.out.text(`* VANISHED (EARLIER) ${imap.formatSet(vanished)}\r\n`)
	const changed = messagesIn(session, view).messagesSince(view.mailbox, modseq)
	tellKeywords(session, changed)
	for (const row of changed) {
		const place = view.place(row.uid)
		if (place >= 0 && concerns(row.uid)) session.out.text(flagsResponse(session, place, row))
	}
}
