import { Flag, type MessageRow } from '../../../store/index.ts'
import { imap } from '../../../wire/index.ts'
import { bad, type Done, no, ok, Rejected } from '../done.ts'
import { type ItemText, isUndecodable, itemText, itemWriter, marksSeen, reads } from '../fetch-items.ts'
import { formatFlags } from '../flags.ts'
import { messagesIn, write } from '../mailboxes.ts'
import { newest } from '../message-limit.ts'
import { partOfSpans } from '../partial.ts'
import { doneBy, rightsIn } from '../rights.ts'
import { BODIES, fetchedOf, flagsAt, inBatches, ROWS, rowsAt } from '../rows.ts'
import type { Session } from '../session.ts'
import { fetchStart, tellKeywords } from '../sync.ts'
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
	const { spans, code } = newest(session, view, command.partial ? partOfSpans(command.partial, all) : all)
	const items = command.items.slice()
	const asksModseq = items.some(({ item }) => item === 'MODSEQ')
	if (asksModseq || command.changedSince !== null) session.knowsModseqs()
	if (command.changedSince !== null && !asksModseq) items.push({ item: 'MODSEQ' })
	if (command.uid && !session.uidOnly && !items.some(({ item }) => item === 'UID'))
		items.unshift({ item: 'UID' })
	const texts = items.map(item => itemText(item, session.utf8)).filter(text => text !== null)
	const missing =
		texts.length === items.length
			? await writeTexts(session, spans, items, texts)
			: await writeOctets(session, spans, items)
	return ok('FETCH completed', code ?? (missing > 0 ? 'EXPUNGEISSUED' : null))
}

/** What a row of flags is enough for. */
const OF_FLAGS: ReadonlySet<string> = new Set(['UID', 'FLAGS', 'MODSEQ'])
/** Characters of answers that are put together before the client has to take them. */
const MOST_TEXT = 1024 * 1024
/** What not many ask for. */
const SELDOM: ReadonlySet<string> = new Set(['MODSEQ', 'SAVEDATE', 'THREADID'])

/** Items that are text without exception: many messages in one piece. Returns how many are no more. */
async function writeTexts(
	session: Session,
	spans: Span[],
	items: imap.FetchItem[],
	texts: ItemText[],
): Promise<number> {
	const { reader } = session.house
	const ofFlags = items.every(({ item }) => OF_FLAGS.has(item))
	const few = !items.some(({ item }) => SELDOM.has(item))
	const tellsFlags = items.some(({ item }) => item === 'FLAGS')
	const ofHead = items.filter(item => reads(item).head)
	const needsHead = ofHead.length > 0
	const only = ofHead.every(({ item }) => item === 'ENVELOPE')
		? 'envelope'
		: ofHead.every(({ item }) => item === 'BODY' || item === 'BODYSTRUCTURE')
			? 'structure'
			: undefined
	const [first, ...others] = texts as [ItemText, ...ItemText[]]
	let missing = 0
	const work = async (places: number[]) => {
		const rows = ofFlags
			? (flagsAt(session, places, session.view!, few) as (MessageRow | null)[])
			: rowsAt(session, places, session.view!, few)
		if (tellsFlags) tellKeywords(session, rows)
		const heads = needsHead
			? reader.heads(
					rows.flatMap(row => row?.blob ?? []),
					only,
				)
			: null
		let out = ''
		for (let i = 0; i < places.length; i++) {
			const row = rows[i]
			const head = row && heads?.get(row.blob)
			if (!row || (heads && !head)) {
				missing++
				continue
			}
			const message = { row, head: head! }
			out += fetchStart(session, places[i]!, row.uid, false) + first(message)
			for (const text of others) out += ` ${text(message)}`
			out += ')\r\n'
			if (out.length < MOST_TEXT) continue
			session.out.text(out)
			out = ''
			if (session.out.full) await session.out.drained()
		}
		session.out.text(out)
	}
	await inBatches(session, spans, work, needsHead ? undefined : ROWS)
	return missing
}

/** The same where octets of messages are among them, and \Seen may have to be set. */
async function writeOctets(session: Session, spans: Span[], items: imap.FetchItem[]): Promise<number> {
	const view = session.view!
	const writers = items.map(item => itemWriter(item, session.utf8))
	const read = items.map(reads)
	const needs = { head: read.some(({ head }) => head), body: read.some(({ body }) => body) }
	const marks = !view.readOnly && items.some(marksSeen) && rightsIn(session, view).includes('s')
	const asksFlags = items.some(({ item }) => item === 'FLAGS')
	const asksModseq = items.some(({ item }) => item === 'MODSEQ')
	let missing = 0
	let undecodable = 0
	const work = async (places: number[]) => {
		const rows = rowsAt(session, places)
		const marked = marks ? await markSeen(session, decodable(session, rows, items)) : null
		if (marked || asksFlags) tellKeywords(session, rows)
		for (const [i, message] of fetchedOf(session, view.mailbox, rows, needs).entries()) {
			if (!message) {
				missing++
				continue
			}
			if (items.some(item => isUndecodable(item, message))) {
				undecodable++
				continue
			}
			session.out.inside = true
			const writing = writeMessage(session, places[i]!, message, writers)
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
	}
	await inBatches(session, spans, work, BODIES)
	if (undecodable > 0) {
		throw new Rejected(no('some of these parts have an encoding nobody here knows', 'UNKNOWN-CTE'))
	}
	return missing
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
			// What the client still has a number for is not of earlier: it is told when that number may go.
			.filter(uid => view.place(uid) < 0 && holds(set, uid, view.lastUid))
		if (gone.length > 0) session.out.text(`* VANISHED (EARLIER) ${imap.formatSet(gone)}\r\n`)
	}
	const places = messagesIn(session, view)
		.messagesSince(view.mailbox, changedSince!)
		.map(row => view.place(row.uid))
	return spansWithin(places, wanted)
}

/** Rows of the messages that the client gets: who is told that a part cannot be decoded has not seen it. */
function decodable(
	session: Session,
	rows: (MessageRow | null)[],
	items: imap.FetchItem[],
): (MessageRow | null)[] {
	if (!items.some(({ item }) => item === 'BINARY[]')) return rows
	const messages = fetchedOf(session, session.view!.mailbox, rows, { head: true, body: false })
	return messages.map(message => {
		return message && !items.some(item => isUndecodable(item, message)) ? message.row : null
	})
}

/** Sets \Seen where it is not, in the store and in the rows. Returns the uids it was set on. */
async function markSeen(session: Session, rows: (MessageRow | null)[]): Promise<Set<number> | null> {
	const view = session.view!
	const uids: number[] = []
	for (const row of rows) if (row && (row.flags & Flag.seen) === 0) uids.push(row.uid)
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
	// Flags that changed since the rows were read are not those we are going to tell.
	const read = new Map(rows.map(row => [row?.uid, row?.modseq]))
	const asRead = result.uids!.every((uid, index) => read.get(uid) === result.was![index])
	if (marked.size > 0 && asRead) view.own.add(result.modseq!)
	for (const row of rows) {
		if (!row || !marked.has(row.uid)) continue
		row.flags |= Flag.seen
		row.modseq = result.modseq!
	}
	return marked
}
