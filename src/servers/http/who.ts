import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../../admin/index.ts'
import type { Account, Directory, Grant, Session } from '../../directory/index.ts'
import { normalAddress } from '../../kit/index.ts'
import type { House } from '../types.ts'
import { WebProblem } from './problem.ts'

/** Who asks, over HTTP. */
export type Who = {
	account: Account
	/** The address he is reached by. */
	address: string
	via: 'session' | 'password' | 'token'
	/** What he showed: `token:ID`, `session:ID`, `password`, or `program` (the password of a device). */
	credential: string
	grants: Grant[]
	/** Of the API token; null = no narrower than the grants. */
	scopes: string[] | null
	/** When he came with a cookie. */
	session: Session | null
	/** His real address. */
	client: string
}

const COOKIE = 'panpipe'

/** Said of nobody we know, as long as this node has not heard of everybody: whoever it is keeps his password. */
export function unknownYet(): WebProblem {
	return new WebProblem(503, 'unknown-yet', 'This server does not know everybody yet. Try again in a moment.')
}

/**
 * By cookie, `Authorization: Basic` or `Authorization: Bearer`; null = nobody we know.
 * @throws WebProblem unknownYet
 */
export async function who(
	request: FastifyRequest,
	{ house, directory }: { house: House; directory: Directory },
): Promise<Who | null> {
	const client = clientOf(request)
	const [, scheme = '', given = ''] = /^(\w+) +(\S+)$/.exec(request.headers.authorization ?? '') ?? []
	if (scheme.toLowerCase() === 'bearer') {
		const found = directory.access.tokenUser(given)
		if (!found) return null
		const { id, scopes } = found.token
		return known(directory, found.account, { via: 'token', credential: `token:${id}`, scopes, client })
	}
	if (scheme.toLowerCase() === 'basic') {
		const [, login = '', password = ''] =
			/^([^:]*):(.*)$/s.exec(Buffer.from(given, 'base64').toString()) ?? []
		const result = await house.authenticate(login, password, client)
		if (!result.ok && result.why === 'not-now') throw unknownYet()
		if (!result.ok) return null
		// A device's password is good for its owner's mail, not for what he administers.
		const narrow = result.program ? { grants: [], scopes: ['mail'] } : {}
		const credential = result.program ? 'program' : 'password'
		return known(directory, result.account, { via: 'password', credential, client, ...narrow })
	}
	const found = directory.sessions.of(cookieOf(request) ?? '')
	if (!found) return null
	const { session } = found
	return known(directory, found.account, {
		via: 'session',
		credential: `session:${session.id}`,
		session,
		client,
	})
}

function known(
	directory: Directory,
	account: Account,
	how: Pick<Who, 'via' | 'client' | 'credential'> & Partial<Who>,
): Who {
	const { address } = account
	return {
		account,
		address,
		grants: directory.access.grants(account.id),
		scopes: null,
		session: null,
		...how,
	}
}

/** The same person for the operator's verbs. */
export function actorOf({ account, address, grants, scopes, via, client }: Who): Actor {
	return { id: account.id, name: address, grants, scopes, via, client }
}

export function clientOf(request: FastifyRequest): string {
	return normalAddress(request.ip)
}

/** The session's. */
function cookieOf(request: FastifyRequest): string | null {
	return cookieNamed(request, COOKIE)
}

export function cookieNamed(request: FastifyRequest, name: string): string | null {
	for (const pair of (request.headers.cookie ?? '').split(/; */)) {
		if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1)
	}
	return null
}

/** RFC 6265. Strict: no other site's link or form carries it here. `until` null takes it away. */
export function setCookie({ raw }: FastifyReply, token: string, until: number | null): void {
	const when = new Date(until ?? 0).toUTCString()
	// Also with an answer that comes from elsewhere, octet by octet.
	raw.setHeader(
		'set-cookie',
		`${COOKIE}=${token}; Path=/; Expires=${when}; HttpOnly; Secure; SameSite=Strict`,
	)
}

/** A session in use goes on. */
export function renewCookie(request: FastifyRequest, reply: FastifyReply, { sessions }: Directory): void {
	const renewed = sessions.renew(cookieOf(request) ?? '')
	if (renewed) setCookie(reply, renewed.token, renewed.until)
}

/**
 * May this request change something? A browser sends its cookie along for any page; only a page of ours is said by
 * the browser to be of our origin (Fetch Metadata; RFC 6454), or can add a header of its own.
 */
export function isOwnPage(request: FastifyRequest): boolean {
	const said =
		request.headers['x-panpipe'] !== undefined || request.headers['sec-fetch-site'] === 'same-origin'
	return said && !isForeignPage(request)
}

/** Does a browser say that a page of elsewhere asks? Programs say nothing of it. */
export function isForeignPage({ headers }: FastifyRequest): boolean {
	return headers.origin !== undefined && headers.origin !== `https://${headers.host}`
}
