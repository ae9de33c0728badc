import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import type { EmailRow } from '../../store/index.ts'
import { threadId } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { id, idOrReference, read, unsigned } from './arguments.ts'
import { type Call, checkAccount, LIMITS, type Responses, takeRoom } from './call.ts'
import { bodyValue, DEFAULT_PART_PROPERTIES, PART_PROPERTIES, partRecord } from './email-parts.ts'
import {
	asAddresses,
	asDate,
	asMessageIds,
	asText,
	type Field,
	fieldsOf,
	headerValue,
} from './header-values.ts'
import { keywordsOf } from './keywords.ts'
import { type Letter, storedLetter } from './letter.ts'
import { type Bodies, bodiesOf, hasAttachment, leavesOf, numbered } from './parts.ts'
import { checkGet } from './standard-get.ts'

/** Properties that belong to the email, not to the message (RFC 8621 section 4.1.1). */
const META = ['id', 'blobId', 'threadId', 'mailboxIds', 'keywords', 'size', 'receivedAt'] as const
const HEAD = [
	'messageId',
	'inReplyTo',
	'references',
	'sender',
	'from',
	'to',
	'cc',
	'bcc',
	'replyTo',
	'subject',
	'sentAt',
] as const
const DEFAULT = [...HEAD, 'hasAttachment', 'preview', 'bodyValues', 'textBody', 'htmlBody', 'attachments']
const PROPERTIES = new Set<string>([...META, ...DEFAULT, 'headers', 'bodyStructure'])

const fetchShape = {
	properties: z.array(z.string()).nullable().default(null),
	bodyProperties: z.array(z.string()).nullable().default(null),
	fetchTextBodyValues: z.boolean().default(false),
	fetchHTMLBodyValues: z.boolean().default(false),
	fetchAllBodyValues: z.boolean().default(false),
	maxBodyValueBytes: unsigned.default(0),
}
const fetchDefaults = z.object(fetchShape).parse({})
const shape = z.strictObject({
	accountId: id,
	ids: z.array(idOrReference).nullable().default(null),
	...fetchShape,
})
export const parseShape = z.strictObject({ accountId: id, blobIds: z.array(idOrReference), ...fetchShape })

const MOST_PROPERTIES = 500
/** Others have a turn after so many milliseconds. */
const TURN = 10

/** What is wanted of each message. */
export type Wanted = {
	properties: string[]
	partProperties: string[]
	text: boolean
	html: boolean
	all: boolean
	most: number
	/** Does any property look into the header's octets? */
	header: boolean
}

/** @param byDefault properties when none are named @throws MethodRefused */
export function wantedOf(
	got: Omit<z.output<typeof shape>, 'ids' | 'accountId'>,
	byDefault: readonly string[],
): Wanted {
	const properties = got.properties ?? [...byDefault]
	check(properties, PROPERTIES, 'properties')
	const partProperties = got.bodyProperties ?? DEFAULT_PART_PROPERTIES
	check(partProperties, new Set(PART_PROPERTIES), 'bodyProperties')
	return {
		properties: [...new Set(properties)],
		partProperties,
		text: got.fetchTextBodyValues,
		html: got.fetchHTMLBodyValues,
		all: got.fetchAllBodyValues,
		most: got.maxBodyValueBytes,
		header: properties.some(property => property === 'headers' || property.startsWith('header:')),
	}
}

function isProperty(name: string, known: Set<string>): boolean {
	return known.has(name) || jmap.parseHeaderProperty(name) !== null
}

function check(properties: string[], known: Set<string>, argument: string): void {
	if (properties.length > MOST_PROPERTIES)
		throw new jmap.MethodRefused('invalidArguments', `at most ${MOST_PROPERTIES} properties`, {
			arguments: [argument],
		})
	const wrong = properties.find(property => !isProperty(property, known))
	if (wrong !== undefined)
		throw new jmap.MethodRefused('invalidArguments', `there is no property "${wrong}"`, {
			arguments: [argument],
		})
}

export function emailState({ house, account }: Pick<Call, 'house' | 'account'>): string {
	return String(house.reader.emails.states(account.id)?.email ?? 0)
}

/** RFC 8621 section 4.2. */
export async function getEmails(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(shape, args)
	checkAccount(call, got.accountId)
	const wanted = wantedOf(got, [...META, ...DEFAULT])
	const { ids } = checkGet(call, { ids: got.ids, properties: null }, null)
	const state = emailState(call)
	const list: Record<string, unknown>[] = []
	const notFound: string[] = []
	const mailboxIds = new Map(call.house.reader.mailboxes(call.account.id).map(box => [box.key, box.id]))
	let turn = performance.now()
	for (const one of ids ?? allIds(call)) {
		const row = emailOf(call, one)
		if (row) {
			const record = await emailRecord(call, one, row, mailboxIds, wanted)
			takeRoom(call, record)
			list.push(record)
		} else notFound.push(one)
		if (performance.now() - turn < TURN) continue
		await setImmediate()
		turn = performance.now()
	}
	return [['Email/get', { accountId: got.accountId, state, list, notFound }]]
}

