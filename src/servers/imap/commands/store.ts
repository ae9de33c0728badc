import { imap } from '../../../wire/index.ts'
import { type Done, no, ok } from '../done.ts'
import { readFlags } from '../flags.ts'
import { write } from '../mailboxes.ts'
import { newest } from '../message-limit.ts'
import { doneBy, mayFlag, mustHave, notAllowed } from '../rights.ts'
import { flagsAt, inBatches, ROWS } from '../rows.ts'
import type { Session } from '../session.ts'
import { fetchStart, flagsResponse, tellKeywords } from '../sync.ts'
import type { Span } from '../view.ts'

export async function store(session: Session, command: imap.CommandOf<'STORE'>): Promise<Done> {
	const view = session.view!
	if (view.readOnly) return no('this mailbox is open read-only', 'CANNOT')
	const flags = readFlags(command.flags, () => view.keywords)
	const only = mayFlag(mustHave(session, 'r'))
	// One flag that may be changed is enough (RFC 4314 section 4).
	const may = command.how === 'set' ? only.flags !== 0 : (flags.flags & only.flags) !== 0
	const empty = flags.flags === 0 && flags.keywords.length === 0
	if (!may && !empty && !(only.keywords && flags.keywords.length > 0)) throw notAllowed()
	const { unchangedSince } = command
	if (unchangedSince !== null) session.knowsModseqs()
	const { spans: wanted, code } = newest(session, view, view.spans(command.set, command.uid))
	const uids = view.uidsOf(wanted)
	const result = await write(session, {
		do: 'message.flags',
		account: view.account,
		mailbox: view.mailbox,
		uids,
		how: command.how,
		...flags,
		...(view.account === session.account!.id ? null : { ...doneBy(session, view.account), only }),
		...(unchangedSince === null ? null : { unchangedSince }),
	})
	const left = (result.unchanged ?? []).map(uid => view.place(uid))
	const spans = left.length > 0 ? without(wanted, left) : wanted
	// What the client asked for needs no telling a second time (sync), and with .SILENT not even once.
	// But a change of somebody else that lies under ours, and was never told, must be: then all are.
	const hidden = command.silent && result.was!.some(modseq => modseq > view.modseq)
	if (result.uids!.length > 0 && !hidden) view.own.add(result.modseq!)
	let missing = 0
	// A client of modseqs has to learn the new ones, silent or not (RFC 7162 section 3.1.3).
	if (!command.silent || session.condstore) {
		await inBatches(
			session,
			spans,
			places => {
				let out = ''
				const rows = flagsAt(session, places, view, !session.condstore)
				if (!command.silent) tellKeywords(session, rows)
				for (const [i, row] of rows.entries()) {
					const place = places[i]!
					if (!row) missing++
					else if (!command.silent) out += flagsResponse(session, place, row)
					else out += `${fetchStart(session, place, row.uid, true)}MODSEQ (${row.modseq}))\r\n`
				}
				session.out.text(out)
			},
			ROWS,
		)
	}
	if (left.length > 0) {
		if (code) session.out.text(`* OK [${code}] not all of the messages were looked at\r\n`)
		const numbers = left.map(place => (command.uid ? view.uid(place) : place + 1))
		return ok('STORE completed but for what changed meanwhile', `MODIFIED ${imap.formatSet(numbers)}`)
	}
	return ok('STORE completed', code ?? (missing > 0 ? 'EXPUNGEISSUED' : null))
}

/** The spans without these places (ascending). */
function without(spans: Span[], places: number[]): Span[] {
	const leave = new Set(places)
	const out: Span[] = []
	for (const [from, to] of spans) {
		let start = from
		for (let place = from; place <= to; place++) {
			if (place < to && !leave.has(place)) continue
			if (place > start) out.push([start, place])
			start = place + 1
		}
	}
	return out
}
