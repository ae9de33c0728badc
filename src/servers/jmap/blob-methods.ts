import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { threadId } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { id, idOrReference, object, read, unsigned } from './arguments.ts'
import { findBlob } from './blobs.ts'
import { type Call, checkAccount, idOf, LIMITS, type Responses, takeRoom } from './call.ts'
import { mailboxesOf } from './mailbox-get.ts'
import { resolved } from './standard-get.ts'
import { oneByOne } from './standard-set.ts'

/* RFC 9404, and Blob/copy of RFC 8620 section 6.3. */

const copyShape = z.strictObject({ fromAccountId: id, accountId: id, blobIds: z.array(id) })

/** Between accounts, and everybody has one. */
export function copyBlobs(call: Call, args: Record<string, unknown>): Responses {
	const got = read(copyShape, args)
	checkAccount(call, got.accountId)
	if (got.fromAccountId === got.accountId)
		throw new jmap.MethodRefused('invalidArguments', 'that is the same account', {
			arguments: ['fromAccountId'],
		})
	throw new jmap.MethodRefused('fromAccountNotFound')
}

function orNull<T extends object>(value: T): T | null {
	return Object.keys(value).length > 0 ? value : null
}

const MOST_SOURCES = 64
const source = z.union([
	z.strictObject({ 'data:asText': z.string() }),
	z.strictObject({ 'data:asBase64': z.string() }),
	z.strictObject({
		blobId: idOrReference,
		offset: unsigned.nullable().default(null),
		length: unsigned.nullable().default(null),
	}),
])
const uploadShape = z.strictObject({ accountId: id, create: z.record(id, object) })
const oneShape = z.strictObject({
	data: z.array(source).max(MOST_SOURCES),
	type: z.string().nullable().default(null),
})

