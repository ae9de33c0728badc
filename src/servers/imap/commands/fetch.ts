import { Flag } from '../../../store/index.ts'
import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { itemWriter, type WriteItem } from '../fetch-items.ts'
import { Fetched } from '../fetched.ts'
import { formatFlags } from '../flags.ts'
import { write } from '../mailboxes.ts'
import { inBatches, rowsAt } from '../rows.ts'
import type { Session } from '../session.ts'

export async function fetch(session: Session, command: imap.CommandOf<'FETCH'>): Promise<Done> {
	const view = session.view!
	const spans = view.spans(command.set, command.uid)
	const items = command.items.slice()
	if (command.uid && !items.some(({ item }) => item === 'UID')) items.unshift({ item: 'UID' })
	const writers = items.map(item => itemWriter(item, session.utf8))
	const marks = !view.readOnly && items.some(marksSeen)
	const asksFlags = items.some(({ item }) => item === 'FLAGS')
	let missing = 0
	await inBatches(session, spans, async places => {
		const rows = rowsAt(session, places)
		const marked = marks ? await markSeen(session, rows) : null
		for (const [place, row] of rows) {
			if (!row) {
				missing++
				continue
			}
			const message = new Fetched(session.house.reader, row)
			session.out.inside = true
			const writing = writeMessage(session, place, message, writers)
			if (writing) await writing
			// What we changed ourselves is told with what it was changed for.
			if (marked?.has(row.uid) && !asksFlags)
				session.out.text(` FLAGS (${formatFlags(row.flags, row.keywords)})`)
			session.out.text(')\r\n')
			session.out.inside = false
			if (session.out.full) await session.out.drained()
		}
	})
	return ok('FETCH completed', missing > 0 ? 'EXPUNGEISSUED' : null)
}

/** Items that set \Seen (RFC 9051 section 6.4.5): bodies that are not peeked at. */
function marksSeen(item: imap.FetchItem): boolean {
	switch (item.item) {
		case 'BODY[]':
		case 'BINARY[]':
			return !item.peek
		case 'RFC822':
		case 'RFC822.TEXT':
			return true
		default:
			return false
	}
}

/** Sets \Seen where it is not, in the store and in the rows. Returns the uids it was set on. */
async function markSeen(session: Session, rows: ReturnType<typeof rowsAt>): Promise<Set<number> | null> {
	const view = session.view!
	const uids: number[] = []
	for (const [, row] of rows) if (row && (row.flags & Flag.seen) === 0) uids.push(row.uid)
	if (uids.length === 0) return null
	const result = await write(session, {
		do: 'message.flags',
		account: session.account!.id,
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

function writeMessage(
	session: Session,
	place: number,
	message: Fetched,
	writers: WriteItem[],
): void | Promise<void> {
	const { out } = session
	out.text(`* ${place + 1} FETCH (`)
	for (let i = 0; i < writers.length; i++) {
		if (i > 0) out.text(' ')
		const writing = writers[i]!(message, out)
		if (writing) return writeRest(session, message, writers, i + 1, writing)
	}
}

async function writeRest(
	session: Session,
	message: Fetched,
	writers: WriteItem[],
	next: number,
	writing: Promise<void>,
): Promise<void> {
	await writing
	for (const write of writers.slice(next)) {
		session.out.text(' ')
		await write(message, session.out)
	}
}
