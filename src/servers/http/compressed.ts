import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'

const compress = promisify(gzip)
// Octets: less is one packet or two either way.
const WORTH = 2048

/**
 * What JMAP and the API answer is text that becomes a sixth: over a slow line that is what people wait for (RFC 9110
 * section 8.4). An answer from another node comes compressed from there. The pages' files have compressed copies of
 * their own.
 */
export function compressAnswers(app: FastifyInstance): void {
	app.addHook('onSend', async (request, reply, answer) => {
		if (typeof answer !== 'string' || answer.length < WORTH) return answer
		reply.header('vary', 'accept-encoding')
		if (!takesGzip(request.headers['accept-encoding'])) return answer
		const small = await compress(answer, { level: 4 })
		reply.header('content-encoding', 'gzip').header('content-length', small.length)
		return small
	})
}

/** RFC 9110 section 12.5.3; who says nothing gets it as it is. */
function takesGzip(accepted: string | string[] | undefined): boolean {
	return /(?:^|[\s,])(?:gzip|\*)\s*(?:$|,|;\s*q=(?:1|0\.\d*[1-9]))/i.test(String(accepted ?? ''))
}
