import { createHash, randomBytes } from 'node:crypto'
import { newId } from '../kit/index.ts'
import { DirectoryError } from './error.ts'
import { Keeper } from './keeper.ts'
import { listOf, numberOf, textOf } from './records.ts'
import type { Account, Fields } from './types.ts'

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

/** Grants and API tokens: who may do what, known at every node. */
export class Access extends Keeper {
	#grants: { at: number; all: Grant[] } | null = null

	/** Who may administer all, and can sign in. */
	administrators(): Account[] {
		const ids = this.grants().flatMap(({ role, account }) => (role === 'admin' ? [account] : []))
		return [...new Set(ids)].map(id => this.account(id)!).filter(({ disabled }) => !disabled)
	}

	/** Of one account, or all; those of accounts that are gone do not count. */
	grants(account?: string): Grant[] {
		if (this.#grants?.at !== this.file.changes) {
			const all = this.each('grant', '').map(({ id, fields }) => grantOf(id, fields))
			this.#grants = { at: this.file.changes, all: all.filter(grant => this.account(grant.account)) }
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
		if (!this.living('grant', id)) {
			const created = this.clock.now()
			this.put('grant', id, { account, role, domain, unit, by, created, deleted: false })
		}
		return grantOf(id, this.file.get('grant', id)!)
	}

	revokeGrant(id: string): Grant {
		const fields = this.living('grant', id)
		if (!fields) throw new DirectoryError('nonexistent', `there is no grant ${id}`)
		this.put('grant', id, { deleted: true })
		return grantOf(id, fields)
	}

	/** Of one account, or all. */
	tokens(account?: string): ApiToken[] {
		return this.each('token', account === undefined ? '' : `${account}.`).map(({ id, fields }) =>
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
		const created = this.clock.now()
		this.put('token', id, { account, name, scopes, ends, created, hash: sha256(secret) })
		return { token: tokenOf(id, this.file.get('token', id)!), secret: `pp_${id}_${secret}` }
	}

	removeToken(id: string): void {
		if (!this.living('token', id)) throw new DirectoryError('nonexistent', 'there is no such token')
		this.put('token', id, { deleted: true, hash: '' })
	}

	/** Who comes with this token; null when it is none, has ended, or its account cannot sign in. */
	tokenUser(secret: string): { account: Account; token: ApiToken } | null {
		const [, id, key] = /^pp_([0-9a-z.]+)_([\w-]{43})$/.exec(secret) ?? []
		const fields = id ? this.living('token', id) : null
		if (!fields || textOf(fields, 'hash') !== sha256(key!)) return null
		const token = tokenOf(id!, fields)
		if (token.ends !== null && token.ends <= this.clock.now()) return null
		const account = this.account(token.account)
		return account && !account.disabled ? { account, token } : null
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

function sha256(text: string): string {
	return createHash('sha256').update(text).digest('base64url')
}
