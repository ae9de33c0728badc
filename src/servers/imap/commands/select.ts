import { imap } from '../../../wire/index.ts'
import { bad, type Done, ok } from '../done.ts'
import { DEFINED_FLAGS } from '../flags.ts'
import { mailboxNamed } from '../mailboxes.ts'
import type { Session } from '../session.ts'
import { flagsResponse } from '../sync.ts'
import { holds, View } from '../view.ts'

export function select(session: Session, command: imap.CommandOf<'SELECT'>): Done {
	const { name, mailbox, condstore, qresync } = command
	if (qresync && !session.qresync) return bad('QRESYNC needs ENABLE QRESYNC')
	const had = session.view !== null
	// Whatever comes of it, nothing stays selected (RFC 9051 section 6.3.2).
	session.view = null
	const box = mailboxNamed(session, mailbox)
	const readOnly = name === 'EXAMINE'
	const view = new View(box, session.house.reader.uids(box.key), readOnly)
	const firstUnseen = box.unseen === 0 ? null : session.house.reader.firstUnseen(box.key)
	// One that came after the uids were read is nobody's first.
	const unseen = firstUnseen === null ? 0 : view.place(firstUnseen) + 1
	const permanent = readOnly ? '' : `${DEFINED_FLAGS} \\*`
	session.out.text(
		`${had ? '* OK [CLOSED] the mailbox before is closed\r\n' : ''}* FLAGS (${DEFINED_FLAGS})\r\n* ${view.length} EXISTS\r\n* 0 RECENT\r\n${
			unseen > 0 ? `* OK [UNSEEN ${unseen}] the first unseen message\r\n` : ''
		}* OK [PERMANENTFLAGS (${permanent})] flags that stay\r\n* OK [UIDVALIDITY ${box.uidValidity}] UIDs are valid\r\n* OK [UIDNEXT ${box.uidNext}] predicted next UID\r\n* OK [HIGHESTMODSEQ ${box.modseq}] highest\r\n* OK [MAILBOXID (${box.id})] mailbox id\r\n`,
	)
	if (condstore) session.knowsModseqs()
	session.view = view
	if (qresync?.uidValidity === box.uidValidity) tellMissed(session, view, qresync)
	return ok(`${name} completed`, readOnly ? 'READ-ONLY' : 'READ-WRITE')
}

/**
 * What happened since the client was here last (RFC 7162 section 3.2.5). All expunges are remembered, so its
 * hints on what it had (sequence match data) are not needed.
 */
function tellMissed(session: Session, view: View, { modseq, known }: imap.QresyncParameters): void {
	const { reader } = session.house
	const concerns = (uid: number) => known === null || holds(known, uid, view.lastUid)
	const vanished = reader.expungedSince(view.mailbox, modseq).filter(concerns)
	if (vanished.length > 0) session.out.text(`* VANISHED (EARLIER) ${imap.formatSet(vanished)}\r\n`)
	for (const row of reader.messagesSince(view.mailbox, modseq)) {
		const place = view.place(row.uid)
		if (place >= 0 && concerns(row.uid)) session.out.text(flagsResponse(session, place, row))
	}
}
