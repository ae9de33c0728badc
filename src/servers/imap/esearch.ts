import { imap } from '../../wire/index.ts'
import { bad, Rejected } from './done.ts'
import { isFuzzy } from './fuzzy.ts'
import { partOf } from './partial.ts'
import { flagsAt } from './rows.ts'
import type { Session } from './session.ts'
import type { View } from './view.ts'

export type Results = {
	tag: string
	uid: boolean
	/** Numbers or UIDs in the order of the results. */
	numbers: number[]
	returns: imap.ReturnOptions
	/** The highest of what was found, when the search asked for modseqs; else null. */
	modseq: number | null
	/** How well each of `numbers` fits, when that was asked for (RFC 6203 section 4). */
	scores: number[] | null
	/** For a search in several mailboxes (RFC 7377 section 2.1): where; in its form on the wire. */
	source?: string
}

/**
 * Whether scores are asked for. @param ranked SORT wants the messages in their order
 * @throws Rejected for what cannot be asked together (RFC 9394 section 3.1, RFC 6203 section 4)
 */
export function checkReturns(
	returns: imap.ReturnOptions | null,
	key: imap.SearchKey,
	ranked = false,
): boolean {
	if (returns?.partial && returns.items.includes('ALL')) {
		throw new Rejected(bad('PARTIAL and ALL cannot be asked together'))
	}
	const scored = ranked || (returns?.items.includes('RELEVANCY') ?? false)
	if (scored && !isFuzzy(key)) throw new Rejected(bad('RELEVANCY needs a FUZZY search key'))
	return scored
}

/**
 * MODSEQ of the response: the highest of the messages whose numbers are told; of all that were found where they all are,
 * or are counted (RFC 4731 section 3.2). @param highest of all
 */
export function modseqTold(
	session: Session,
	view: View,
	{ items, partial }: imap.ReturnOptions,
	places: number[],
	highest: number,
): number {
	if (items.includes('ALL') || items.includes('COUNT') || (items.length === 0 && !partial)) return highest
	const told = someOf({ items, partial }, places)
	if (told.size === 0) return highest
	const ascending = [...told].sort((a, b) => a - b)
	return (
		flagsAt(session, ascending, view).reduce((most, row) => Math.max(most, row?.modseq ?? 0), 0) || highest
	)
}

/** The places of MIN, MAX and PARTIAL. */
function someOf({ items, partial }: imap.ReturnOptions, places: number[]): Set<number> {
	const some = new Set(partial ? places.slice(...partOf(partial, places.length)) : [])
	if (places.length === 0) return some
	if (items.includes('MIN')) some.add(places[0]!)
	if (items.includes('MAX')) some.add(places.at(-1)!)
	return some
}

/** The ESEARCH response of RFC 4731, 5267 and 9394; '' when only SAVE was asked. */
export function formatEsearch({ tag, uid, numbers, returns, modseq, scores, source }: Results): string {
	const { items, partial } = returns
	if (items.length > 0 && items.every(item => item === 'SAVE') && !partial) return ''
	// Without options RETURN () is RETURN (ALL).
	const all = items.includes('ALL') || (items.length === 0 && !partial)
	let out = `* ESEARCH (TAG ${imap.formatString(tag)}${source ? ` ${source}` : ''})${uid ? ' UID' : ''}`
	if (numbers.length > 0) {
		if (items.includes('MIN')) out += ` MIN ${numbers[0]}`
		if (items.includes('MAX')) out += ` MAX ${numbers.at(-1)}`
		if (all) out += ` ALL ${imap.formatSet(numbers)}`
	}
	if (items.includes('COUNT')) out += ` COUNT ${numbers.length}`
	if (partial) {
		const part = numbers.slice(...partOf(partial, numbers.length))
		out += ` PARTIAL (${imap.formatPartial(partial)} ${part.length > 0 ? imap.formatSet(part) : 'NIL'})`
	}
	if (scores && items.includes('RELEVANCY') && numbers.length > 0) {
		const told = partial ? scores.slice(...partOf(partial, scores.length)) : scores
		if (told.length > 0) out += ` RELEVANCY (${told.join(' ')})`
	}
	if (modseq !== null) out += ` MODSEQ ${modseq}`
	return `${out}\r\n`
}

/**
 * SAVE (RFC 5182 section 2.1, RFC 9394 section 3.2): all results, but of MIN, MAX and PARTIAL alone only those.
 * @param places of the results, in their order
 */
export function saveResults(view: View, { items, partial }: imap.ReturnOptions, places: number[]): void {
	if (!items.includes('SAVE')) return
	const some = items.includes('MIN') || items.includes('MAX') || partial !== null
	if (!some || items.includes('ALL') || items.includes('COUNT')) {
		view.save(places)
		return
	}
	view.save([...someOf({ items, partial }, places)])
}
