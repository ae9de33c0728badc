import type { FastifyReply, FastifyRequest } from 'fastify'
import { jmap } from '../../wire/index.ts'
import type { House } from '../types.ts'
import { LIMITS } from './call.ts'
import { type Guest, NotServed } from './guest.ts'
import { inTurn } from './turns.ts'

/** RFC 8620 section 6.1. */
export async function upload(
	house: House,
	{ account }: Guest,
	request: FastifyRequest<{ Params: Record<string, string> }>,
	reply: FastifyReply,
): Promise<FastifyReply> {
	if (request.params.accountId !== account.id) throw new NotServed(404, 'There is no such account.')
	const size = Number(request.headers['content-length'] ?? 0)
	if (size > LIMITS.maxSizeUpload) throw tooLarge()
	const made = await inTurn(account, () => take(house, account.id, request), 'maxConcurrentUpload')
	const type = request.headers['content-type'] ?? 'application/octet-stream'
	return reply.code(201).send({ accountId: account.id, blobId: `B${made.hash}`, type, size: made.size })
}

async function take(house: House, account: string, request: FastifyRequest) {
	const stage = house.stage()
	try {
		let size = 0
		for await (const piece of request.raw) {
			size += piece.length
			if (size > LIMITS.maxSizeUpload) throw tooLarge()
			await stage.write(piece)
		}
		const body = await stage.end()
		await house.write([{ do: 'upload.add', account, body }])
		return body
	} catch (error) {
		stage.abort()
		throw error
	}
}

function tooLarge(): jmap.RequestRefused {
	return new jmap.RequestRefused('limit', `at most ${LIMITS.maxSizeUpload} octets`, 'maxSizeUpload')
}
