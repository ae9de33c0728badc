import type { FlagsRow, MailboxRow, MessageRow } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { definedFlags, formatFlags, permanentFlags, untold } from './flags.ts'
import { messagesIn } from './mailboxes.ts'
import { rightsIn } from './rights.ts'
import type { Session } from './session.ts'
import type { View } from './view.ts'

/**
 * Tells the client what happened to the selected mailbox since it was told last. Expunges only when `expunge`:
 * sequence numbers may not change while FETCH, STORE or SEARCH use them (RFC 9051 section 7.5.1).
 * False when the mailbox is no more.
 *
 * The reads below see the store at slightly different moments. `box.modseq` is read first, so whatever happens
 * in between is above it and will be seen the next time; what is seen twice does no harm.
 */
export function sync(session: Session, expunge: boolean): boolean {
	const view = session.view
	if (!view) return true
	const { reader } = session.house
	const box = reader.mailboxByKey(view.mailbox)
	if (!box || !tellRights(session, view)) return false
	const events = session.tidings.notification?.selected
	// NOTIFY without the selected mailbox: only what its own commands expunge is told (RFC 5465 section 3.1).
	if (events && !events.messages) {
		if (session.tidings.expunging)
			tellExpunged(session, reader.expungedSince(view.mailbox, view.expungeModseq))
		return true
	}
	if (expunge && box.modseq > view.expungeModseq) {
		tellExpunged(session, reader.expungedSince(view.mailbox, view.expungeModseq))
		view.expungeModseq = box.modseq
	}
	if (box.modseq > view.modseq) {
		if (!knowsAll(view, box))
			tellChanged(
				session,
				messagesIn(session, view).messagesSince(view.mailbox, view.modseq),
				events?.flags ?? true,
			)
		view.modseq = box.modseq
		view.uidNext = box.uidNext
		for (const modseq of view.own) if (modseq <= box.modseq) view.own.delete(modseq)
	}
	return true
}

/** What may be done with another's mailbox may change at any time (RFC 4314 section 5.1.1). False: it may not be read. */
function tellRights(session: Session, view: View): boolean {
	if (view.account === session.account!.id) return true
	const rights = rightsIn(session, view)
	if (rights !== view.rights) {
		view.rights = rights
		if (!view.readOnly) tellPermanentFlags(session, view, 'what you may do has changed')
	}
	return rights.includes('r')
}

function tellPermanentFlags(session: Session, view: View, why: string): void {
	const permanent = view.readOnly ? '' : permanentFlags(view.rights, view.keywords)
	session.out.text(`* OK [PERMANENTFLAGS (${permanent})] ${why}\r\n`)
}

/**
 * A keyword is in FLAGS before a message has it (RFC 9051 section 7.3.5): programs with c-client take no other.
 * Between two responses.
 */
export function tellKeywords(session: Session, rows: readonly (FlagsRow | null)[]): void {
	const view = session.view!
	const fresh = untold(view.keywords, rows)
	if (fresh.length === 0) return
	view.keywords = [...view.keywords, ...fresh]
	session.out.text(`* FLAGS (${definedFlags(view.keywords)})\r\n`)
	tellPermanentFlags(session, view, 'a keyword more')
}

/** Nothing came, and all that changed is what the client changed itself. */
function knowsAll(view: View, box: MailboxRow): boolean {
	if (box.uidNext !== view.uidNext || box.modseq - view.modseq > view.own.size) return false
	for (let modseq = view.modseq + 1; modseq <= box.modseq; modseq++) if (!view.own.has(modseq)) return false
	return true
}

function tellExpunged(session: Session, uids: number[]): void {
	const gone = session.view!.remove(uids)
	if (session.qresync || session.uidOnly) {
		// RFC 7162 section 3.2.10, RFC 9586 section 3.1: by UID, and never EXPUNGE again.
		if (gone.uids.length > 0) session.out.text(`* VANISHED ${imap.formatSet(gone.uids)}\r\n`)
		return
	}
	const { places } = gone
	// From the last to the first: earlier numbers stay as they are.
	for (let i = places.length - 1; i >= 0; i--) session.out.text(`* ${places[i]! + 1} EXPUNGE\r\n`)
}

function tellChanged(session: Session, rows: MessageRow[], flags: boolean): void {
	const view = session.view!
	const known = view.lastUid
	const before = view.length
	const fetches = (session.tidings.notification?.selected.items.length ?? 0) > 0
	for (const row of rows) {
		if (row.uid <= known) continue
		view.add(row.uid)
		if (fetches && !view.own.has(row.modseq)) session.tidings.newcomers.push(row.uid)
	}
	if (view.length > before) session.out.text(`* ${view.length} EXISTS\r\n`)
	if (!flags) return
	const changed = rows.filter(row => row.uid <= known && !view.own.has(row.modseq))
	tellKeywords(session, changed)
	for (const row of changed) {
		const place = view.place(row.uid)
		if (place >= 0) session.out.text(flagsResponse(session, place, row))
	}
}

/** An untagged FETCH with the flags of a message; with its uid, which every client may be sent. */
export function flagsResponse(session: Session, place: number, row: FlagsRow): string {
	const modseq = session.condstore ? `MODSEQ (${row.modseq}) ` : ''
	return `${fetchStart(session, place, row.uid, true)}${modseq}FLAGS (${formatFlags(row.flags, row.keywords)}))\r\n`
}

/**
 * How a FETCH response begins, up to its first item; UIDFETCH after ENABLE UIDONLY (RFC 9586 section 3.3).
 * @param withUid and the uid, when the response does not begin with it
 */
export function fetchStart(session: Session, place: number, uid: number, withUid: boolean): string {
	if (session.uidOnly) return `* ${uid} UIDFETCH (`
	return withUid ? `* ${place + 1} FETCH (UID ${uid} ` : `* ${place + 1} FETCH (`
}
