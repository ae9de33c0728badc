import { z } from 'zod'
import type { EmailRow, SearchField, TextFound } from '../../store/index.ts'
import { envelopeText, fold, partsText } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { id, unsigned, utcDate } from './arguments.ts'
import type { Call } from './call.ts'
import type { Look } from './email-look.ts'
import { type Filter, readCondition } from './filter.ts'
import { has } from './keywords.ts'
import { hasAttachment } from './parts.ts'

const keyword = z.string().transform(name => name.toLowerCase())

const ENVELOPE = ['from', 'to', 'cc', 'bcc', 'subject'] as const
/** Each is looked up in every mailbox. */
const MOST_WORDS = 50

const conditionShape = z.object({
	inMailbox: id.optional(),
	inMailboxOtherThan: z.array(id).optional(),
	before: utcDate.optional(),
	after: utcDate.optional(),
	minSize: unsigned.optional(),
	maxSize: unsigned.optional(),
	allInThreadHaveKeyword: keyword.optional(),
	someInThreadHaveKeyword: keyword.optional(),
	noneInThreadHaveKeyword: keyword.optional(),
	hasKeyword: keyword.optional(),
	notKeyword: keyword.optional(),
	hasAttachment: z.boolean().optional(),
	text: z.string().optional(),
	from: z.string().optional(),
	to: z.string().optional(),
	cc: z.string().optional(),
	bcc: z.string().optional(),
	subject: z.string().optional(),
	body: z.string().optional(),
	header: z.array(z.string()).min(1).max(2).optional(),
})
/** RFC 8621 section 4.4.1. */
export type Condition = z.output<typeof conditionShape>

export function readEmailCondition(value: Record<string, unknown>): Condition {
	const condition = readCondition(conditionShape, value)
	const texts = [...ENVELOPE, 'text' as const, 'body' as const].map(name => condition[name] ?? '')
	if (texts.reduce((count, text) => count + wordsOf(text).length, 0) > MOST_WORDS)
		throw new jmap.MethodRefused('unsupportedFilter', `a search has at most ${MOST_WORDS} words`)
	return condition
}

const IMMUTABLE = [
	'before',
	'after',
	'minSize',
	'maxSize',
	'hasAttachment',
	'text',
	'from',
	'to',
	'cc',
	'bcc',
	'subject',
	'body',
	'header',
]

/** Does an email that fits today fit for ever? */
export function isImmutable(filter: Filter<Condition>): boolean {
	if ('condition' in filter) return Object.keys(filter.condition).every(name => IMMUTABLE.includes(name))
	return filter.conditions.every(isImmutable)
}

export function looksAtThreads(filter: Filter<Condition>): boolean {
	if ('condition' in filter) return Object.keys(filter.condition).some(name => name.includes('InThread'))
	return filter.conditions.some(looksAtThreads)
}

