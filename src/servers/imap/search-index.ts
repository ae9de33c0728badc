import type { SearchField, TextFound } from '../../store/index.ts'
import type { imap } from '../../wire/index.ts'
import { Turn } from './output.ts'
import type { Session } from './session.ts'
import { type Span, spansWithin, type View } from './view.ts'

/** What the index knows of the texts in a search key. */
export type Findings = Map<imap.SearchKey, TextFound>

/** So few messages are sooner looked through than looked up. */
const FEW = 64
/** Uids that are remembered of all texts together; what is beyond is looked through. */
const MOST_KNOWN = 2_000_000

const FIELDS: Partial<Record<imap.SearchKey['key'], SearchField>> = {
	TEXT: 'text',
	BODY: 'body',
	SUBJECT: 'subject',
	FROM: 'from',
	TO: 'to',
	CC: 'cc',
}

/** Asks the index about every text in the key. */
export async function askIndex(
	session: Session,
	{ mailbox }: View,
	key: imap.SearchKey,
	spans: Span[],
): Promise<Findings> {
	const findings: Findings = new Map()
	if (spans.reduce((sum, [from, to]) => sum + to - from, 0) < FEW) return findings
	const turn = new Turn(session.out)
	let known = 0
	for (const one of textKeys(key)) {
		const messageId = one.key === 'HEADER' && one.field.toLowerCase() === 'message-id'
		const field = messageId ? 'messageId' : (FIELDS[one.key] ?? (one.key === 'HEADER' ? 'header' : null))
		const found = field && (await session.house.reader.searchText(mailbox, field, one.text))
		if (!found) continue
		if ((known += found.uids.size) > MOST_KNOWN) break
		await turn.mayEnd()
		// Somewhere in the header: is it in that field?
		if (field === 'header') for (const uid of found.uids.keys()) found.uids.set(uid, false)
		findings.set(one, found)
	}
	return findings
}

function textKeys(key: imap.SearchKey): Extract<imap.SearchKey, { text: string }>[] {
	switch (key.key) {
		case 'NOT':
		case 'FUZZY':
			return textKeys(key.of)
		case 'OR':
			return [...textKeys(key.either), ...textKeys(key.or)]
		case 'AND':
			return key.all.flatMap(textKeys)
		default:
			return 'text' in key ? [key] : []
	}
}

/**
 * Where to look, by what the index knows: the key holds nowhere else. `sure`: places where it does, when it is a text
 * and nothing else; no look is needed there.
 */
export function narrow(
	session: Session,
	view: View,
	key: imap.SearchKey,
	spans: Span[],
	findings: Findings,
): { sure: number[]; spans: Span[] } {
	const found = findings.get(key)
	if (found) {
		const { sure, look } = placesOf(view, found)
		const gone = sure.length > 0 ? expungedUntold(session, view) : null
		return {
			sure: gone ? sure.filter(place => !gone.has(view.uid(place))) : sure,
			spans: spansWithin(look, spans),
		}
	}
	let narrowed = spans
	for (const one of key.key === 'AND' ? key.all : []) {
		const known = findings.get(one)
		if (!known) continue
		const { sure, look } = placesOf(view, known)
		narrowed = spansWithin(
			[...sure, ...look].sort((a, b) => a - b),
			narrowed,
		)
	}
	return { sure: [], spans: narrowed }
}

/** Both ascending. What the index does not know yet is to be looked at. */
function placesOf(view: View, { below, uids }: TextFound): { sure: number[]; look: number[] } {
	const sure: number[] = []
	const look: number[] = []
	for (const [uid, has] of uids) {
		const place = uid < below ? view.place(uid) : -1
		if (place >= 0) (has ? sure : look).push(place)
	}
	for (let place = view.from(below); place < view.length; place++) look.push(place)
	const ascending = (a: number, b: number) => a - b
	return { sure: sure.sort(ascending), look: look.sort(ascending) }
}

/** Uids this client may still see but nobody else: they are found no more. */
function expungedUntold({ house }: Session, view: View): Set<number> | null {
	const uids = house.reader.expungedSince(view.mailbox, view.expungeModseq)
	return uids.length > 0 ? new Set(uids) : null
}
