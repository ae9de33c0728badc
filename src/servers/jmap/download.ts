import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { House } from '../types.ts'
import { findBlob } from './blobs.ts'
import { type Guest, NotServed } from './guest.ts'

type Request = FastifyRequest<{
	Params: Record<string, string>
	Querystring: Record<string, string | undefined>
}>

/** RFC 8620 section 6.2. */
export async function download(
	house: House,
	{ account }: Guest,
	request: Request,
	reply: FastifyReply,
): Promise<FastifyReply> {
	const { accountId, blobId = '', name = '' } = request.params
	const blob = accountId === account.id ? await findBlob({ house, account }, blobId) : null
	if (!blob) throw new NotServed(404, 'There is no such file.')
	const { type = 'application/octet-stream' } = request.query
	if (!/^[\x20-\x7e]{1,255}$/.test(type)) throw new NotServed(400, 'type is no media type.')
	const range = rangeOf(request.headers.range, blob.size)
	if (range === 'none') {
		reply.header('content-range', `bytes */${blob.size}`)
		throw new NotServed(416, 'There is nothing there.')
	}
	const { start, end } = range ?? { start: 0, end: blob.size }
	if (range) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${blob.size}`)
	return reply
		.headers({
			'content-type': type,
			'content-length': end - start,
			'accept-ranges': 'bytes',
			'content-disposition': `attachment; ${filename(name)}`,
			// What is called by an id never changes.
			'cache-control': 'private, immutable, max-age=31536000',
			// Somebody else's octets, from our origin: nothing in them may run.
			'content-security-policy': "sandbox; default-src 'none'",
			'x-content-type-options': 'nosniff',
		})
		.send(Readable.from(blob.pieces(start, end), { objectMode: false }))
}

/** Names that need nothing of RFC 8187 also as programs read them that know nothing of it. */
function filename(name: string): string {
	const coded = encodeURIComponent(name).replace(/['()*]/g, sign => `%${sign.charCodeAt(0).toString(16)}`)
	const plain = /^[\w .,()+=@-]+$/.test(name) ? `filename="${name}"; ` : ''
	return `${plain}filename*=UTF-8''${coded}`
}

/** One range of octets (RFC 9110 section 14.2); null: all is wanted. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | null | 'none' {
	const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
	if (!match || (match[1] === '' && match[2] === '')) return null
	const [first, last] = [match[1]!, match[2]!]
	const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
	const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
	return start < end && start < size ? { start, end } : 'none'
}
