import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { checkReturns, formatEsearch, modseqTold, saveResults } from '../esearch.ts'
import { fetchedOf, inBatches, rowsAt } from '../rows.ts'
import { asksForModseq, find } from '../searching.ts'
import type { Session } from '../session.ts'
import { compareKeys, readsHead, type SortKeys, sortKeys } from '../sorting.ts'
import { spansOf } from '../view.ts'

/** SORT of RFC 5256; with RETURN the ESEARCH response of RFC 5267. */
export async function sort(session: Session, command: imap.CommandOf<'SORT'>): Promise<Done> {
	const view = session.view!
	const { tag, uid, key, criteria, returns } = command
	const ranked = criteria.some(({ field }) => field === 'RELEVANCY')
	const scored = checkReturns(returns, key, ranked)
	const asksModseq = asksForModseq(key)
	if (asksModseq) session.knowsModseqs()
	const { places, modseq, scores, code } = await find(session, view, key, { limited: true, scored })
	const needs = { head: criteria.some(readsHead), body: false }
	const sorted: { place: number; keys: SortKeys }[] = []
	await inBatches(session, spansOf(places), batch => {
		fetchedOf(session, view.mailbox, rowsAt(session, batch), needs).forEach((message, i) => {
			if (!message) return
			const keys = sortKeys(criteria, {
				row: message.row,
				head: needs.head ? message.head : null,
				score: scores?.get(batch[i]!) ?? 0,
			})
			sorted.push({ place: batch[i]!, keys })
		})
	})
	const compare = compareKeys(criteria)
	// A stable sort: equal ones stay in the order of their numbers.
	sorted.sort((a, b) => compare(a.keys, b.keys))
	const numbers = sorted.map(({ place }) => (uid ? view.uid(place) : place + 1))
	const highest = asksModseq && numbers.length > 0 ? modseq : null
	if (returns) {
		const order = sorted.map(({ place }) => place)
		saveResults(view, returns, order)
		const told = scores && order.map(place => scores.get(place)!)
		const modseq = highest === null ? null : modseqTold(session, view, returns, order, highest)
		session.out.text(formatEsearch({ tag, uid, numbers, returns, modseq, scores: told }))
	} else {
		const list = numbers.length > 0 ? ` ${numbers.join(' ')}` : ''
		session.out.text(`* SORT${list}${highest === null ? '' : ` (MODSEQ ${highest})`}\r\n`)
	}
	return ok('SORT completed', code)
}
