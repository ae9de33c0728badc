import { z } from 'zod'
import { headerFields, parseDate } from '../../message/index.ts'
import type { KnownBody, StagedBody } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { id, object, read } from './arguments.ts'
import { type Blob, findBlob, letterIn } from './blobs.ts'
import { type Call, checkAccount, idOf, LIMITS, type Responses, takeRoom } from './call.ts'
import { emailOf, emailState, letterRecord, parseShape, wantedOf } from './email-get.ts'
import { fileBody, placeOf } from './email-set.ts'
import { inOrder } from './objects.ts'
import { resolved } from './standard-get.ts'
import { oneByOne } from './standard-set.ts'

const importShape = z.strictObject({
	accountId: id,
	ifInState: z.string().nullable().default(null),
	emails: z.record(id, object),
})
const SETTABLE = ['blobId', 'mailboxIds', 'keywords', 'receivedAt']

/** RFC 8621 section 4.8. */
export async function importEmails(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(importShape, args)
	checkAccount(call, got.accountId)
	const entries = Object.entries(got.emails)
	if (entries.length > LIMITS.maxObjectsInSet)
		throw new jmap.MethodRefused('requestTooLarge', `at most ${LIMITS.maxObjectsInSet} emails at a time`)
	return [['Email/import', await inOrder(call, () => importAll(call, got.accountId, got.ifInState, entries))]]
}

/** @throws MethodRefused stateMismatch */
async function importAll(
	call: Call,
	accountId: string,
	ifInState: string | null,
	entries: [creationId: string, email: Record<string, unknown>][],
): Promise<Record<string, unknown>> {
	const oldState = emailState(call)
	if (ifInState !== null && ifInState !== oldState) throw new jmap.MethodRefused('stateMismatch')
	const done = await oneByOne(
		entries,
		([creationId]) => creationId,
		async ([creationId, email]) => {
			const made = await importOne(call, email)
			call.createdIds.set(creationId, made.id)
			return made
		},
	)
	const created: Record<string, unknown> = {}
	const notCreated: Record<string, unknown> = {}
	for (const [creationId, one] of done) {
		if (one instanceof jmap.RecordRefused) notCreated[creationId] = one.error
		else created[creationId] = one
	}
	return {
		accountId,
		oldState,
		newState: emailState(call),
		created: Object.keys(created).length > 0 ? created : null,
		notCreated: Object.keys(notCreated).length > 0 ? notCreated : null,
	}
}

async function importOne(call: Call, email: Record<string, unknown>) {
	const wrong = [
		...['blobId', 'mailboxIds'].filter(name => !(name in email)),
		...Object.keys(email).filter(name => !SETTABLE.includes(name)),
	]
	if (wrong.length > 0) throw jmap.invalidProperties(wrong, 'these are missing, or not known')
	const { blobId, ...place } = email
	const where = placeOf(call, place)
	const found = typeof blobId === 'string' ? idOf(call, blobId) : null
	const blob = found === null ? null : await findBlob(call, found)
	if (!blob) throw jmap.invalidProperties(['blobId'], 'there is no such blob')
	if (blob.size > call.house.limits.maxMessageSize) throw new jmap.RecordRefused({ type: 'tooLarge' })
	const fields = headerFields(await blob.octets(0, Math.min(blob.size, 64 * 1024)))
	if (fields.length === 0)
		throw new jmap.RecordRefused({ type: 'invalidEmail', description: 'this is no message' })
	const body = await bodyOf(call, blob)
	const existingId = `M${'known' in body ? body.known : body.hash}`
	if (emailOf(call, existingId)) throw new jmap.RecordRefused({ type: 'alreadyExists', existingId })
	const received = email.receivedAt == null ? receivedBy(fields) : null
	return fileBody(call, body, { ...where, received: received ?? where.received })
}

/** When the server that had it last took it over. */
function receivedBy(fields: ReturnType<typeof headerFields>): number | null {
	const trace = fields.find(({ name }) => name.toLowerCase() === 'received')?.value
	return trace === undefined ? null : parseDate(trace.slice(trace.lastIndexOf(';') + 1))
}

async function bodyOf(call: Call, blob: Blob): Promise<KnownBody | StagedBody> {
	if (blob.hash !== null) return { known: blob.hash }
	const stage = call.house.stage()
	for await (const piece of blob.pieces(0, blob.size)) await stage.write(piece)
	return stage.end()
}

const PARSED = [
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
	'hasAttachment',
	'preview',
	'bodyValues',
	'textBody',
	'htmlBody',
	'attachments',
]

/** RFC 8621 section 4.9. */
export async function parseEmails(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(parseShape, args)
	checkAccount(call, got.accountId)
	if (got.blobIds.length > LIMITS.maxObjectsInGet) throw new jmap.MethodRefused('requestTooLarge')
	const wanted = wantedOf(got, PARSED)
	const parsed: Record<string, unknown> = {}
	const notParsable: string[] = []
	const notFound: string[] = []
	for (const blobId of resolved(call, got.blobIds)) {
		const letter = await letterIn(call, blobId)
		if (!letter) notFound.push(blobId)
		else if (headerFields(await letter.octets(0, letter.structure.body)).length === 0)
			notParsable.push(blobId)
		else {
			const record = await letterRecord(letter, wanted)
			// It lies nowhere, so that is all it has of these.
			for (const [property, value] of Object.entries({ blobId, size: letter.size }))
				if (property in record) record[property] = value
			takeRoom(call, record)
			parsed[blobId] = record
		}
	}
	const orNull = (list: string[]) => (list.length > 0 ? list : null)
	return [
		[
			'Email/parse',
			{
				accountId: got.accountId,
				parsed: Object.keys(parsed).length > 0 ? parsed : null,
				notParsable: orNull(notParsable),
				notFound: orNull(notFound),
			},
		],
	]
}

const copyShape = z.strictObject({
	fromAccountId: id,
	ifFromInState: z.string().nullable().default(null),
	accountId: id,
	ifInState: z.string().nullable().default(null),
	create: z.record(id, object),
	onSuccessDestroyOriginal: z.boolean().default(false),
	destroyFromIfInState: z.string().nullable().default(null),
})

/** RFC 8621 section 4.7: between accounts, and everybody has one. */
export function copyEmails(call: Call, args: Record<string, unknown>): Responses {
	const got = read(copyShape, args)
	checkAccount(call, got.accountId)
	if (got.fromAccountId === got.accountId)
		throw new jmap.MethodRefused('invalidArguments', 'within an account mailboxIds are changed instead', {
			arguments: ['fromAccountId'],
		})
	throw new jmap.MethodRefused('fromAccountNotFound')
}
