import { Flag } from '../../../store/index.ts'
import { imap } from '../../../wire/index.ts'
import { bad, type Done, ok } from '../done.ts'
import { itemWriter, marksSeen, reads } from '../fetch-items.ts'
import { Fetched } from '../fetched.ts'
import { formatFlags } from '../flags.ts'
import { messagesIn, write } from '../mailboxes.ts'
import { partOfSpans } from '../partial.ts'
import { doneBy, rightsIn } from '../rights.ts'
import { inBatches, rowsAt } from '../rows.ts'
import type { Session } from '../session.ts'
import { holds, type Span, spansWithin } from '../view.ts'
import { writeMessage } from '../write-message.ts'

export async function fetch(session: Session, command: imap.CommandOf<'FETCH'>): Promise<Done> {
	const view = session.view!
	if (command.vanished && !(command.uid && session.qresync && command.changedSince !== null)) {
		return bad('VANISHED needs UID FETCH, CHANGEDSINCE and ENABLE QRESYNC')
	}
	if (command.partial && !command.uid) return bad('PARTIAL needs UID FETCH')
	const wanted = view.spans(command.set, command.uid)
	const all = command.changedSince === null ? wanted : changed(session, command, wanted)
	const spans = command.partial ? partOfSpans(command.partial, all) : all
	const items = command.items.slice()
	const asksModseq = items.some(({ item }) => item === 'MODSEQ')
	if (asksModseq || command.changedSince !== null) session.knowsModseqs()
	if (command.changedSince !== null && !asksModseq) items.push({ item: 'MODSEQ' })
	if (command.uid && !session.uidOnly && !items.some(({ item }) => item === 'UID'))
		items.unshift({ item: 'UID' })
	const writers = items.map(item => itemWriter(item, session.utf8))
	const read = items.map(reads)
	const needs = { head: read.some(({ head }) => head), body: read.some(({ body }) => body) }
	const marks = !view.readOnly && items.some(marksSeen) && rightsIn(session, view).includes('s')
	const asksFlags = items.some(({ item }) => item === 'FLAGS')
	let missing = 0
	await inBatches(session, spans, async places => {
		const rows = rowsAt(session, places)
		const marked = marks ? await markSeen(session, rows) : null
		for (const [place, row] of rows) {
			const message = row && new Fetched(session.house.reader, row)
			if (!message?.ready(needs, view.mailbox)) {
				missing++
				continue
			}
			session.out.inside = true
			const writing = writeMessage(session, place, message, writers)
			if (writing) await writing
			// What we changed ourselves is told with what it was changed for.
			if (marked?.has(message.row.uid)) {
				if (!asksFlags) session.out.text(` FLAGS (${formatFlags(message.row.flags, message.row.keywords)})`)
				if (session.condstore && !asksModseq) session.out.text(` MODSEQ (${message.row.modseq})`)
			}
			session.out.text(')\r\n')
			session.out.inside = false
			if (session.out.full) await session.out.drained()
		}
	})
	return ok('FETCH completed', missing > 0 ? 'EXPUNGEISSUED' : null)
}

/** CHANGEDSINCE: only what changed after that modseq; with VANISHED also what went (RFC 7162 sections 3.1.4.1, 3.2.6). */
function changed(
	session: Session,
	{ set, changedSince, vanished }: imap.CommandOf<'FETCH'>,
	wanted: Span[],
): Span[] {
	const view = session.view!
	const { reader } = session.house
	if (vanished && set !== '$') {
		const gone = reader
			.expungedSince(view.mailbox, changedSince!)
			.filter(uid => holds(set, uid, view.lastUid))
		if (gone.length > 0) session.out.text(`* VANISHED (EARLIER) ${imap.formatSet(gone)}\r\n`)
	}
	const places = messagesIn(session, view)
		.messagesSince(view.mailbox, changedSince!)
		.map(row => view.place(row.uid))
	return spansWithin(places, wanted)
}

/** Sets \Seen where it is not, in the store and in the rows. Returns the uids it was set on. */
async function markSeen(session: Session, rows: ReturnType<typeof rowsAt>): Promise<Set<number> | null> {
	const view = session.view!
	const uids: number[] = []
	for (const [, row] of rows) if (row && (row.flags & Flag.seen) === 0) uids.push(row.uid)
	if (uids.length === 0) return null
	const result = await write(session, {
		do: 'message.flags',
		account: view.account,
		...doneBy(session, view.account),
		mailbox: view.mailbox,
		uids,
		how: 'add',
		flags: Flag.seen,
		keywords: [],
	})
	const marked = new Set(result.uids)
	if (marked.size > 0) view.own.add(result.modseq!)
	for (const [, row] of rows) {
		if (!row || !marked.has(row.uid)) continue
		row.flags |= Flag.seen
		row.modseq = result.modseq!
	}
	return marked
}
