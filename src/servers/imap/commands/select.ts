import type { MailboxRow } from '../../../store/index.ts'
import { Flag } from '../../../store/index.ts'
import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { DEFINED_FLAGS } from '../flags.ts'
import { mailboxNamed } from '../mailboxes.ts'
import type { Session } from '../session.ts'
import { View } from '../view.ts'

export function select(session: Session, { name, mailbox }: imap.CommandOf<'SELECT'>): Done {
	const had = session.view !== null
	// Whatever comes of it, nothing stays selected (RFC 9051 section 6.3.2).
	session.view = null
	const box = mailboxNamed(session, mailbox)
	const readOnly = name === 'EXAMINE'
	const view = new View(box, session.house.reader.uids(box.key), readOnly)
	const unseen = firstUnseen(session, box, view)
	const permanent = readOnly ? '' : `${DEFINED_FLAGS} \\*`
	session.out.text(
		`${had ? '* OK [CLOSED] the mailbox before is closed\r\n' : ''}* FLAGS (${DEFINED_FLAGS})\r\n* ${view.length} EXISTS\r\n* 0 RECENT\r\n${
			unseen ? `* OK [UNSEEN ${unseen}] the first unseen message\r\n` : ''
		}* OK [PERMANENTFLAGS (${permanent})] flags that stay\r\n* OK [UIDVALIDITY ${box.uidValidity}] UIDs are valid\r\n* OK [UIDNEXT ${box.uidNext}] predicted next UID\r\n* OK [HIGHESTMODSEQ ${box.modseq}] highest\r\n* OK [MAILBOXID (${box.id})] mailbox id\r\n`,
	)
	session.view = view
	return ok(`${name} completed`, readOnly ? 'READ-ONLY' : 'READ-WRITE')
}

const CHUNK = 1000

/** The sequence number of the first message without \Seen, 0 when there is none. */
function firstUnseen(session: Session, box: MailboxRow, view: View): number {
	if (box.unseen === 0) return 0
	for (let from = 0; from < view.length; from += CHUNK) {
		const last = Math.min(from + CHUNK, view.length) - 1
		const rows = session.house.reader.messages(box.key, view.uid(from), view.uid(last))
		const unseen = rows.find(row => (row.flags & Flag.seen) === 0)
		if (unseen) return view.place(unseen.uid) + 1
	}
	return 0
}
