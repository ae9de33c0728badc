import { imap } from '../../../wire/index.ts'
import { bad, type Done, ok } from '../done.ts'
import { Fetched } from '../fetched.ts'
import { inBatches, rowsAt } from '../rows.ts'
import { askIndex, narrow } from '../search-index.ts'
import { compile, type Test } from '../search-keys.ts'
import { SearchText } from '../search-text.ts'
import type { Session } from '../session.ts'
import type { Span } from '../view.ts'

export async function search(session: Session, command: imap.CommandOf<'SEARCH'>): Promise<Done> {
	const view = session.view!
	if (command.charset !== null && session.utf8) return bad('CHARSET has no place after ENABLE UTF8=ACCEPT')
	if (command.returns?.includes('SAVE')) return bad('search results are not saved here')
	const asksModseq = asksForModseq(command.key)
	if (asksModseq) session.knowsModseqs()
	const { places, modseq } = await found(session, command.key)
	const numbers = command.uid ? places.map(place => view.uid(place)) : places.map(place => place + 1)
	// The highest of the messages found (RFC 7162 section 3.1.5).
	const highest = asksModseq && numbers.length > 0 ? modseq : null
	if (command.returns) session.out.text(extended(command, numbers, highest))
	else {
		const list = numbers.length > 0 ? ` ${numbers.join(' ')}` : ''
		session.out.text(`* SEARCH${list}${highest === null ? '' : ` (MODSEQ ${highest})`}\r\n`)
	}
	return ok('SEARCH completed')
}

/** RFC 4731. Without options RETURN () is RETURN (ALL). */
function extended(
	{ tag, uid, returns }: imap.CommandOf<'SEARCH'>,
	numbers: number[],
	modseq: number | null,
): string {
	const asked = returns!.length > 0 ? returns! : ['ALL']
	let out = `* ESEARCH (TAG ${imap.formatString(tag)})${uid ? ' UID' : ''}`
	if (numbers.length > 0) {
		if (asked.includes('MIN')) out += ` MIN ${numbers[0]}`
		if (asked.includes('MAX')) out += ` MAX ${numbers.at(-1)}`
		if (asked.includes('ALL')) out += ` ALL ${imap.formatSet(numbers)}`
	}
	if (asked.includes('COUNT')) out += ` COUNT ${numbers.length}`
	if (modseq !== null) out += ` MODSEQ ${modseq}`
	return `${out}\r\n`
}

function asksForModseq(key: imap.SearchKey): boolean {
	switch (key.key) {
		case 'MODSEQ':
			return true
		case 'NOT':
			return asksForModseq(key.of)
		case 'OR':
			return asksForModseq(key.either) || asksForModseq(key.or)
		case 'AND':
			return key.all.some(asksForModseq)
		default:
			return false
	}
}

/** Places of the messages that match, ascending; the highest modseq of those whose rows were looked at. */
async function found(session: Session, key: imap.SearchKey): Promise<{ places: number[]; modseq: number }> {
	const view = session.view!
	const everywhere = bounds(session, key)
	const findings = await askIndex(session, key, everywhere)
	const test = compile(key, view, Date.now(), findings)
	const { sure, spans } = narrow(session, key, everywhere, findings)
	const places: number[] = []
	let modseq = 0
	if (key.key === 'ALL' || key.key === 'UID' || key.key === 'sequence') {
		for (const [from, to] of everywhere) for (let place = from; place < to; place++) places.push(place)
		return { places, modseq: 0 }
	}
	const needs = { head: true, body: test.octets !== 'none' }
	await inBatches(session, spans, async batch => {
		for (const [place, row] of rowsAt(session, batch)) {
			const before = places.length
			const quick = row && test.quick(row, place)
			if (!row || quick === false) continue
			if (quick === true) places.push(place)
			else {
				const message = new Fetched(session.house.reader, row)
				if (message.ready(needs, view.mailbox) && (await matches(test, place, message))) places.push(place)
			}
			if (places.length > before) modseq = Math.max(modseq, row.modseq)
		}
	})
	if (sure.length === 0) return { places, modseq }
	return { places: [...sure, ...places].sort((a, b) => a - b), modseq }
}

function matches(test: Test, place: number, message: Fetched): boolean | Promise<boolean> {
	const text = new SearchText(message)
	if (!message.large || test.octets === 'none') return test.full(message.row, place, text)
	return text.load(test.octets).then(() => test.full(message.row, place, text))
}

/** Where to look: a set that everything found must be in narrows it. */
function bounds(session: Session, key: imap.SearchKey): Span[] {
	const view = session.view!
	const set = (key.key === 'AND' ? key.all : [key]).find(one => one.key === 'UID' || one.key === 'sequence')
	if (set?.key === 'UID' || set?.key === 'sequence') return view.spans(set.set, set.key === 'UID')
	return view.length > 0 ? [[0, view.length]] : []
}
