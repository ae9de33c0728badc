import { createHash, randomBytes } from 'node:crypto'
import { type Clock, newId } from '../kit/index.ts'
import { DirectoryError } from './error.ts'
import type { DirectoryFile } from './file.ts'
import { isDeleted, listOf, numberOf, textOf } from './records.ts'
import { isSignedBy, readSession, type SessionClaim, signSession } from './session-token.ts'
import type { Account, Fields, Kind, Value } from './types.ts'

export type Role = 'admin' | 'domain' | 'unit' | 'helpdesk' | 'auditor'

/** Who may administer what. Neither domain nor unit = the whole organisation. */
export type Grant = {
	id: string
	account: string
	role: Role
	domain: string | null
	unit: string | null
	/** Account that gave it, or 'root' (the machine itself); milliseconds since 1970. */
	by: string
	created: number
}

/** A key for programs. What it is good for ends with the account's own grants. */
export type ApiToken = {
	id: string
	account: string
	name: string
	scopes: string[]
	created: number
	/** Milliseconds since 1970, null = until it is removed. */
	ends: number | null
}

export type Session = {
	id: string
	account: string
	since: number
	/** When it was last given a new token: to some hours. */
	renewed: number
	ends: number
	/** Where it was begun: node, client address, and what the program calls itself. */
	node: string
	client: string
	program: string
}

export type Opened = { token: string; session: Session; until: number }

/** Unused so long a session ends; and in any case so long after it was begun. Milliseconds. */
export const SESSION_IDLE = 12 * 3_600_000
export const SESSION_LONGEST = 7 * 24 * 3_600_000
// Sessions of one account at a time: records are used again, so that their number is bounded for ever.
const SLOTS = 16
// A session in use is given a new token at most so often: each is a write that travels.
const RENEW_AFTER = 3_600_000

/** Grants, API tokens and browser sessions: who may do what, known at every node. */
export class Access {
	#file: DirectoryFile
	#clock: Clock
	#self: () => string
	#write: (work: () => void) => void
	#account: (id: string) => Account | null
	#grants: { at: number; all: Grant[] } | null = null

	constructor(options: {
		file: DirectoryFile
		clock: Clock
		self: () => string
		/** One transaction of our own, told to the others. */
		write: (work: () => void) => void
		account: (id: string) => Account | null
	}) {
		this.#file = options.file
		this.#clock = options.clock
		this.#self = options.self
		this.#write = options.write
		this.#account = options.account
	}

	/** Of one account, or all; those of accounts that are gone do not count. */
	grants(account?: string): Grant[] {
		if (this.#grants?.at !== this.#file.changes) {
			const all = this.#each('grant', '').map(({ id, fields }) => grantOf(id, fields))
			this.#grants = { at: this.#file.changes, all: all.filter(grant => this.#account(grant.account)) }
		}
		return this.#grants!.all.filter(grant => account === undefined || grant.account === account)
	}

	/** Is there anybody who may administer all? */
	get hasAdministrator(): boolean {
		return this.grants().some(({ role }) => role === 'admin')
	}

	/** The same grant twice is one. */
	grant(grant: Pick<Grant, 'account' | 'role' | 'domain' | 'unit' | 'by'>): Grant {
		const { account, role, domain, unit, by } = grant
		const id = [account, role, domain ?? '', unit ?? ''].join(':')
		if (!this.#living('grant', id)) {
			const created = this.#clock.now()
			this.#put('grant', id, { account, role, domain, unit, by, created, deleted: false })
		}
		return grantOf(id, this.#file.get('grant', id)!)
	}

	revokeGrant(id: string): Grant {
		const fields = this.#living('grant', id)
		if (!fields) throw new DirectoryError('nonexistent', `there is no grant ${id}`)
		this.#put('grant', id, { deleted: true })
		return grantOf(id, fields)
	}

	/** Of one account, or all. */
	tokens(account?: string): ApiToken[] {
		return this.#each('token', account === undefined ? '' : `${account}.`).map(({ id, fields }) =>
			tokenOf(id, fields),
		)
	}

