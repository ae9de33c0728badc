import type { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import type { Account, Directory } from '../../directory/index.ts'
import { normalAddress } from '../../kit/index.ts'
import { WebProblem } from '../http/problem.ts'
import { isOwnPage, who } from '../http/who.ts'
import type { House } from '../types.ts'
import { FOR_ACCOUNT, FOR_CLIENT, FOR_CREDENTIAL, type Walker } from '../walk-http.ts'

export type JmapOptions = {
	house: House
	office: { directory: Directory }
	nodeOf(socket: TLSSocket): string | null
}

/** Who asks, and lives here. */
export type Guest = Walker

/** Somebody we cannot serve, and why. */
export class NotServed extends Error {
	readonly status: number
	readonly headers: Record<string, string>

	constructor(status: number, message: string, headers: Record<string, string> = {}) {
		super(message)
		this.status = status
		this.headers = headers
	}
}

/** Who is it? A node of ours may say for whom it asks. @throws NotServed */
export async function guestOf(
	{ house, office, nodeOf }: JmapOptions,
	request: FastifyRequest,
	mayChange: boolean,
): Promise<Guest & { brought: boolean }> {
	const named = request.headers[FOR_ACCOUNT]
	if (typeof named === 'string' && nodeOf(request.raw.socket as TLSSocket) !== null) {
		const account = house.accountOf(named)
		if (!account || account.disabled) throw new NotServed(403, 'There is no such account.')
		// Walks do not go on: our two directories are about to agree.
		if (account.home !== house.self) throw new NotServed(503, 'This account does not live here.')
		const said = (name: string) => String(request.headers[name] ?? '')
		const client = normalAddress(said(FOR_CLIENT))
		return { account, client, credential: said(FOR_CREDENTIAL), brought: true }
	}
	const found = await who(request, { house, directory: office.directory }).catch(error => {
		throw error instanceof WebProblem ? new NotServed(error.status, error.message) : error
	})
	if (!found) {
		// A page of ours asks for the password itself; the browser's own window must not open.
		const page = request.headers['sec-fetch-mode'] !== undefined || request.headers['x-panpipe'] !== undefined
		const ways = page ? 'Bearer realm="Panpipe"' : 'Basic realm="Panpipe", charset="UTF-8"'
		throw new NotServed(401, 'Please sign in.', { 'www-authenticate': ways })
	}
	if (found.scopes && !found.scopes.some(scope => scope === 'mail' || scope === 'all'))
		throw new NotServed(403, 'This token is not for mail.')
	if (mayChange && found.via === 'session' && !isOwnPage(request))
		throw new NotServed(403, 'Only pages of this server may do that with its cookie.')
	const { account, client, credential } = found
	return { account, client, credential, brought: false }
}

/** The account has its mailboxes before anything is asked of it. */
export async function prepare(house: House, { id }: Account): Promise<void> {
	if (!house.reader.hasAccount(id)) await house.write([{ do: 'account.create', account: id }])
}
