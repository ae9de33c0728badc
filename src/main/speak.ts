import { request } from 'node:http'
import { join } from 'node:path'

/** The node said no, or is not there; the message is a sentence for the operator. */
export class NotDone extends Error {}

/** The socket in a data directory by which the command line reaches its node. */
export function socketOf(data: string): string {
	return join(data, 'control.sock')
}

/**
 * Says a verb to the node of a data directory and returns its answer.
 * @param at another node, which is to do it
 * @throws NotDone
 */
export function sayTo(
	data: string,
	verb: string,
	input: unknown,
	at: string | null = null,
): Promise<unknown> {
	return new Promise((resolve, reject) => {
		const path = `/${encodeURIComponent(verb)}${at === null ? '' : `?at=${encodeURIComponent(at)}`}`
		const failed = (error: Error) => {
			const { code } = error as NodeJS.ErrnoException
			const away = code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET'
			const hint = `no node runs with the data directory ${data}; start it with "panpipe serve --data ${data}"`
			reject(new NotDone(away ? hint : error.message))
		}
		const req = request({ socketPath: socketOf(data), method: 'POST', path }, res => {
			const chunks: Buffer[] = []
			res.on('error', failed)
			res.on('data', chunk => chunks.push(chunk))
			res.on('end', () => {
				const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
				if (res.statusCode === 200) resolve(body)
				else reject(new NotDone(body.error))
			})
		})
		req.on('error', failed)
		req.end(JSON.stringify(input))
	})
}
