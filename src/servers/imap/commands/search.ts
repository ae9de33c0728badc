import type { imap } from '../../../wire/index.ts'
import { bad, type Done, ok } from '../done.ts'
import { checkReturns, formatEsearch, modseqTold, saveResults } from '../esearch.ts'
import { asksForModseq, find } from '../searching.ts'
import type { Session } from '../session.ts'

const EVERYTHING: imap.ReturnOptions = { items: ['ALL'], partial: null }

export async function search(session: Session, command: imap.CommandOf<'SEARCH'>): Promise<Done> {
	const view = session.view!
	const { tag, uid, key } = command
	if (command.charset !== null && session.utf8 && !session.rev2) {
		return bad('CHARSET has no place after ENABLE UTF8=ACCEPT')
	}
	// IMAP4rev2 has no SEARCH response any more (RFC 9051 appendix E).
	const returns = command.returns ?? (session.rev2 ? EVERYTHING : null)
	const scored = checkReturns(returns, key)
	const asksModseq = asksForModseq(key)
	if (asksModseq) session.knowsModseqs()
	const { places, modseq, scores, code } = await find(session, view, key, { limited: true, scored })
	const numbers = uid ? places.map(place => view.uid(place)) : places.map(place => place + 1)
	// The highest of the messages found (RFC 7162 section 3.1.5).
	const highest = asksModseq && numbers.length > 0 ? modseq : null
	if (returns) {
		saveResults(view, returns, places)
		const told = scores && places.map(place => scores.get(place)!)
		const modseq = highest === null ? null : modseqTold(session, view, returns, places, highest)
		session.out.text(formatEsearch({ tag, uid, numbers, returns, modseq, scores: told }))
	} else {
		const list = numbers.length > 0 ? ` ${numbers.join(' ')}` : ''
		session.out.text(`* SEARCH${list}${highest === null ? '' : ` (MODSEQ ${highest})`}\r\n`)
	}
	return ok('SEARCH completed', code)
}
