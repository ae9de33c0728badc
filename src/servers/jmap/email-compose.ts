import { type Draft, encodeHeader, formatAddress, formatDate, parameterField } from '../../message/index.ts'
import { jmap } from '../../wire/index.ts'
import { type Blob, findBlob } from './blobs.ts'
import type { Call } from './call.ts'

/* The message an Email object describes (RFC 8621 section 4.6). */

type Json = Record<string, unknown>

/** Properties that are header fields under another name. */
const FIELDS: Record<string, string> = {
	sentAt: 'Date:asDate',
	from: 'From:asAddresses',
	sender: 'Sender:asAddresses',
	replyTo: 'Reply-To:asAddresses',
	to: 'To:asAddresses',
	cc: 'Cc:asAddresses',
	bcc: 'Bcc:asAddresses',
	subject: 'Subject:asText',
	messageId: 'Message-ID:asMessageIds',
	inReplyTo: 'In-Reply-To:asMessageIds',
	references: 'References:asMessageIds',
}
const ORDER = [
	'date',
	'from',
	'sender',
	'reply-to',
	'to',
	'cc',
	'bcc',
	'subject',
	'message-id',
	'in-reply-to',
	'references',
]
const BODY = ['bodyStructure', 'textBody', 'htmlBody', 'attachments', 'bodyValues']
export const COMPOSED = [...Object.keys(FIELDS), ...BODY]

function wrong(properties: string | string[], why: string): jmap.RecordRefused {
	return jmap.invalidProperties([properties].flat(), why)
}

/** @param created what the message gets where the client says nothing @throws RecordRefused */
export async function draftOf(
	call: Call,
	email: Json,
	created: { now: number; messageId: string },
): Promise<Draft> {
	const fields = readFields(email, property => property in FIELDS || property.startsWith('header:'))
	for (const [name] of fields)
		if (name.startsWith('content-'))
			throw wrong(propertyOf(email, name), 'that belongs to a part of the body')
	const body = new Body(call, email, new Set(fields.keys()))
	const draft = await body.draft()
	const below = (name: string) => body.named.has(name)
	if (!fields.has('date') && !below('date')) fields.set('date', `Date: ${formatDate(created.now)}\r\n`)
	if (!fields.has('message-id') && !below('message-id'))
		fields.set('message-id', `Message-ID: ${created.messageId}\r\n`)
	if (!fields.has('mime-version') && !below('mime-version'))
		fields.set('mime-version', 'MIME-Version: 1.0\r\n')
	return { ...draft, header: inOrder(fields) + draft.header }
}

function inOrder(fields: Map<string, string>): string {
	const known = ORDER.map(name => fields.get(name) ?? '')
	const others = [...fields].filter(([name]) => !ORDER.includes(name)).map(([, field]) => field)
	return [...known, ...others].join('')
}

function propertyOf(object: Json, name: string): string {
	return Object.keys(object).find(property => property.toLowerCase().startsWith(`header:${name}`)) ?? name
}

/** Header fields by their names in lower case, written out. @throws RecordRefused */
function readFields(object: Json, take: (property: string) => boolean): Map<string, string> {
	const fields = new Map<string, string>()
	for (const property of Object.keys(object).filter(take)) {
		const header = jmap.parseHeaderProperty(property in FIELDS ? `header:${FIELDS[property]}` : property)
		if (!header) throw wrong(property, 'there is no such property, or not in that form')
		const key = header.name.toLowerCase()
		if (fields.has(key)) throw wrong(property, 'this field is set twice')
		const value = object[property]
		if (value === null) continue
		const values = header.all ? value : [value]
		if (!Array.isArray(values)) throw wrong(property, 'this is a list')
		const written = values.map(one => {
			const field = writeField(header, one)
			if (field === null) throw wrong(property, 'this value does not fit the form')
			return field
		})
		fields.set(key, written.join(''))
	}
	return fields
}