	/** The secret is shown here and never again: only its hash is kept. */
	addToken(token: Pick<ApiToken, 'account' | 'name' | 'scopes' | 'ends'>): {
		token: ApiToken
		secret: string
	} {
		const { account, name, scopes, ends } = token
		const id = `${account}.${newId()}`
		const secret = randomBytes(32).toString('base64url')
		const created = this.#clock.now()
		this.#put('token', id, { account, name, scopes, ends, created, hash: sha256(secret) })
		return { token: tokenOf(id, this.#file.get('token', id)!), secret: `pp_${id}_${secret}` }
	}

	removeToken(id: string): void {
		if (!this.#living('token', id)) throw new DirectoryError('nonexistent', 'there is no such token')
		this.#put('token', id, { deleted: true, hash: '' })
	}

	/** Who comes with this token; null when it is none, has ended, or its account cannot sign in. */
	tokenUser(secret: string): { account: Account; token: ApiToken } | null {
		const [, id, key] = /^pp_([0-9a-z.]+)_([\w-]{43})$/.exec(secret) ?? []
		const fields = id ? this.#living('token', id) : null
		if (!fields || textOf(fields, 'hash') !== sha256(key!)) return null
		const token = tokenOf(id!, fields)
		if (token.ends !== null && token.ends <= this.#clock.now()) return null
		const account = this.#account(token.account)
		return account && !account.disabled ? { account, token } : null
	}

	openSession({ id }: Account, from: { client: string; program: string }): Opened {
		const account = this.#account(id)! // its hash may have been made anew just now
		const now = this.#clock.now()
		const slot = this.#slotFor(account.id, now)
		const claim = { slot, id: newId(now), account: account.id, since: now }
		this.#put('session', `${account.id}.${slot}`, {
			sid: claim.id,
			account: account.id,
			since: now,
			renewed: now,
			node: this.#self(),
			client: from.client,
			program: from.program.slice(0, 200),
			deleted: false,
		})
		return this.#issue(account, claim, now)
	}

	/** The session a cookie stands for, null when it is over. Known at every node that knows the account. */
	session(token: string): { account: Account; session: Session } | null {
		const claim = readSession(token)
		if (!claim) return null
		const account = this.#account(claim.account)
		const key = this.#file.places.nodes.get(claim.node)?.removed === false ? this.#keyOf(claim.node) : ''
		if (!account || account.disabled || key === '' || !isSignedBy(token, key, account.passwordHash))
			return null
		if (this.#clock.now() >= Math.min(claim.until, claim.since + SESSION_LONGEST)) return null
		const fields = this.#file.get('session', `${claim.account}.${claim.slot}`)
		if (fields && textOf(fields, 'sid') === claim.id) {
			return isDeleted(fields) ? null : { account, session: sessionOf(fields) }
		}
		// Another was begun in its place; or it is so new that its record has not come yet.
		if (fields && numberOf(fields, 'since') >= claim.since) return null
		return {
			account,
			session: {
				id: claim.id,
				account: account.id,
				since: claim.since,
				renewed: claim.since,
				ends: claim.until,
				node: claim.node,
				client: '',
				program: '',
			},
		}
	}

	/** A new token for a session in use, when it is time for one; or null. */
	renewSession(token: string): Opened | null {
		const now = this.#clock.now()
		const found = this.session(token)
		const claim = readSession(token)
		if (!found || !claim || now < claim.until - SESSION_IDLE + RENEW_AFTER) return null
		if (this.#living('session', `${claim.account}.${claim.slot}`)) {
			this.#put('session', `${claim.account}.${claim.slot}`, { renewed: now })
		}
		return this.#issue(found.account, claim, now)
	}

	/** Of one account, the latest begun first. */
	sessions(account: string): Session[] {
		const now = this.#clock.now()
		return this.#each('session', `${account}.`)
			.map(({ fields }) => sessionOf(fields))
			.filter(({ ends }) => ends > now)
			.sort((a, b) => b.since - a.since)
	}

	endSession(account: string, id: string): void {
		const found = this.#each('session', `${account}.`).find(({ fields }) => textOf(fields, 'sid') === id)
		if (!found) throw new DirectoryError('nonexistent', 'there is no such session')
		this.#put('session', found.id, { deleted: true })
	}

	#issue(account: Account, claim: Omit<SessionClaim, 'node' | 'until'>, now: number): Opened {
		const node = this.#self()
		const until = Math.min(now + SESSION_IDLE, claim.since + SESSION_LONGEST)
		const token = signSession(
			{ ...claim, node, until },
			this.#keyOf(node) || this.#newKey(),
			account.passwordHash,
		)
		const fields = this.#file.get('session', `${account.id}.${claim.slot}`)!
		return { token, until, session: sessionOf(fields) }
	}

	/** The first that is free, else the one that was begun first. */
	#slotFor(account: string, now: number): number {
		let oldest = { slot: 0, since: Number.POSITIVE_INFINITY }
		for (let slot = 0; slot < SLOTS; slot++) {
			const fields = this.#living('session', `${account}.${slot}`)
			if (!fields || sessionOf(fields).ends <= now) return slot
			const since = numberOf(fields, 'since')
			if (since < oldest.since) oldest = { slot, since }
		}
		return oldest.slot
	}

	/** The key a node signs sessions with, '' = it has none yet. */
	#keyOf(node: string): string {
		return textOf(this.#file.get('key', node) ?? {}, 'session')
	}

	#newKey(): string {
		const session = randomBytes(32).toString('base64url')
		this.#put('key', this.#self(), { session })
		return session
	}

