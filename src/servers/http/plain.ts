import { createServer, type ServerResponse } from 'node:http'
import { explainListen } from '../listen.ts'

export type PlainOptions = {
	address: string
	port: number
	/** Where browsers are sent. */
	webPort: number
	/** What to answer to a certificate authority that looks whether a name is ours (RFC 8555 section 8.3). */
	answer(token: string): string | undefined
}

const CHALLENGE = '/.well-known/acme-challenge/'
const PATIENCE = { headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 5_000 }

/** HTTP without TLS: certificate authorities look here; everybody else is sent to the web port. */
export function openPlain(options: PlainOptions): Promise<{ close(): Promise<void> }> {
	const server = createServer(PATIENCE, (request, response) => {
		const url = request.url ?? '/'
		if (url.startsWith(CHALLENGE)) return say(response, options.answer(url.slice(CHALLENGE.length)))
		const host = /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.exec(request.headers.host ?? '')?.[1]
		if (!host) return say(response, undefined)
		const port = options.webPort === 443 ? '' : `:${options.webPort}`
		response.writeHead(308, { location: `https://${host}${port}${url}` }).end()
	})
	return new Promise((resolve, reject) => {
		server.once('error', error => reject(explainListen({ name: 'http', ...options }, error)))
		server.listen(options.port, options.address, () =>
			resolve({
				close: () =>
					new Promise(closed => {
						server.close(() => closed())
						server.closeAllConnections()
					}),
			}),
		)
	})
}

function say(response: ServerResponse, text: string | undefined): void {
	response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(text)
}
