import { itemWriter, reads, type WriteItem } from './fetch-items.ts'
import { Fetched } from './fetched.ts'
import { messagesIn } from './mailboxes.ts'
import type { Session } from './session.ts'
import { fetchStart, tellKeywords } from './sync.ts'

/** Writes a FETCH response but for its closing parenthesis; a promise where octets are streamed. */
export function writeMessage(
	session: Session,
	place: number,
	message: Fetched,
	writers: WriteItem[],
): void | Promise<void> {
	const { out } = session
	out.text(fetchStart(session, place, message.row.uid, false))
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

/** Messages that came, with what NOTIFY asked to be told of them (RFC 5465 section 5.2). */
export async function tellNewcomers(session: Session, uids: number[]): Promise<void> {
	const { view, house, out, tidings } = session
	const asked = tidings.notification?.selected.items ?? []
	if (!view || asked.length === 0) return
	const items = session.uidOnly
		? asked
		: [{ item: 'UID' } as const, ...asked.filter(({ item }) => item !== 'UID')]
	const writers = items.map(item => itemWriter(item, session.utf8))
	const asksFlags = items.some(({ item }) => item === 'FLAGS')
	const read = items.map(reads)
	const needs = { head: read.some(({ head }) => head), body: read.some(({ body }) => body) }
	for (const uid of uids) {
		const row = messagesIn(session, view).messages(view.mailbox, uid, uid)[0]
		const place = view.place(uid)
		const message = row && place >= 0 ? new Fetched(house.reader, row) : null
		if (!message?.ready(needs, view.mailbox)) continue
		if (asksFlags) tellKeywords(session, [message.row])
		out.inside = true
		await writeMessage(session, place, message, writers)
		out.text(')\r\n')
		out.inside = false
		if (out.full) await out.drained()
	}
}
