import { decodeText, type Part } from '../../message/index.ts'
import { jmap } from '../../wire/index.ts'
import { fieldsOf, headerValue } from './header-values.ts'
import { type Letter, partOctets, partSize } from './letter.ts'
import type { Numbered } from './parts.ts'

export const PART_PROPERTIES = [
	'partId',
	'blobId',
	'size',
	'headers',
	'name',
	'type',
	'charset',
	'disposition',
	'cid',
	'language',
	'location',
	'subParts',
] as const

export const DEFAULT_PART_PROPERTIES: string[] = [
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
]

/** A part as RFC 8621 section 4.1.4 has it. */
export async function partRecord(
	letter: Letter,
	one: Numbered,
	properties: string[],
): Promise<Record<string, unknown>> {
	const { subParts } = one
	const record: Record<string, unknown> = {}
	for (const property of properties) record[property] = await partProperty(letter, one, property)
	// subParts go with whatever is asked of the structure.
	if (subParts) {
		const below: unknown[] = []
		for (const sub of subParts) below.push(await partRecord(letter, sub, properties))
		record.subParts = below
	} else if ('subParts' in record) record.subParts = null
	return record
}

async function partProperty(
	letter: Letter,
	{ part, number, name, subParts }: Numbered,
	property: string,
): Promise<unknown> {
	switch (property) {
		case 'partId':
			return subParts ? null : number
		case 'blobId':
			return subParts ? null : partBlobId(letter, number)
		case 'size':
			return partSize(letter, part)
		case 'headers':
			return fieldsOf(await letter.octets(part.start, part.body)).map(field => ({
				name: field.name,
				value: field.raw,
			}))
		case 'name':
			return name
		case 'type':
			return `${part.type}/${part.subtype}`
		case 'charset':
			return part.params.charset ?? (part.type === 'text' ? 'us-ascii' : null)
		case 'disposition':
			return part.disposition
		case 'cid':
			return part.id?.replace(/^<(.*)>$/, '$1') ?? null
		case 'language':
			return part.language
		case 'location':
			return part.location
		case 'subParts':
			return null
		default: {
			const header = jmap.parseHeaderProperty(property)!
			return headerValue(fieldsOf(await letter.octets(part.start, part.body)), header)
		}
	}
}

/** The id under which a part can be downloaded. */
function partBlobId({ blobId }: Letter, number: string): string {
	return `${blobId}-${number.replaceAll('.', '_')}`
}

export type BodyValue = { value: string; isEncodingProblem: boolean; isTruncated: boolean }

/** The text of a part. @param most octets of UTF-8, 0 = all */
export async function bodyValue(letter: Letter, part: Part, most: number): Promise<BodyValue> {
	const octets = await partOctets(letter, part)
	const charset = part.params.charset ?? ''
	const text = decodeText(octets, charset).replaceAll('\r\n', '\n').toWellFormed()
	const isEncodingProblem = !KNOWN_ENCODINGS.has(part.encoding) || hasProblem(text, octets, charset)
	const value = most > 0 ? shorten(text, most, part.subtype === 'html') : text
	return { value, isEncodingProblem, isTruncated: value.length < text.length }
}

const KNOWN_ENCODINGS = new Set(['7bit', '8bit', 'binary', 'base64', 'quoted-printable'])

function hasProblem(text: string, octets: Buffer, charset: string): boolean {
	if (charset !== '' && !isKnownCharset(charset)) return true
	// U+FFFD that was not written by the author.
	return text.includes('\ufffd') && !octets.includes(Buffer.from('\ufffd'))
}

function isKnownCharset(charset: string): boolean {
	try {
		new TextDecoder(charset)
		return true
	} catch {
		return /^(?:utf-?7|gb_?2312(?:-80)?|x-gbk|cp\d+|ms\d+|windows-\d+|iso-?8859-?\d+|ansi_x3\.4-1968|hz-gb-2312)$/i.test(
			charset,
		)
	}
}

/** Whole characters, and no half tag at the end of HTML. */
function shorten(text: string, most: number, html: boolean): string {
	if (Buffer.byteLength(text) <= most) return text
	const octets = Buffer.from(text)
	let end = most
	while (end > 0 && (octets[end]! & 0xc0) === 0x80) end--
	const cut = octets.toString('utf8', 0, end)
	const tag = html ? cut.lastIndexOf('<') : -1
	return tag >= 0 && cut.indexOf('>', tag) < 0 ? cut.slice(0, tag) : cut
}
