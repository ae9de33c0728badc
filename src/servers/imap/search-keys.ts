import type { Envelope } from '../../message/index.ts'
import { envelopeText, fold, type MessageRow, threadId } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { readFlags } from './flags.ts'
import type { Findings } from './search-index.ts'
import type { SearchText } from './search-text.ts'
import type { Span, View } from './view.ts'

/**
 * A search key made ready: `quick` answers from what the row holds, null when it cannot tell; `full` answers always,
 * with what `text` gives of the message. NOT, AND and OR of quick answers spare most messages the full one.
 */
export type Test = {
	quick(row: MessageRow, place: number): boolean | null
	full(row: MessageRow, place: number, text: SearchText): boolean
	/** Needs octets of the message, not only what the store keeps beside it. */
	octets: 'none' | 'header' | 'text'
}

const DAY_MS = 86_400_000

function quick(of: (row: MessageRow, place: number) => boolean): Test {
	return { quick: of, full: of, octets: 'none' }
}

function slow(octets: Test['octets'], of: (text: SearchText) => boolean): Test {
	return { quick: () => null, full: (_row, _place, text) => of(text), octets }
}

/**
 * @param now milliseconds since 1970, for OLDER and YOUNGER
 * @param found what the index knows of the texts in the key
 * @throws Rejected
 */
export function compile(key: imap.SearchKey, view: View, now: number, found: Findings): Test {
	switch (key.key) {
		case 'ALL':
			return quick(() => true)
		case 'recent':
			return quick(() => !key.is)
		case 'flag':
			return flagTest(key.flag, key.is)
		case 'sequence':
		case 'UID': {
			const spans = view.spans(key.set, key.key === 'UID')
			return quick((_, place) => within(spans, place))
		}
		case 'LARGER':
			return quick(row => row.size > key.octets)
		case 'SMALLER':
			return quick(row => row.size < key.octets)
		case 'OLDER':
			return quick(row => row.internalDate <= now - key.seconds * 1000)
		case 'YOUNGER':
			return quick(row => row.internalDate >= now - key.seconds * 1000)
		case 'MODSEQ':
			return quick(row => row.modseq >= key.modseq)
		case 'BEFORE':
		case 'ON':
		case 'SINCE':
			return dayTest(key.key, key.day, row => imap.utcDay(row.internalDate))
		case 'SAVEDBEFORE':
		case 'SAVEDON':
		case 'SAVEDSINCE':
			return dayTest(key.key.slice(5), key.day, row => imap.utcDay(row.saveDate))
		case 'SENTBEFORE':
		case 'SENTON':
		case 'SENTSINCE': {
			const is = COMPARE[key.key.slice(4)]!
			return slow('none', ({ head }) => {
				const day = sentDay(head.envelope)
				return day !== null && is(day, key.day)
			})
		}
		case 'EMAILID':
			return slow('none', ({ head }) => `M${head.hash}` === key.id)
		case 'THREADID':
			return quick(row => threadId(row.thread) === key.id)
		case 'NOT': {
			const test = compile(key.of, view, now, found)
			return {
				quick: (row, place) => not(test.quick(row, place)),
				full: (row, place, text) => !test.full(row, place, text),
				octets: test.octets,
			}
		}
		case 'FUZZY':
			return compile(key.of, view, now, found)
		case 'OR':
			return some([compile(key.either, view, now, found), compile(key.or, view, now, found)])
		case 'AND':
			return every(key.all.map(one => compile(one, view, now, found)))
		default:
			return indexed(textTest(key), key, found)
	}
}

function flagTest(name: string, is: boolean): Test {
	const { flags, keywords } = readFlags([name], () => [name])
	const keyword = keywords[0]?.toLowerCase()
	if (keyword === undefined) return quick(row => ((row.flags & flags) !== 0) === is)
	return quick(row => row.keywords.some(word => word.toLowerCase() === keyword) === is)
}

const COMPARE: Record<string, (day: number, than: number) => boolean> = {
	BEFORE: (day, than) => day < than,
	ON: (day, than) => day === than,
	SINCE: (day, than) => day >= than,
}

function dayTest(how: string, than: number, day: (row: MessageRow) => number): Test {
	const is = COMPARE[how]!
	return quick(row => is(day(row), than))
}

function sentDay(envelope: Envelope): number | null {
	if (envelope.date === null) return null
	return (
		imap.writtenDay(envelope.date) ??
		(envelope.sent === null ? null : Math.floor(envelope.sent / DAY_MS) * DAY_MS)
	)
}

type TextKey = Extract<imap.SearchKey, { text: string }>

/** What the index knows is not looked for. */
function indexed(test: Test, key: TextKey, findings: Findings): Test {
	const found = findings.get(key)
	if (!found) return test
	return {
		...test,
		quick(row) {
			if (row.uid >= found.below) return null
			const has = found.uids.get(row.uid)
			return has === undefined ? false : has || null
		},
	}
}

const ENVELOPE = { FROM: 'from', TO: 'to', CC: 'cc', BCC: 'bcc', SUBJECT: 'subject' } as const

function textTest(key: TextKey): Test {
	const wanted = fold(key.text)
	const inEnvelope = (field: Parameters<typeof envelopeText>[1]) =>
		slow(
			'none',
			({ head: { envelope } }) => envelope[field] !== null && envelopeText(envelope, field).includes(wanted),
		)
	switch (key.key) {
		case 'HEADER': {
			const field = key.field.toLowerCase()
			if (field === 'message-id') return inEnvelope('messageId')
			return slow('header', text => text.fields(field).some(value => fold(value).includes(wanted)))
		}
		case 'BODY':
			return slow('text', text => text.bodyText.includes(wanted))
		case 'TEXT':
			return slow(
				'text',
				text =>
					text.headerText.includes(wanted) ||
					text.partsText.includes(wanted) ||
					text.bodyText.includes(wanted),
			)
		default:
			return inEnvelope(ENVELOPE[key.key])
	}
}

function within(spans: Span[], place: number): boolean {
	let low = 0
	let high = spans.length - 1
	while (low <= high) {
		const middle = (low + high) >> 1
		const [from, to] = spans[middle]!
		if (place < from) high = middle - 1
		else if (place >= to) low = middle + 1
		else return true
	}
	return false
}

function not(answer: boolean | null): boolean | null {
	return answer === null ? null : !answer
}

const ORDER = ['none', 'header', 'text'] as const

function most(tests: Test[]): Test['octets'] {
	return ORDER[Math.max(...tests.map(test => ORDER.indexOf(test.octets)))]!
}

function every(tests: Test[]): Test {
	// The cheap ones first: they may spare us the others.
	const sorted = tests.toSorted((a, b) => ORDER.indexOf(a.octets) - ORDER.indexOf(b.octets))
	return {
		quick(row, place) {
			let answer: boolean | null = true
			for (const test of sorted) {
				const one = test.quick(row, place)
				if (one === false) return false
				if (one === null) answer = null
			}
			return answer
		},
		full: (row, place, text) => sorted.every(test => test.full(row, place, text)),
		octets: most(tests),
	}
}

function some(tests: Test[]): Test {
	const sorted = tests.toSorted((a, b) => ORDER.indexOf(a.octets) - ORDER.indexOf(b.octets))
	return {
		quick(row, place) {
			let answer: boolean | null = false
			for (const test of sorted) {
				const one = test.quick(row, place)
				if (one === true) return true
				if (one === null) answer = null
			}
			return answer
		},
		full: (row, place, text) => sorted.some(test => test.full(row, place, text)),
		octets: most(tests),
	}
}
