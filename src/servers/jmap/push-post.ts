import { lookup } from 'node:dns'
import { type RequestOptions, request } from 'node:https'
import { isIP } from 'node:net'
import { isPrivate } from '../../kit/index.ts'
import { type PushKeys, seal } from './push-sealed.ts'

/** Seconds a push service keeps what a device has not fetched yet: what it says is soon said by something newer. */
const KEPT_SECONDS = 24 * 3600
const PATIENCE_MS = 20_000

type Lookup = NonNullable<RequestOptions['lookup']>

/** Names that lead into a network of our own lead nowhere. */
const outside: Lookup = (host, options, done) => {
	lookup(host, { ...options, all: true }, (error, found) => {
		const allowed = (found ?? []).filter(({ address }) => !isPrivate(address))
		const failed = error ?? (allowed.length === 0 ? new Error(`${host} is no address of the internet`) : null)
		if (failed) return done(failed, '', 0)
		if (options.all) return done(null, allowed)
		done(null, allowed[0]!.address, allowed[0]!.family)
	})
}

/**
 * Brings something to the URL of a PushSubscription (RFC 8620 section 7.2, RFC 8030 section 5).
 * @param toPrivate may the URL lead into a network of our own?
 * @returns the status of the answer, which is not read @throws when there is none
 */
export function post(
	url: string,
	keys: PushKeys | null,
	value: unknown,
	toPrivate: boolean,
): Promise<number> {
	const text = JSON.stringify(value)
	const body = keys ? seal(text, keys) : Buffer.from(text)
	return new Promise((resolve, reject) => {
		const target = new URL(url)
		const host = target.hostname.replace(/^\[(.*)\]$/, '$1')
		if (!toPrivate && isIP(host) && isPrivate(host))
			return reject(new Error(`${host} is no address of the internet`))
		const asking = request(
			target,
			{
				method: 'POST',
				agent: false,
				signal: AbortSignal.timeout(PATIENCE_MS),
				...(toPrivate ? null : { lookup: outside }),
				headers: {
					'content-type': 'application/json',
					'content-length': body.length,
					...(keys ? { 'content-encoding': 'aes128gcm' } : null),
					ttl: KEPT_SECONDS,
					urgency: 'normal',
				},
			},
			response => {
				resolve(response.statusCode!)
				response.destroy()
			},
		)
		asking.on('error', reject)
		// Nobody waits for it at the end.
		asking.on('socket', socket => socket.unref())
		asking.end(body)
	})
}
