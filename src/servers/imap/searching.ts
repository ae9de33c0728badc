import type { imap } from '../../wire/index.ts'
import { Fetched } from './fetched.ts'
import { scores, settled } from './fuzzy.ts'
import { newest } from './message-limit.ts'
import { Turn } from './output.ts'
import { fetchedOf, inBatches, rowsAt } from './rows.ts'
import { flagsAsked, placesFlagged } from './search-flags.ts'
import { askIndex, narrow } from './search-index.ts'
import { compile, type Test } from './search-keys.ts'
import { SearchText } from './search-text.ts'
import type { Session } from './session.ts'
import { type Span, spansWithin, type View } from './view.ts'

export type Found = {
	/** Of the messages that match, ascending. */
	places: number[]
	/** The highest of those whose rows were looked at. */
	modseq: number
	/** By place, when the search is fuzzy and somebody wants to know. */
	scores: Map<number, number> | null
	/** MESSAGELIMIT, when not all messages were looked at. */
	code: string | null
}

/**
 * All messages of a view that match a search key.
 * @param limited only as many are looked at as MESSAGELIMIT says
 * @param scored their scores are asked for (RELEVANCY)
 */
export async function find(
	session: Session,
	view: View,
	key: imap.SearchKey,
	{ limited = false, scored = false } = {},
): Promise<Found> {
	const found = await findExactly(session, view, settled(key, true), limited)
	if (!scored) return { ...found, scores: null }
	const { places } = await findExactly(session, view, settled(key, false), limited)
	return { ...found, scores: scores(found.places, places) }
}

async function findExactly(
	session: Session,
	view: View,
	key: imap.SearchKey,
	limited: boolean,
): Promise<Omit<Found, 'scores'>> {
	const bounded = bounds(view, key)
	const { spans: everywhere, code } = limited
		? newest(session, view, bounded)
		: { spans: bounded, code: null }
	const flags = flagsAsked(key)
	if (flags?.only) {
		const all = placesFlagged(session, view, flags)
		return { places: code ? all.filter(place => place >= everywhere[0]![0]) : all, modseq: 0, code }
	}
	const findings = await askIndex(session, view, key, everywhere)
	const test = compile(key, view, Date.now(), findings)
	const within = flags ? spansWithin(placesFlagged(session, view, flags), everywhere) : everywhere
	const { sure, spans } = narrow(session, view, key, within, findings)
	const places: number[] = []
	let modseq = 0
	if (key.key === 'ALL' || key.key === 'UID' || key.key === 'sequence') {
		for (const [from, to] of everywhere) for (let place = from; place < to; place++) places.push(place)
		return { places, modseq: 0, code }
	}
	const needs = { head: true, body: test.octets !== 'none' }
	const turn = new Turn(session.out)
	await inBatches(session, spans, async batch => {
		const rows = rowsAt(session, batch, view)
		const answers = rows.map((row, i) => (row ? test.quick(row, batch[i]!) : false))
		const open = rows.map((row, i) => (answers[i] === null ? row : null))
		const messages = open.some(row => row) ? fetchedOf(session, view.mailbox, open, needs) : open
		for (const [i, row] of rows.entries()) {
			const place = batch[i]!
			const message = messages[i]
			const matched = message instanceof Fetched ? await matches(test, place, message) : answers[i]
			if (turn.isLong) await turn.mayEnd()
			if (!row || !matched) continue
			places.push(place)
			modseq = Math.max(modseq, row.modseq)
		}
	})
	if (sure.length === 0) return { places, modseq, code }
	return { places: [...sure, ...places].sort((a, b) => a - b), modseq, code }
}

/** Does the search ask for modseqs, so that its answer names one (RFC 7162 section 3.1.5)? */
export function asksForModseq(key: imap.SearchKey): boolean {
	switch (key.key) {
		case 'MODSEQ':
			return true
		case 'NOT':
		case 'FUZZY':
			return asksForModseq(key.of)
		case 'OR':
			return asksForModseq(key.either) || asksForModseq(key.or)
		case 'AND':
			return key.all.some(asksForModseq)
		default:
			return false
	}
}

function matches(test: Test, place: number, message: Fetched): boolean | Promise<boolean> {
	const text = new SearchText(message)
	if (!message.large || test.octets === 'none') return test.full(message.row, place, text)
	return text.load(test.octets).then(() => test.full(message.row, place, text))
}

/** Where to look: a set that everything found must be in narrows it. */
function bounds(view: View, key: imap.SearchKey): Span[] {
	const set = (key.key === 'AND' ? key.all : [key]).find(one => one.key === 'UID' || one.key === 'sequence')
	if (set?.key === 'UID' || set?.key === 'sequence') return view.spans(set.set, set.key === 'UID')
	return view.length > 0 ? [[0, view.length]] : []
}
