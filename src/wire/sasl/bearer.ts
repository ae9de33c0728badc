import { octetText } from './text.ts'

/** What a client says first in OAUTHBEARER (RFC 7628 section 3.1). `authzid` '' = whose the token is. */
export type Bearer = { authzid: string; token: string; host: string | null; port: number | null }

// A token with all that providers put into it.
const MOST = 8192
const HEADER = /^(?:n|y),(?:a=([^,]{1,1024}))?,$/
// RFC 6750 section 2.1.
const TOKEN = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

/** Null when it is none. */
export function parseBearer(response: Buffer): Bearer | null {
	const text = octetText(response, MOST)
	if (!text?.endsWith('\x01\x01')) return null
	const [header, ...pairs] = text.slice(0, -2).split('\x01')
	const match = HEADER.exec(header!)
	if (!match || /=(?!2C|3D)/.test(match[1] ?? '')) return null
	const authzid = (match[1] ?? '').replaceAll('=2C', ',').replaceAll('=3D', '=')
	const found: Bearer = { authzid, token: '', host: null, port: null }
	for (const pair of pairs) {
		const [, key, value] = /^([A-Za-z]+)=([\x20-\x7e\t\r\n]*)$/.exec(pair) ?? []
		if (!key) return null
		if (key === 'auth') found.token = TOKEN.exec(value!)?.[1] ?? ''
		else if (key === 'host') found.host = value!
		else if (key === 'port') found.port = /^\d{1,5}$/.test(value!) ? Number(value) : null
	}
	return found
}

export function formatBearer({ authzid, token, host, port }: Bearer): Buffer {
	const name = authzid.replaceAll('=', '=3D').replaceAll(',', '=2C')
	let out = `n,${name === '' ? '' : `a=${name}`},\x01`
	if (host !== null) out += `host=${host}\x01`
	if (port !== null) out += `port=${port}\x01`
	return Buffer.from(`${out}auth=Bearer ${token}\x01\x01`)
}

/** Why the token was not taken (RFC 7628 section 3.2.2); the client answers with an empty message of its own. */
export type BearerError = {
	status: 'invalid_token' | 'invalid_request'
	scope?: string
	'openid-configuration'?: string
}
