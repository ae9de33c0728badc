import type { AddressOrGroup, Envelope } from '../../message/index.ts'
import type { MessageRow } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { readFlags } from './flags.ts'
import { fold, type SearchText } from './search-text.ts'
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

/** @param now milliseconds since 1970, for OLDER and YOUNGER. @throws Rejected */
export function compile(key: imap.SearchKey, view: View, now: number): Test {
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
			return quick(() => false)
		case 'NOT': {
			const test = compile(key.of, view, now)
			return {
				quick: (row, place) => not(test.quick(row, place)),
				full: (row, place, text) => !test.full(row, place, text),
				octets: test.octets,
			}
		}
		case 'OR':
			return some([compile(key.either, view, now), compile(key.or, view, now)])
		case 'AND':
			return every(key.all.map(one => compile(one, view, now)))
		default:
			return textTest(key)
	}
}

function flagTest(name: string, is: boolean): Test {
	const { flags, keywords } = readFlags([name])
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

function textTest(key: TextKey): Test {
	const wanted = fold(key.text)
	const among = (list: AddressOrGroup[] | null) => list !== null && fold(addressText(list)).includes(wanted)
	switch (key.key) {
		case 'FROM':
			return slow('none', ({ head }) => among(head.envelope.from))
		case 'TO':
			return slow('none', ({ head }) => among(head.envelope.to))
		case 'CC':
			return slow('none', ({ head }) => among(head.envelope.cc))
		case 'BCC':
			return slow('none', ({ head }) => among(head.envelope.bcc))
		case 'SUBJECT':
			return slow(
				'none',
				({ head }) => head.envelope.subject !== null && fold(head.envelope.subject).includes(wanted),
			)
		case 'HEADER': {
			const field = key.field.toLowerCase()
			if (field === 'message-id') {
				return slow(
					'none',
					({ head }) => head.envelope.messageId !== null && fold(head.envelope.messageId).includes(wanted),
				)
			}
			return slow('header', text => text.fields(field).some(value => fold(value).includes(wanted)))
		}
		case 'BODY':
			return slow('text', text => text.bodyText.includes(wanted))
		case 'TEXT':
			return slow('text', text => text.headerText.includes(wanted) || text.bodyText.includes(wanted))
	}
}

/** As it stands in a header: `Alice <alice@example.com>, …`. */
function addressText(list: AddressOrGroup[]): string {
	return list
		.map(entry => {
			if ('group' in entry) return `${entry.group}: ${addressText(entry.members)};`
			return `${entry.name ? `${entry.name} ` : ''}<${entry.mailbox}@${entry.host}>`
		})
		.join(', ')
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
