import { imap } from '../../../wire/index.ts'
import { bad, type Done, no, ok, Rejected } from '../done.ts'
import { checkReturns, formatEsearch, modseqTold, saveResults } from '../esearch.ts'
import { mailboxesIn } from '../filters.ts'
import { asSeen, mailboxesOf } from '../mailboxes.ts'
import { asksForModseq, find } from '../searching.ts'
import type { Session } from '../session.ts'
import { View } from '../view.ts'

const EVERYTHING: imap.ReturnOptions = { items: ['ALL'], partial: null }

/** MULTISEARCH (RFC 7377): one search in several mailboxes. Its results are always UIDs. */
export async function esearch(session: Session, command: imap.CommandOf<'ESEARCH'>): Promise<Done> {
	const { tag, key, sources } = command
	const returns = command.returns ?? EVERYTHING
	const scored = checkReturns(returns, key)
	const asksSelected = sources === null || sources.some(({ is }) => is === 'selected')
	if (asksSelected && !session.view) return bad('no mailbox is selected')
	if (sources?.some(({ is }) => is === 'selected-delayed')) return bad('no such source of a search')
	const onlySelected = asksSelected && (sources === null || sources.length === 1)
	if (!onlySelected && (returns.items.includes('SAVE') || namesNumbers(key))) {
		return bad('that can be asked of the selected mailbox only')
	}
	const asksModseq = asksForModseq(key)
	if (asksModseq) session.knowsModseqs()
	let failed = 0
	for (const view of views(session, sources ?? [], asksSelected)) {
		const row = session.house.reader.mailboxByKey(view.mailbox)
		const box = row && asSeen(session, row)
		try {
			const { places, modseq, scores } = await find(session, view, key, { scored })
			if (view === session.view) saveResults(view, returns, places)
			// Mailboxes without a result are passed over (section 2.1).
			if (places.length === 0 || !box) continue
			const source = `MAILBOX ${imap.formatMailbox(box.name, session.utf8)} UIDVALIDITY ${box.uidValidity}`
			const numbers = places.map(place => view.uid(place))
			session.out.text(
				formatEsearch({
					tag,
					uid: true,
					numbers,
					returns,
					modseq: asksModseq ? modseqTold(session, view, returns, places, modseq) : null,
					scores: scores && places.map(place => scores.get(place)!),
					source,
				}),
			)
		} catch (error) {
			if (!(error instanceof Rejected) || error.done.status !== 'NO') throw error
			failed++
		}
	}
	return failed > 0 ? no('not all mailboxes could be searched') : ok('ESEARCH completed')
}

/** The selected mailbox as the client knows it, others as they are. One at a time: views of large mailboxes are large. */
function* views(session: Session, sources: imap.MailboxFilter[], selected: boolean): Generator<View> {
	const { reader } = session.house
	const view = session.view
	const boxes = mailboxesIn(sources, mailboxesOf(session)).filter(({ rights }) => rights.includes('r'))
	if (selected && !boxes.some(box => box.key === view!.mailbox)) yield view!
	for (const box of boxes) {
		if (box.key === view?.mailbox) yield view
		else if (box.messages > 0) yield new View(box, reader.uidRuns(box), true)
	}
}

/** Sequence numbers, uids and `$` mean something in one mailbox only (section 2.2). */
function namesNumbers(key: imap.SearchKey): boolean {
	switch (key.key) {
		case 'sequence':
		case 'UID':
			return true
		case 'NOT':
		case 'FUZZY':
			return namesNumbers(key.of)
		case 'OR':
			return namesNumbers(key.either) || namesNumbers(key.or)
		case 'AND':
			return key.all.some(namesNumbers)
		default:
			return false
	}
}
