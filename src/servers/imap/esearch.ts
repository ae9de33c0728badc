import { imap } from '../../wire/index.ts'
import { bad, Rejected } from './done.ts'
import { isFuzzy } from './fuzzy.ts'
import { partOf } from './partial.ts'
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
	const kept = new Set<number>(partial ? places.slice(...partOf(partial, places.length)) : [])
	if (places.length > 0) {
		if (items.includes('MIN')) kept.add(places[0]!)
		if (items.includes('MAX')) kept.add(places.at(-1)!)
	}
	view.save([...kept])
}