	#living(kind: Kind, id: string): Fields | null {
		const fields = this.#file.get(kind, id)
		return fields && !isDeleted(fields) ? fields : null
	}

	#each(kind: Kind, prefix: string): { id: string; fields: Fields }[] {
		const rows = this.#file.db
			.prepare('SELECT id, fields FROM record WHERE kind = ? AND id >= ? AND id < ? ORDER BY id')
			.all(kind, prefix, `${prefix}\uffff`)
		return rows
			.map(row => ({ id: row.id as string, fields: JSON.parse(row.fields as string) as Fields }))
			.filter(({ fields }) => !isDeleted(fields))
	}

	#put(kind: Kind, id: string, values: Record<string, Value>): void {
		this.#write(() => {
			const stamp = this.#file.stamps.next()
			const fields: Fields = {}
			for (const [name, value] of Object.entries(values)) fields[name] = [value, stamp]
			this.#file.put(kind, id, fields)
		})
	}
}

function grantOf(id: string, fields: Fields): Grant {
	return {
		id,
		account: textOf(fields, 'account'),
		role: textOf(fields, 'role') as Role,
		domain: textOf(fields, 'domain') || null,
		unit: textOf(fields, 'unit') || null,
		by: textOf(fields, 'by'),
		created: numberOf(fields, 'created'),
	}
}

function tokenOf(id: string, fields: Fields): ApiToken {
	return {
		id,
		account: textOf(fields, 'account'),
		name: textOf(fields, 'name'),
		scopes: listOf(fields, 'scopes'),
		created: numberOf(fields, 'created'),
		ends: numberOf(fields, 'ends') || null,
	}
}

function sessionOf(fields: Fields): Session {
	const since = numberOf(fields, 'since')
	const renewed = numberOf(fields, 'renewed')
	return {
		id: textOf(fields, 'sid'),
		account: textOf(fields, 'account'),
		since,
		renewed,
		ends: Math.min(renewed + SESSION_IDLE, since + SESSION_LONGEST),
		node: textOf(fields, 'node'),
		client: textOf(fields, 'client'),
		program: textOf(fields, 'program'),
	}
}

function sha256(text: string): string {
	return createHash('sha256').update(text).digest('base64url')
}
