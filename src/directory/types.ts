/**
 * A hybrid logical clock's time and the node that made it, as one string that sorts as it should:
 * 12 hex digits of milliseconds, 4 of a counter, then the node's id. Newer = greater.
 */
export type Stamp = string

export type Kind =
	| 'node'
	| 'domain'
	| 'account'
	| 'address'
	| 'policy'
	| 'unit'
	| 'group'
	| 'member'
	| 'dkim'
	| 'grant'
	| 'token'
	| 'session'
	| 'key'
export type Value = string | number | boolean | null | string[]

/** A record: each field with the stamp of its last writing. A deletion is the field `deleted` = true. */
export type Fields = Record<string, [value: Value, stamp: Stamp]>
export type DirectoryRecord = { kind: Kind; id: string; fields: Fields }

/** A person or function with mail. `address` is what it is reached by now: its own, or the substitute after a conflict. */
export type Account = {
	id: string
	address: string
	/** The address it was made with; differs from `address` when `conflict`. */
	claimed: string
	conflict: boolean
	name: string
	/** Node id; with its epoch (the higher one wins). */
	home: string
	epoch: number
	disabled: boolean
	/** Id of the unit it belongs to, '' = none. */
	unit: string
	/** PHC string (argon2id), '' = nobody can sign in. */
	passwordHash: string
	/** Milliseconds since 1970. */
	created: number
	/** Id of the account it becomes part of: its mail goes there, and nobody signs in to it any more. */
	mergesInto: string | null
}

/** Another address for an account or for several addresses, inside or outside. */
export type Alias = { address: string; targets: string[]; created: number }

/** Who may send to a group. `named`: the addresses in its list of that name, and nobody else. */
export const GROUP_SENDERS = ['anyone', 'inside', 'members', 'named'] as const
export type GroupSenders = (typeof GROUP_SENDERS)[number]

/** One address for many: a distribution list. `address` is what it is reached by now, as an account's. */
export type Group = {
	id: string
	address: string
	/** The address it was made with; differs from `address` when `conflict`. */
	claimed: string
	conflict: boolean
	name: string
	senders: GroupSenders
	/** Addresses that may send when `senders` is `named`. */
	named: string[]
	/** Gets the reports of what cannot be delivered; '' = the sender does. */
	owner: string
	created: number
}

export type NodeInfo = {
	id: string
	hostname: string
	ip: string
	webPort: number
	clusterPort: number
	description: string
	site: string
	enabled: boolean
	version: string
}

/** Everybody a group or an alias leads to, each once. */
export type Members = { accounts: Account[]; foreign: string[] }

/** What an address means (RFC 5321 forward path), after aliases are followed (at most 10 deep, each target once). */
export type Resolved =
	| { is: 'account'; account: Account }
	| { is: 'alias'; accounts: Account[]; foreign: string[] }
	/** Whether the sender may is asked first: who the members are is only found out when they are looked at. */
	| { is: 'group'; group: Group; readonly members: Members }
	/** A domain of ours, but nobody there has this address. */
	| { is: 'unknown' }
	/** Not a domain of ours. */
	| { is: 'foreign'; domain: string }

/**
 * `app-password`: the password is right, but with TOTP on a mail program needs an app password.
 * `code`: the password is right; the TOTP code (or a recovery code) is missing or wrong.
 * `not-now`: nobody we know; but this node has not heard of everybody yet.
 */
export type SignIn =
	/** `program`: by an app password, which is good for mail only. */
	| { ok: true; account: Account; program?: true }
	| { ok: false; why: 'wrong' | 'disabled' | 'app-password' | 'code' | 'not-now' }

/** `records` were looked at; `changed` of them changed something here, `added` of those were new. */
export type RefreshResult = {
	node: string
	state: 'done' | 'unreachable'
	records: number
	changed: number
	added: number
}