/** RFC 9404 section 4.1. */
export async function uploadBlobs(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(uploadShape, args)
	checkAccount(call, got.accountId)
	const entries = Object.entries(got.create)
	if (entries.length > LIMITS.maxObjectsInSet) throw new jmap.MethodRefused('requestTooLarge')
	const done = await oneByOne(
		entries,
		([creationId]) => creationId,
		async ([creationId, object]) => {
			const made = await uploadOne(call, object)
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
	return [
		['Blob/upload', { accountId: got.accountId, created: orNull(created), notCreated: orNull(notCreated) }],
	]
}

async function uploadOne(call: Call, object: Record<string, unknown>) {
	const parsed = oneShape.safeParse(object)
	if (!parsed.success) throw jmap.invalidProperties(['data'], 'data is a list of sources')
	const pieces: Buffer[] = []
	let size = 0
	for (const one of parsed.data.data) {
		const piece = await octetsOf(call, one)
		size += piece.length
		if (size > LIMITS.maxSizeUpload) throw new jmap.RecordRefused({ type: 'tooLarge' })
		pieces.push(piece)
	}
	const stage = call.house.stage()
	await stage.write(Buffer.concat(pieces))
	const body = await stage.end()
	await call.house.write([{ do: 'upload.add', account: call.account.id, body }])
	return { id: `B${body.hash}`, type: parsed.data.type ?? 'application/octet-stream', size }
}

async function octetsOf(call: Call, one: z.output<typeof source>): Promise<Buffer> {
	if ('data:asText' in one) return Buffer.from(one['data:asText'])
	if ('data:asBase64' in one) {
		const text = one['data:asBase64']
		if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0)
			throw jmap.invalidProperties(['data'], 'this is not base64')
		return Buffer.from(text, 'base64')
	}
	const blobId = idOf(call, one.blobId)
	const blob = blobId === null ? null : await findBlob(call, blobId)
	if (!blob) throw new jmap.RecordRefused({ type: 'blobNotFound', notFound: [one.blobId] })
	const start = one.offset ?? 0
	const end = one.length === null ? blob.size : start + one.length
	if (start > blob.size || end > blob.size)
		throw jmap.invalidProperties(['data'], 'the blob is not that long')
	return blob.octets(start, end)
}

const DIGESTS: Record<string, string> = {
	'digest:sha': 'sha1',
	'digest:sha-256': 'sha256',
	'digest:sha-512': 'sha512',
}
const PROPERTIES = ['data', 'data:asText', 'data:asBase64', 'size', ...Object.keys(DIGESTS)]
const getShape = z.strictObject({
	accountId: id,
	ids: z.array(idOrReference),
	properties: z.array(z.string()).nullable().default(null),
	offset: unsigned.nullable().default(null),
	length: unsigned.nullable().default(null),
})

/** RFC 9404 section 4.2. */
export async function getBlobs(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(getShape, args)
	checkAccount(call, got.accountId)
	if (got.ids.length > LIMITS.maxObjectsInGet) throw new jmap.MethodRefused('requestTooLarge')
	const properties = got.properties ?? ['data', 'size']
	const unknown = properties.find(property => property !== 'id' && !PROPERTIES.includes(property))
	if (unknown !== undefined)
		throw new jmap.MethodRefused('invalidArguments', `there is no property "${unknown}"`, {
			arguments: ['properties'],
		})
	const list: unknown[] = []
	const notFound: string[] = []
	for (const blobId of resolved(call, got.ids)) {
		const blob = await findBlob(call, blobId)
		if (!blob) {
			notFound.push(blobId)
			continue
		}
		const start = Math.min(got.offset ?? 0, blob.size)
		const wanted = got.length === null ? blob.size : (got.offset ?? 0) + got.length
		const octets = await blob.octets(start, Math.min(wanted, blob.size))
		const record: Record<string, unknown> = { id: blobId }
		if ((got.offset ?? 0) > blob.size || wanted > blob.size) record.isTruncated = true
		for (const property of properties) Object.assign(record, propertyOf(property, octets, blob.size))
		takeRoom(call, record)
		list.push(record)
	}
	return [['Blob/get', { accountId: got.accountId, list, notFound }]]
}

function propertyOf(property: string, octets: Buffer, size: number): Record<string, unknown> {
	const digest = DIGESTS[property]
	if (digest) return { [property]: createHash(digest).update(octets).digest('base64') }
	const isText = isUtf8(octets)
	switch (property) {
		case 'size':
			return { size }
		case 'data:asText':
			return isText ? { 'data:asText': octets.toString() } : { 'data:asText': null, isEncodingProblem: true }
		case 'data:asBase64':
			return { 'data:asBase64': octets.toString('base64') }
		case 'data':
			return isText
				? { 'data:asText': octets.toString() }
				: { 'data:asBase64': octets.toString('base64'), isEncodingProblem: true }
		default:
			return {}
	}
}

const lookupShape = z.strictObject({
	accountId: id,
	typeNames: z.array(z.string()),
	ids: z.array(idOrReference),
})
const TYPES = ['Mailbox', 'Thread', 'Email']

/** RFC 9404 section 4.3: which records lead to a blob. */
export async function lookupBlobs(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(lookupShape, args)
	checkAccount(call, got.accountId)
	if (got.ids.length > LIMITS.maxObjectsInGet) throw new jmap.MethodRefused('requestTooLarge')
	if (got.typeNames.some(name => !TYPES.includes(name))) throw new jmap.MethodRefused('unknownDataType')
	const idOfKey = new Map(mailboxesOf(call).map(box => [box.row.key, box.id]))
	const list: unknown[] = []
	const notFound: string[] = []
	for (const blobId of resolved(call, got.ids)) {
		if (!(await findBlob(call, blobId))) {
			notFound.push(blobId)
			continue
		}
		const hash = blobId.slice(1, 65)
		const row = call.house.reader.emails.byHash(call.account.id, hash)
		const matched: Record<string, string[]> = {
			Mailbox: row ? [...new Set(row.copies.map(copy => idOfKey.get(copy.mailbox)!))] : [],
			Thread: row ? [threadId(row.thread)] : [],
			Email: row ? [`M${hash}`] : [],
		}
		list.push({
			id: blobId,
			matchedIds: Object.fromEntries(got.typeNames.map(name => [name, matched[name]])),
		})
	}
	return [['Blob/lookup', { accountId: got.accountId, list, notFound }]]
}
