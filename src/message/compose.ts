import { randomBytes } from 'node:crypto'

/** A message or a part of one, to be written. */
export type Draft = {
	/** Whole fields with their CRLF, those of Content-Type and Content-Transfer-Encoding aside. */
	header: string
	/** Lower case: `text/plain`. */
	type: string
	params: Record<string, string>
} & (
	| { parts: Draft[] }
	/** Lines end as they may; they are ended by CRLF in the message. */
	| { text: string }
	/** Anything else, in pieces of any size. */
	| { octets(): AsyncIterable<Buffer> }
)

const LINE = 76
/** Octets that make one line of base64. */
const GROUP = 57

/** The octets of a message. Ends in CRLF; nothing of what is attached is in memory as a whole. */
export async function* compose(draft: Draft): AsyncGenerator<Buffer> {
	if ('parts' in draft) {
		const boundary = `=_${randomBytes(18).toString('base64url')}`
		yield Buffer.from(`${draft.header}${contentType(draft.type, { ...draft.params, boundary })}\r\n`)
		for (const part of draft.parts) {
			yield Buffer.from(`--${boundary}\r\n`)
			yield* compose(part)
			yield Buffer.from('\r\n')
		}
		yield Buffer.from(`--${boundary}--\r\n`)
		return
	}
	if ('text' in draft) {
		const text = draft.text.replace(/\r\n?|\n/g, '\r\n')
		const { encoding, octets } = encodeText(text)
		yield Buffer.from(leafHeader(draft, { ...draft.params, charset: 'utf-8' }, encoding))
		yield octets
		return
	}
	// RFC 2046 section 5.2.1: a message within a message is not encoded.
	const plain = draft.type.startsWith('message/')
	yield Buffer.from(leafHeader(draft, draft.params, plain ? '8bit' : 'base64'))
	if (plain) yield* draft.octets()
	else yield* inBase64(draft.octets())
}

function leafHeader({ header, type }: Draft, params: Record<string, string>, encoding: string): string {
	return `${header}${contentType(type, params)}Content-Transfer-Encoding: ${encoding}\r\n\r\n`
}

function contentType(type: string, params: Record<string, string>): string {
	return parameterField('Content-Type', type, params)
}

/** A field with parameters (RFC 2045, RFC 2231), one on each line. */
export function parameterField(name: string, value: string, params: Record<string, string>): string {
	const all = Object.entries(params).map(([key, text]) => `;\r\n\t${formatParameter(key, text)}`)
	return `${name}: ${value}${all.join('')}\r\n`
}

function formatParameter(key: string, text: string): string {
	const clean = text.toWellFormed().replace(/[\r\n\0]/g, ' ')
	if (/^[A-Za-z0-9!#$&+.^_`{|}~-]{1,60}$/.test(clean)) return `${key}=${clean}`
	if (/^[\x20-\x7e]{0,60}$/.test(clean)) return `${key}="${clean.replace(/["\\]/g, '\\$&')}"`
	const coded = encodeURIComponent(clean).replace(
		/['()*!]/g,
		sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
	)
	const pieces = coded.match(/(?:%[0-9A-F]{2}|[^%]){1,50}/g) ?? ['']
	if (pieces.length === 1) return `${key}*=utf-8''${pieces[0]}`
	return pieces
		.map((piece, index) => `${key}*${index}*=${index === 0 ? "utf-8''" : ''}${piece}`)
		.join(';\r\n\t')
}

/** As it is where that is allowed; what is mostly not ASCII in base64, anything else in quoted-printable. */
function encodeText(text: string): { encoding: string; octets: Buffer } {
	const octets = Buffer.from(text)
	const beyond = octets.reduce((count, octet) => count + (octet > 127 ? 1 : 0), 0)
	if (beyond === 0 && !/[^\r\n]{991}|\0/.test(text) && !/^From /m.test(text))
		return { encoding: '7bit', octets }
	if (beyond * 6 > octets.length)
		return {
			encoding: 'base64',
			octets: Buffer.from(octets.toString('base64').replace(/.{1,76}/g, '$&\r\n')),
		}
	return { encoding: 'quoted-printable', octets: Buffer.from(quotedPrintable(octets)) }
}

function quotedPrintable(octets: Buffer): string {
	let out = ''
	let column = 0
	for (let i = 0; i < octets.length; i++) {
		const octet = octets[i]!
		if (octet === 13 && octets[i + 1] === 10) {
			out += '\r\n'
			column = 0
			i++
			continue
		}
		const atEnd = i + 1 === octets.length || octets[i + 1] === 13
		const blank = octet === 32 || octet === 9
		const plain = (octet > 32 && octet < 127 && octet !== 61) || (blank && !atEnd)
		// A line that begins with a dot or with "From " may suffer on its way.
		const risky = column === 0 && (octet === 46 || octet === 70)
		const piece =
			plain && !risky ? String.fromCharCode(octet) : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`
		if (column + piece.length >= LINE) {
			out += '=\r\n'
			column = 0
		}
		out += piece
		column += piece.length
	}
	return out
}

async function* inBase64(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
	let held: Buffer = Buffer.alloc(0)
	for await (const piece of pieces) {
		const all = held.length > 0 ? Buffer.concat([held, piece]) : piece
		const whole = all.length - (all.length % GROUP)
		if (whole > 0) yield lines(all.subarray(0, whole))
		held = Buffer.from(all.subarray(whole))
	}
	if (held.length > 0) yield lines(held)
}

function lines(octets: Buffer): Buffer {
	return Buffer.from(octets.toString('base64').replace(/.{1,76}/g, '$&\r\n'))
}