/** Null: the value is not of that form. */
function writeField({ name, form }: jmap.HeaderProperty, value: unknown): string | null {
	const text = () => (typeof value === 'string' ? value : null)
	switch (form) {
		case 'asRaw':
			// A line end is a fold, or something else would begin there.
			return text() !== null && !/\r?\n(?![ \t])|\r(?!\n)|\0/.test(text()!) ? `${name}:${text()}\r\n` : null
		case 'asText':
			return text() === null ? null : encodeHeader(name, text()!)
		case 'asAddresses': {
			const list = addresses(value)
			return list && `${name}: ${list.join(',\r\n ')}\r\n`
		}
		case 'asGroupedAddresses':
			return groups(name, value)
		case 'asMessageIds': {
			const ids = strings(value)
			if (!ids || ids.length === 0 || ids.some(one => /[<>\s\x00-\x1f]/.test(one) || one === '')) return null
			return `${name}: ${ids.map(one => `<${one}>`).join('\r\n ')}\r\n`
		}
		case 'asDate': {
			const ms = jmap.parseDateTime(value)
			if (ms === null) return null
			const zone = /([+-])(\d\d):(\d\d)$/.exec(value as string)
			const offset = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0
			return `${name}: ${formatDate(ms, offset)}\r\n`
		}
		case 'asURLs': {
			const urls = strings(value)
			if (!urls || urls.length === 0 || urls.some(one => /[<>\s\x00-\x1f]/.test(one))) return null
			return `${name}: ${urls.map(one => `<${one}>`).join(',\r\n ')}\r\n`
		}
	}
}

function strings(value: unknown): string[] | null {
	return Array.isArray(value) && value.every(one => typeof one === 'string') ? value : null
}

function addresses(value: unknown): string[] | null {
	if (!Array.isArray(value)) return null
	const list = value.map(one => {
		if (!jmap.isObject(one)) return null
		const { name = null, email, ...rest } = one
		if (Object.keys(rest).length > 0 || typeof email !== 'string' || /[\x00-\x1f\x7f<>]/.test(email))
			return null
		if (name !== null && typeof name !== 'string') return null
		const at = email.lastIndexOf('@')
		const mailbox = at < 0 ? email : email.slice(0, at)
		return formatAddress({ name, mailbox: unquoted(mailbox), host: at < 0 ? '' : email.slice(at + 1) })
	})
	return list.every(one => one !== null) ? (list as string[]) : null
}

function unquoted(local: string): string {
	return /^".*"$/s.test(local) ? local.slice(1, -1).replace(/\\(.)/gs, '$1') : local
}

function groups(field: string, value: unknown): string | null {
	if (!Array.isArray(value)) return null
	const written: string[] = []
	for (const group of value) {
		if (!jmap.isObject(group)) return null
		const { name = null, addresses: members } = group
		const list = addresses(members)
		if (!list || (name !== null && typeof name !== 'string')) return null
		if (name === null) written.push(...list)
		// A group's name is written as that of an address.
		else
			written.push(
				`${formatAddress({ name, mailbox: 'x', host: '' }).replace(/ <x>$/, '')}: ${list.join(', ')};`,
			)
	}
	return `${field}: ${written.join(',\r\n ')}\r\n`
}

const PART_KEYS = new Set([
	'partId',
	'blobId',
	'size',
	'name',
	'type',
	'charset',
	'disposition',
	'cid',
	'language',
	'location',
	'subParts',
])

/** The body of an Email object. */
class Body {
	readonly #call: Call
	readonly #email: Json
	readonly #values: Json
	readonly #above: Set<string>
	#missing: string[] = []
	/** What each part was described by. */
	readonly #said = new Map<Draft, { value: Json; path: string }>()
	/** Fields of the message that the part it consists of names, in lower case. */
	readonly named = new Set<string>()

	/** @param above fields that the Email object names itself */
	constructor(call: Call, email: Json, above: Set<string>) {
		this.#call = call
		this.#above = above
		this.#email = email
		const { bodyValues = {} } = email
		if (!jmap.isObject(bodyValues)) throw wrong('bodyValues', 'this is an object')
		for (const [partId, value] of Object.entries(bodyValues)) {
			if (!jmap.isObject(value) || typeof value.value !== 'string')
				throw wrong(`bodyValues/${partId}`, 'a body value has its whole text as "value"')
			const bad = ['isEncodingProblem', 'isTruncated'].filter(name => (value[name] ?? false) !== false)
			if (bad.length > 0)
				throw wrong(
					bad.map(name => `bodyValues/${partId}/${name}`),
					'a body value has its whole text',
				)
		}
		this.#values = bodyValues
	}

