import { z } from 'zod'
import { textOf } from '../../message/index.ts'
import { fold } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { id, idOrReference, object, read } from './arguments.ts'
import { type Call, checkAccount, LIMITS, type Responses } from './call.ts'
import { type Condition, readEmailCondition, wordsOf } from './email-filter.ts'
import { emailOf } from './email-get.ts'
import { type Filter, readFilter } from './filter.ts'
import { type Letter, storedLetter } from './letter.ts'
import { resolved } from './standard-get.ts'

const shape = z.strictObject({
	accountId: id,
	filter: object.nullable().default(null),
	emailIds: z.array(idOrReference),
})

/** Longest preview, in octets (RFC 8621 section 5), and what of the text stands before the first word found. */
const LONGEST = 255
const BEFORE = 40
/** Octets of a message that are looked through. */
const MOST = 2 * 1024 * 1024

/** RFC 8621 section 5.1. */
export async function getSnippets(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(shape, args)
	checkAccount(call, got.accountId)
	if (got.emailIds.length > LIMITS.maxObjectsInGet) throw new jmap.MethodRefused('requestTooLarge')
	const filter = got.filter && readFilter(got.filter, readEmailCondition)
	const words = filter ? wordsIn(filter) : { subject: [], body: [] }
	const list: unknown[] = []
	const notFound: string[] = []
	for (const emailId of resolved(call, got.emailIds)) {
		const row = emailOf(call, emailId)
		if (!row) {
			notFound.push(emailId)
			continue
		}
		const letter = storedLetter(call.house.reader, row.blob)
		const { subject } = letter.envelope
		list.push({
			emailId,
			subject: subject === null ? null : marked(subject, words.subject, null),
			preview: words.body.length === 0 ? null : marked(await textIn(letter), words.body, LONGEST),
		})
	}
	return [
		[
			'SearchSnippet/get',
			// QUIRK: where the RFC has null for "none", clients look for a list as in every other /get.
			{ accountId: got.accountId, list, notFound },
		],
	]
}

type Words = { subject: string[]; body: string[] }

/** What was searched for, as far as a person wants to see it. */
function wordsIn(filter: Filter<Condition>): Words {
	const words: Words = { subject: [], body: [] }
	if ('condition' in filter) {
		const { text = '', subject = '', body = '' } = filter.condition
		words.subject.push(...wordsOf(text), ...wordsOf(subject))
		words.body.push(...wordsOf(text), ...wordsOf(body))
	} else if (filter.operator !== 'NOT') {
		for (const one of filter.conditions.map(wordsIn)) {
			words.subject.push(...one.subject)
			words.body.push(...one.body)
		}
	}
	return words
}

async function textIn(letter: Letter): Promise<string> {
	const octets = await letter.octets(0, Math.min(letter.size, MOST))
	return textOf(octets, letter.structure).replace(/\s+/g, ' ')
}

type Hit = { start: number; end: number }

/** The text for HTML with what was found in <mark>; null when nothing was. @param most octets, null = all of it */
function marked(text: string, words: string[], most: number | null): string | null {
	const { folded, places } = folding(text)
	const hits: Hit[] = []
	for (const word of new Set(words.map(fold))) {
		for (
			let at = folded.indexOf(word);
			at >= 0 && word !== '' && hits.length < 200;
			at = folded.indexOf(word, at + word.length)
		)
			hits.push({ start: places[at]!, end: places[at + word.length]! })
	}
	if (hits.length === 0) return null
	hits.sort((a, b) => a.start - b.start || b.end - a.end)
	let at = most === null ? 0 : wordStart(text, Math.max(0, hits[0]!.start - BEFORE))
	let out = ''
	const room = () => (most === null ? Number.POSITIVE_INFINITY : most - Buffer.byteLength(out))
	for (const { start, end } of hits) {
		if (start < at) continue
		out += fitting(text.slice(at, start), room())
		const mark = `<mark>${escaped(text.slice(start, end))}</mark>`
		if (Buffer.byteLength(mark) > room()) return out
		out += mark
		at = end
	}
	return out + fitting(text.slice(at), room())
}

/** Folded text, and for each of its characters where in the text it comes from. */
function folding(text: string): { folded: string; places: number[] } {
	let folded = ''
	const places: number[] = []
	let at = 0
	for (const char of text) {
		const piece = fold(char)
		for (let i = 0; i < piece.length; i++) places.push(at)
		folded += piece
		at += char.length
	}
	places.push(at)
	return { folded, places }
}

function wordStart(text: string, from: number): number {
	if (from === 0) return 0
	const space = text.indexOf(' ', from)
	return space >= 0 && space < from + BEFORE ? space + 1 : from
}

/** By name, which every client knows that knows any: the three that must be (RFC 8621 section 5), and no others. */
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

function escaped(text: string): string {
	return text.replace(/[&<>]/g, sign => ENTITIES[sign]!).toWellFormed()
}

/** As much of it as there is room for. */
function fitting(text: string, room: number): string {
	let out = ''
	let left = room
	for (const char of text) {
		const piece = escaped(char)
		left -= Buffer.byteLength(piece)
		if (left < 0) break
		out += piece
	}
	return out
}