function allIds({ house, account }: Call): string[] {
	const { emails } = house.reader
	const all = emails.since(account.id, 0)
	if (all.length > LIMITS.maxObjectsInGet)
		throw new jmap.MethodRefused('requestTooLarge', `there are more than ${LIMITS.maxObjectsInGet}: name ids`)
	return all.map(one => `M${one.key}`)
}

export function emailOf({ house, account }: Pick<Call, 'house' | 'account'>, one: string): EmailRow | null {
	return /^M[0-9a-f]{64}$/.test(one) ? house.reader.emails.byHash(account.id, one.slice(1)) : null
}

async function emailRecord(
	{ house }: Pick<Call, 'house'>,
	one: string,
	row: EmailRow,
	mailboxIds: Map<number, string>,
	wanted: Wanted,
): Promise<Record<string, unknown>> {
	const meta: Record<string, unknown> = {
		id: one,
		blobId: `B${one.slice(1)}`,
		threadId: threadId(row.thread),
		mailboxIds: Object.fromEntries(row.copies.map(({ mailbox }) => [mailboxIds.get(mailbox), true])),
		keywords: keywordsOf(row),
		size: row.size,
		receivedAt: jmap.formatUtcDate(row.received),
	}
	const rest = wanted.properties.filter(property => !(property in meta))
	const record: Record<string, unknown> = { id: one }
	for (const property of wanted.properties) if (property in meta) record[property] = meta[property]
	if (rest.length === 0) return record
	return Object.assign(
		record,
		await letterRecord(storedLetter(house.reader, row.blob), { ...wanted, properties: rest }),
	)
}

/** What Email/get says of these properties, where there are such. */
export async function emailProperties(
	call: Pick<Call, 'house'>,
	one: string,
	row: EmailRow,
	mailboxIds: Map<number, string>,
	names: string[],
): Promise<Record<string, unknown>> {
	const properties = names.filter(name => isProperty(name, PROPERTIES))
	const wanted = wantedOf({ ...fetchDefaults, properties }, [])
	return emailRecord(call, one, row, mailboxIds, wanted)
}

/** What a message says of itself. */
export async function letterRecord(letter: Letter, wanted: Wanted): Promise<Record<string, unknown>> {
	const record: Record<string, unknown> = {}
	const fields = wanted.header ? fieldsOf(await letter.octets(0, letter.structure.body)) : []
	let bodies: Bodies | null = null
	const bodiesNow = () => (bodies ??= bodiesOf(letter.structure))
	for (const property of wanted.properties) {
		switch (property) {
			case 'bodyStructure':
				record.bodyStructure = await partRecord(letter, numbered(letter.structure), wanted.partProperties)
				break
			case 'textBody':
			case 'htmlBody':
			case 'attachments': {
				const { text, html, attachments } = bodiesNow()
				const parts = property === 'textBody' ? text : property === 'htmlBody' ? html : attachments
				const records: unknown[] = []
				for (const part of parts) records.push(await partRecord(letter, part, wanted.partProperties))
				record[property] = records
				break
			}
			case 'bodyValues':
				record.bodyValues = await bodyValues(letter, bodiesNow(), wanted)
				break
			default:
				record[property] = simpleProperty(letter, property, fields)
		}
	}
	return record
}

function simpleProperty(letter: Letter, property: string, fields: Field[]): unknown {
	const { envelope } = letter
	switch (property) {
		case 'messageId':
			return envelope.messageId === null ? null : asMessageIds(envelope.messageId)
		case 'inReplyTo':
			return envelope.inReplyTo === null ? null : asMessageIds(envelope.inReplyTo)
		case 'references':
			return envelope.references.length === 0 ? null : envelope.references.map(one => one.slice(1, -1))
		case 'sender':
		case 'from':
		case 'to':
		case 'cc':
		case 'bcc':
		case 'replyTo':
			return envelope[property] && asAddresses(envelope[property])
		case 'subject':
			return envelope.subject === null ? null : asText(envelope.subject)
		case 'sentAt':
			return envelope.date === null ? null : asDate(envelope.date)
		case 'hasAttachment':
			return hasAttachment(letter.structure)
		case 'preview':
			return letter.preview
		case 'headers':
			return fields.map(({ name, raw }) => ({ name, value: raw }))
		default: {
			const header = jmap.parseHeaderProperty(property)
			return header ? headerValue(fields, header) : null
		}
	}
}

async function bodyValues(letter: Letter, { text, html }: Bodies, wanted: Wanted) {
	const parts = new Map<string, (typeof text)[number]>()
	const take = (list: typeof text) => {
		for (const one of list) if (one.part.type === 'text') parts.set(one.number, one)
	}
	if (wanted.text || wanted.all) take(text)
	if (wanted.html || wanted.all) take(html)
	if (wanted.all) take(leavesOf(numbered(letter.structure)))
	const values: Record<string, unknown> = {}
	for (const [number, { part }] of parts) values[number] = await bodyValue(letter, part, wanted.most)
	return values
}
