import { imap } from '../../../wire/index.ts'
import { bad, type Done, ok } from '../done.ts'
import { Fetched } from '../fetched.ts'
import { inBatches, rowsAt } from '../rows.ts'
import { compile, type Test } from '../search-keys.ts'
import { SearchText } from '../search-text.ts'
import type { Session } from '../session.ts'
import type { Span } from '../view.ts'

export async function search(session: Session, command: imap.CommandOf<'SEARCH'>): Promise<Done> {
	const view = session.view!
	if (command.charset !== null && session.utf8) return bad('CHARSET has no place after ENABLE UTF8=ACCEPT')
	if (command.returns?.includes('SAVE')) return bad('search results are not saved here')
	const places = await found(session, command.key)
	const numbers = command.uid ? places.map(place => view.uid(place)) : places.map(place => place + 1)
	if (command.returns) session.out.text(extended(command, numbers))
	else session.out.text(`* SEARCH${numbers.length > 0 ? ` ${numbers.join(' ')}` : ''}\r\n`)
	return ok('SEARCH completed')
}

/** RFC 4731. Without options RETURN () is RETURN (ALL). */
function extended({ tag, uid, returns }: imap.CommandOf<'SEARCH'>, numbers: number[]): string {
	const asked = returns!.length > 0 ? returns! : ['ALL']
	let out = `* ESEARCH (TAG ${imap.formatString(tag)})${uid ? ' UID' : ''}`
	if (numbers.length > 0) {
		if (asked.includes('MIN')) out += ` MIN ${numbers[0]}`
		if (asked.includes('MAX')) out += ` MAX ${numbers.at(-1)}`
		if (asked.includes('ALL')) out += ` ALL ${imap.formatSet(numbers)}`
	}
	if (asked.includes('COUNT')) out += ` COUNT ${numbers.length}`
	return `${out}\r\n`
}

/** Places of the messages that match, ascending. */
async function found(session: Session, key: imap.SearchKey): Promise<number[]> {
	const view = session.view!
	const test = compile(key, view, Date.now())
	const spans = bounds(session, key)
	const places: number[] = []
	if (key.key === 'ALL' || key.key === 'UID' || key.key === 'sequence') {
		for (const [from, to] of spans) for (let place = from; place < to; place++) places.push(place)
		return places
	}
	await inBatches(session, spans, async batch => {
		for (const [place, row] of rowsAt(session, batch)) {
			if (!row) continue
			const quick = test.quick(row, place)
			if (quick === false) continue
			if (quick === true || (await matches(test, place, new Fetched(session.house.reader, row))))
				places.push(place)
		}
	})
	return places
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