	async draft(): Promise<Draft> {
		const draft = await this.#draft()
		if (this.#missing.length > 0)
			throw new jmap.RecordRefused({ type: 'blobNotFound', notFound: this.#missing })
		const said = this.#said.get(draft)
		if (said) this.#nameFields(said.value, said.path)
		return draft
	}

	/** The only part there is: its header is the message's. */
	#nameFields(value: Json, path: string): void {
		for (const name of readFields(value, property => property.startsWith('header:')).keys()) {
			if (name.startsWith('content-')) continue
			if (this.#above.has(name)) throw wrong(`${path}/${propertyOf(value, name)}`, 'this field is set twice')
			this.named.add(name)
		}
	}

	async #draft(): Promise<Draft> {
		const { bodyStructure, textBody, htmlBody, attachments } = this.#email
		const given = ['textBody', 'htmlBody', 'attachments'].filter(name => this.#email[name] != null)
		if (bodyStructure != null) {
			if (given.length > 0) throw wrong(given, 'bodyStructure says it all')
			return this.#part(bodyStructure, 'bodyStructure')
		}
		const text = await this.#only(textBody, 'textBody', 'text/plain')
		let html = await this.#only(htmlBody, 'htmlBody', 'text/html')
		if (attachments != null && !Array.isArray(attachments)) throw wrong('attachments', 'this is a list')
		const related: Draft[] = []
		const attached: Draft[] = []
		for (const [index, one] of ((attachments ?? []) as unknown[]).entries()) {
			const draft = await this.#part(one, `attachments/${index}`)
			const { cid, disposition } = one as Json
			if (html && cid != null && disposition === 'inline') related.push(draft)
			else attached.push(draft)
		}
		if (html && related.length > 0) html = multipart('related', [html, ...related])
		const main = text && html ? multipart('alternative', [text, html]) : (text ?? html)
		if (attached.length > 0) return multipart('mixed', main ? [main, ...attached] : attached)
		return main ?? { header: '', type: 'text/plain', params: {}, text: '' }
	}

	async #only(list: unknown, name: string, type: string): Promise<Draft | null> {
		if (list == null) return null
		if (!Array.isArray(list) || list.length !== 1) throw wrong(name, 'this has exactly one part')
		const draft = await this.#part({ type, ...(list[0] as Json) }, `${name}/0`)
		if (draft.type !== type) throw wrong(name, `its part is ${type}`)
		return draft
	}

	async #part(value: unknown, path: string): Promise<Draft> {
		if (!jmap.isObject(value)) throw wrong(path, 'a part is an object')
		const draft = await this.#described(value, path)
		this.#said.set(draft, { value, path })
		return draft
	}

	async #described(value: Json, path: string): Promise<Draft> {
		for (const key of Object.keys(value)) {
			if (!PART_KEYS.has(key) && !key.startsWith('header:'))
				throw wrong(`${path}/${key}`, 'parts have no such property')
		}
		const { partId = null, blobId = null, subParts = null } = value
		const header = this.#header(value, path)
		if (
			subParts !== null ||
			(typeof value.type === 'string' && value.type.toLowerCase().startsWith('multipart/'))
		) {
			const type = this.#type(value, path, 'multipart/mixed')
			if (!Array.isArray(subParts) || subParts.length === 0)
				throw wrong(`${path}/subParts`, 'a multipart has parts')
			if (!type.startsWith('multipart/')) throw wrong(`${path}/type`, 'only a multipart has parts')
			if (partId !== null || blobId !== null)
				throw wrong(`${path}/partId`, 'a multipart has no octets of its own')
			const parts: Draft[] = []
			for (const [index, one] of subParts.entries())
				parts.push(await this.#part(one, `${path}/subParts/${index}`))
			return { header, type, params: {}, parts }
		}
		const name = this.#string(value, 'name', path)
		const params: Record<string, string> = name === null ? {} : { name }
		if (partId !== null) {
			if (blobId !== null)
				throw wrong([`${path}/partId`, `${path}/blobId`], 'a part has either partId or blobId')
			for (const key of ['charset', 'size'])
				if (value[key] != null) throw wrong(`${path}/${key}`, 'a part with partId does not say that')
			const type = this.#type(value, path, 'text/plain')
			const text = typeof partId === 'string' ? (this.#values[partId] as Json | undefined) : undefined
			if (!text) throw wrong(`${path}/partId`, 'bodyValues has no such part')
			if (!type.startsWith('text/')) throw wrong(`${path}/type`, 'a part with partId is text')
			return { header, type, params, text: text.value as string }
		}
		if (typeof blobId !== 'string') throw wrong(`${path}/blobId`, 'a part has partId or blobId')
		const id = blobId.startsWith('#') ? (this.#call.createdIds.get(blobId.slice(1)) ?? blobId) : blobId
		const blob = await findBlob(this.#call, id)
		if (!blob) {
			this.#missing.push(blobId)
			return { header, type: 'text/plain', params, text: '' }
		}
		const charset = this.#string(value, 'charset', path)
		if (charset !== null) params.charset = charset
		return {
			header,
			type: this.#type(value, path, blob.type ?? 'application/octet-stream'),
			params,
			octets: () => octetsOf(blob),
		}
	}

	#type(value: Json, path: string, otherwise: string): string {
		const type = (this.#string(value, 'type', path) ?? otherwise).toLowerCase()
		if (!/^[!#$&^_.+a-z0-9-]{1,127}\/[!#$&^_.+a-z0-9-]{1,127}$/.test(type))
			throw wrong(`${path}/type`, 'this is no media type')
		return type
	}

	#string(value: Json, key: string, path: string): string | null {
		const text = value[key] ?? null
		if (text !== null && (typeof text !== 'string' || /[\r\n\0]/.test(text)))
			throw wrong(`${path}/${key}`, 'this is a string')
		return text
	}

	#header(value: Json, path: string): string {
		const fields = readFields(value, property => property.startsWith('header:'))
		for (const name of fields.keys()) {
			if (name === 'content-transfer-encoding' || name === 'content-type')
				throw wrong(`${path}/${propertyOf(value, name)}`, 'the server sees to that')
		}
		const name = this.#string(value, 'name', path)
		const disposition =
			this.#string(value, 'disposition', path) ?? (path.startsWith('attachments') ? 'attachment' : null)
		if (disposition !== null) {
			if (!/^[A-Za-z0-9-]{1,50}$/.test(disposition))
				throw wrong(`${path}/disposition`, 'this is no disposition')
			fields.set(
				'content-disposition',
				parameterField('Content-Disposition', disposition, name === null ? {} : { filename: name }),
			)
		}
		const cid = this.#string(value, 'cid', path)
		if (cid !== null) {
			if (/[<>\s]/.test(cid) || cid === '') throw wrong(`${path}/cid`, 'this is no content id')
			fields.set('content-id', `Content-ID: <${cid}>\r\n`)
		}
		const language = value.language ?? null
		if (language !== null) {
			const tags = strings(language)
			if (!tags?.every(tag => /^[A-Za-z0-9-]{1,50}$/.test(tag)))
				throw wrong(`${path}/language`, 'this is a list of language tags')
			if (tags.length > 0) fields.set('content-language', `Content-Language: ${tags.join(', ')}\r\n`)
		}
		const location = this.#string(value, 'location', path)
		if (location !== null) fields.set('content-location', encodeHeader('Content-Location', location))
		return [...fields.values()].join('')
	}
}

function octetsOf(blob: Blob): AsyncIterable<Buffer> {
	return blob.pieces(0, blob.size)
}

function multipart(subtype: string, parts: Draft[]): Draft {
	return { header: '', type: `multipart/${subtype}`, params: {}, parts }
}