/** The words of a search: each has to be there; what stands in quotation marks is one. */
export function wordsOf(text: string): string[] {
	const words = text.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'(?=\s|$)|\S+/g) ?? []
	return words
		.map(word =>
			/^(["']).*\1$/s.test(word) && word.length > 1 ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word,
		)
		.filter(word => word.trim() !== '')
}

/** One thing that is asked of an email. */
export type Test = {
	/** From its row alone; null when that does not tell. */
	quick(row: EmailRow): boolean | null
	/** With a look into the message. */
	full(look: Look): boolean | Promise<boolean>
}

/** What tests need to know of the account. */
export type World = {
	mailboxKey(id: string): number | undefined
	/** All emails of a thread. */
	threadOf(row: EmailRow): EmailRow[]
	/** What the index knows of a text: null when all have to be looked through. */
	indexed(field: SearchField, text: string): Promise<((row: EmailRow) => boolean | null) | null>
}

export function indexOf(call: Call, mailboxes: number[]): World['indexed'] {
	return async (field, text) => {
		const found = new Map<number, TextFound>()
		for (const mailbox of mailboxes) {
			const here = await call.house.reader.searchText(mailbox, field, text)
			if (here) found.set(mailbox, here)
		}
		if (found.size === 0) return null
		return row => {
			for (const { mailbox, uid } of row.copies) {
				const here = found.get(mailbox)
				if (here && uid < here.below) return here.uids.has(uid) ? here.uids.get(uid)! || null : false
			}
			return null
		}
	}
}

function quick(is: (row: EmailRow) => boolean): Test {
	return { quick: is, full: ({ row }) => is(row) }
}

/** All that one condition asks, in the order of what it costs. */
export async function testsOf(condition: Condition, world: World): Promise<Test[]> {
	const tests: Test[] = []
	const { inMailbox, inMailboxOtherThan, before, after, minSize, maxSize, hasKeyword, notKeyword } = condition
	if (inMailbox !== undefined) {
		const key = world.mailboxKey(inMailbox)
		tests.push(quick(row => row.copies.some(copy => copy.mailbox === key)))
	}
	if (inMailboxOtherThan !== undefined) {
		const keys = new Set(inMailboxOtherThan.map(world.mailboxKey))
		tests.push(quick(row => row.copies.some(copy => !keys.has(copy.mailbox))))
	}
	if (before !== undefined) tests.push(quick(row => row.received < before))
	if (after !== undefined) tests.push(quick(row => Math.floor(row.received / 1000) * 1000 >= after))
	if (minSize !== undefined) tests.push(quick(row => row.size >= minSize))
	if (maxSize !== undefined) tests.push(quick(row => row.size < maxSize))
	if (hasKeyword !== undefined) tests.push(quick(row => has(row, hasKeyword)))
	if (notKeyword !== undefined) tests.push(quick(row => !has(row, notKeyword)))
	tests.push(...threadTests(condition, world))
	if (condition.hasAttachment !== undefined)
		tests.push({
			quick: () => null,
			full: ({ head }) => hasAttachment(head.structure) === condition.hasAttachment,
		})
	for (const field of ENVELOPE) {
		for (const word of condition[field] === undefined ? [] : wordsOf(condition[field])) {
			const wanted = fold(word)
			const test = ({ head }: Look) => envelopeText(head.envelope, field).includes(wanted)
			tests.push(await textTest(world, field === 'bcc' ? null : field, word, test))
		}
	}
	for (const field of ['text', 'body'] as const) {
		for (const word of condition[field] === undefined ? [] : wordsOf(condition[field])) {
			const wanted = fold(word)
			tests.push(
				await textTest(world, field, word, async look => {
					if (field === 'text' && (await look.headerText()).includes(wanted)) return true
					if (field === 'text' && partsText(look.head.structure).includes(wanted)) return true
					return (await look.bodyText()).includes(wanted)
				}),
			)
		}
	}
	if (condition.header) tests.push(await headerTest(world, condition.header))
	return tests
}

async function textTest(
	world: World,
	field: SearchField | null,
	text: string,
	full: (look: Look) => boolean | Promise<boolean>,
): Promise<Test> {
	const known = field && (await world.indexed(field, text))
	return { quick: known ?? (() => null), full }
}

async function headerTest(world: World, [name, value]: string[]): Promise<Test> {
	const field = name!.toLowerCase()
	const wanted = value === undefined ? null : fold(value)
	const known = value ? await world.indexed('header', value) : null
	return {
		// Somewhere in the header: is it in that field?
		quick: row => (known?.(row) === false ? false : null),
		full: async look =>
			(await look.fields(field)).some(text => wanted === null || fold(text).includes(wanted)),
	}
}

function threadTests(condition: Condition, world: World): Test[] {
	const tests: Test[] = []
	const {
		allInThreadHaveKeyword: all,
		someInThreadHaveKeyword: some,
		noneInThreadHaveKeyword: none,
	} = condition
	if (all !== undefined) tests.push(quick(row => world.threadOf(row).every(one => has(one, all))))
	if (some !== undefined) tests.push(quick(row => world.threadOf(row).some(one => has(one, some))))
	if (none !== undefined) tests.push(quick(row => !world.threadOf(row).some(one => has(one, none))))
	return tests
}
