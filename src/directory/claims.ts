import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type GroupRow, Groups, groupOf } from './groups.ts'
import { homeOf } from './merge.ts'
import type { Places } from './places.ts'
import { isDeleted, textOf } from './records.ts'
import {
	type AccountColumns,
	type AccountRow,
	type AliasRow,
	accountOf,
	accountRow,
	aliasRow,
} from './rows.ts'
import { Tally } from './tally.ts'
import type { Account, Fields, Group, Kind } from './types.ts'
import type { Units } from './units.ts'

type Claimant =
	| { account: AccountRow; alias?: never; group?: never }
	| { group: GroupRow; account?: never; alias?: never }
	| { alias: AliasRow; account?: never; group?: never }
/** Those that live on when they lose their address. */
type Owner = AccountRow | GroupRow

const SUFFIX = 4

/**
 * Who has which address. Rows are derived from records one by one; who wins a contested address is worked out
 * when asked, from what all nodes know alike, so the order of arrival cannot matter and the removal of a node
 * with 100,000 accounts writes nothing here.
 *
 * A claim counts while its domain exists and (accounts) its home was not removed. The earliest claim has the
 * address; for an account that was never renamed that is the earliest made. Equal stamps: the smaller id.
 * An account or a group that loses is reached at `<local>.<end of its id>@<domain>`: four characters, more where
 * four are claimed by someone or shared with another loser. A substitute is nobody's property: nothing is stored.
 */
export class Claims {
	/** Accounts by home and domain, counted. */
	readonly tally: Tally
	readonly groups: Groups
	#places: Places
	#units: Units
	#contested = new Set<string>()
	#sql: Record<
		| 'byId'
		| 'byAddress'
		| 'allByAddress'
		| 'put'
		| 'drop'
		| 'alias'
		| 'putAlias'
		| 'dropAlias'
		| 'gone'
		| 'ungone'
		| 'isGone'
		| 'contest'
		| 'settle'
		| 'claims'
		| 'merging'
		| 'record',
		StatementSync
	>
	#db: DatabaseSync

	constructor(db: DatabaseSync, places: Places, units: Units) {
		this.#db = db
		this.#places = places
		this.#units = units
		this.tally = new Tally(db)
		this.groups = new Groups(db)
		this.#sql = {
			byId: db.prepare('SELECT * FROM account WHERE id = ?'),
			byAddress: db.prepare('SELECT * FROM account WHERE address = ? LIMIT 1'),
			allByAddress: db.prepare('SELECT * FROM account WHERE address = ? ORDER BY since, id'),
			claims: db.prepare(
				`SELECT (SELECT count(*) FROM account WHERE address = ?1) + (SELECT count(*) FROM alias WHERE address = ?1)
				 + (SELECT count(*) FROM mail_group WHERE address = ?1) AS claims`,
			),
			put: db.prepare('INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
			drop: db.prepare('DELETE FROM account WHERE id = ?'),
			alias: db.prepare('SELECT * FROM alias WHERE address = ?'),
			putAlias: db.prepare('INSERT OR REPLACE INTO alias VALUES (?, ?, ?, ?, ?)'),
			dropAlias: db.prepare('DELETE FROM alias WHERE address = ?'),
			gone: db.prepare('INSERT OR REPLACE INTO gone VALUES (?, ?)'),
			ungone: db.prepare('DELETE FROM gone WHERE id = ?'),
			isGone: db.prepare('SELECT 1 FROM gone WHERE id = ? AND home = ?'),
			contest: db.prepare('INSERT OR IGNORE INTO contested VALUES (?)'),
			settle: db.prepare('DELETE FROM contested WHERE address = ?'),
			// By the index of these few: in the order of the index by id all accounts would be looked at, at each change.
			merging: db.prepare("SELECT * FROM account WHERE merge_into <> '' ORDER BY +id"),
			record: db.prepare("SELECT fields FROM record WHERE kind = 'account' AND id = ?"),
		}
		for (const accounts of [this.#sql.byId, this.#sql.byAddress, this.#sql.allByAddress, this.#sql.merging])
			accounts.setReturnArrays(true)
		this.load()
	}

	/** Reads what is kept in memory anew: at the start, and when a transaction was undone. */
	load(): void {
		this.#contested = new Set(
			this.#db
				.prepare('SELECT address FROM contested')
				.all()
				.map(row => row.address as string),
		)
		this.tally.load()
	}

	/** Derives everything anew from the records. */
	rebuild(): void {
		for (const table of ['account', 'alias', 'mail_group', 'member', 'contested', 'gone'])
			this.#db.exec(`DELETE FROM ${table}`)
		this.load()
		const records = this.#db.prepare(
			"SELECT kind, id, fields FROM record WHERE kind IN ('account', 'address', 'group', 'member')",
		)
		for (const { kind, id, fields } of records.iterate()) {
			this.derive(kind as Kind, id as string, JSON.parse(fields as string), true)
		}
	}

	/** A record changed; null = it was erased. Returns the addresses concerned. Inside the record's transaction. */
	derive(kind: Kind, id: string, fields: Fields | null, isNew = false): string[] {
		if (kind === 'account') return this.#deriveAccount(id, fields, isNew)
		if (kind === 'address') return this.#deriveAlias(id, fields)
		if (kind === 'group') return this.#deriveGroup(id, fields)
		if (kind === 'member') this.groups.deriveMember(id, fields)
		return []
	}

	#deriveAccount(id: string, fields: Fields | null, isNew: boolean): string[] {
		const sql = this.#sql
		const old = isNew ? null : this.row(id)
		const deleted = fields !== null && isDeleted(fields)
		const row = fields === null || deleted ? null : accountRow(id, fields)
		if (deleted) sql.gone.run(id, homeOf(fields.home?.[0]).node)
		else if (!isNew) sql.ungone.run(id)
		if (row) {
			const { address, domain, since, name, home, epoch, disabled, password_hash, created, unit } = row
			const to = row.merge_into
			sql.put.run(id, address, domain, since, name, home, epoch, disabled, password_hash, created, unit, to)
			this.tally.add(row, 1)
		} else if (old) sql.drop.run(id)
		if (old) this.tally.add(old, -1)
		const addresses: string[] = []
		if (row && row.address !== old?.address) {
			addresses.push(row.address)
			this.#contest(row.address)
		}
		if (old && old.address !== row?.address) this.#settle(old.address)
		if (old) addresses.push(old.address)
		return addresses
	}

	#deriveAlias(address: string, fields: Fields | null): string[] {
		const row = fields === null || isDeleted(fields) ? null : aliasRow(address, fields)
		if (row) {
			this.#sql.putAlias.run(address, row.domain, row.since, row.targets, row.created)
			this.#contest(address)
		} else {
			this.#sql.dropAlias.run(address)
			this.#settle(address)
		}
		return [address]
	}

	#deriveGroup(id: string, fields: Fields | null): string[] {
		const { old, row } = this.groups.derive(id, fields)
		if (row && row.address !== old?.address) this.#contest(row.address)
		if (old && old.address !== row?.address) this.#settle(old.address)
		return [row, old].flatMap(one => (one ? [one.address] : []))
	}

	/** There is a new claim on the address: is it the only one? */
	#contest(address: string): void {
		if (this.#claimsOn(address) < 2) return
		this.#contested.add(address)
		this.#sql.contest.run(address)
	}

	/** A claim on the address is gone: is it still contested? */
	#settle(address: string): void {
		if (!this.#contested.has(address)) return
		if (this.#claimsOn(address) > 1) return
		this.#contested.delete(address)
		this.#sql.settle.run(address)
	}

	#claimsOn(address: string): number {
		return this.#sql.claims.get(address)!.claims as number
	}

	counts(row: Owner): boolean {
		if (!this.#places.domains.has(row.domain)) return false
		return !('home' in row) || !this.#places.isRemoved(row.home)
	}

	/** An account that was not deleted, whether it counts or not. */
	row(id: string): AccountRow | null {
		const columns = this.#sql.byId.get(id) as AccountColumns | undefined
		return columns ? accountOf(columns) : null
	}

	/** Was it deleted while it lived at the node? */
	isGone(id: string, node: string): boolean {
		return this.#sql.isGone.get(id, node) !== undefined
	}

	/** Who has the (normal) address: by its claim, or as a substitute. One indexed read for an ordinary account. */
	holder(address: string): Claimant | null {
		if (this.#contested.has(address)) return this.#claimants(address)[0] ?? this.#substitute(address)
		const columns = this.#sql.byAddress.get(address) as AccountColumns | undefined
		if (columns) {
			const account = accountOf(columns)
			return this.counts(account) ? { account } : this.#substitute(address)
		}
		const alias = this.#sql.alias.get(address) as AliasRow | undefined
		if (alias && this.#places.domains.has(alias.domain)) return { alias }
		const [group] = this.groups.byAddress(address)
		return group && this.counts(group) ? { group } : this.#substitute(address)
	}

	/** Accounts whose owner may sign in with the address: its holder first, then those who lost it. */
	mayBe(address: string): Account[] {
		const found = new Map<string, AccountRow>()
		const holder = this.holder(address)
		if (holder?.account) found.set(holder.account.id, holder.account)
		if (this.#contested.has(address)) {
			for (const { account } of this.#claimants(address)) if (account) found.set(account.id, account)
		}
		return [...found.values()].map(row => this.view(row))
	}

	/** The account whose mail it is from now on: itself, or the one it becomes part of. */
	reached(row: AccountRow): AccountRow {
		return this.#becomes(row) ?? row
	}

	/**
	 * The account it becomes part of: the end of the way it was sent, where there may be others on it, told so on two
	 * sides of a cut, or become part of the next already and gone. The last that is there takes in all before it; where
	 * the way is a ring, that one of it with the smallest id. A matter of the records alone, so all nodes decide alike.
	 */
	#becomes(row: AccountRow): AccountRow | null {
		if (row.merge_into === '') return null
		const way: string[] = []
		let next = row.id
		while (next !== '' && !way.includes(next)) {
			way.push(next)
			next = this.#sentTo(next)
		}
		const ring = next === '' ? [] : way.splice(way.indexOf(next)).sort()
		for (const id of [...ring, ...way.reverse()]) {
			const one = this.row(id)
			if (one && this.counts(one)) return id === row.id ? null : one
		}
		return null
	}

	/** What an account was told to become part of, also one that is no more. */
	#sentTo(id: string): string {
		const row = this.row(id)
		if (row) return row.merge_into
		const record = this.#sql.record.get(id) as { fields: string } | undefined
		return record ? textOf(JSON.parse(record.fields) as Fields, 'mergeInto') : ''
	}

	/** Is an account about to become part of it? */
	takesIn(id: string): boolean {
		return this.merging().some(({ mergesInto }) => mergesInto === id)
	}

	/** Accounts that become part of another: all, or those that live at the node. There are few at a time. */
	merging(node?: string): Account[] {
		const rows = this.#sql.merging.all() as unknown[] as AccountColumns[]
		return rows
			.map(accountOf)
			.filter(row => (node === undefined || row.home === node) && this.counts(row))
			.map(row => this.view(row))
			.filter(({ mergesInto }) => mergesInto !== null)
	}

	/** As the outside sees it. */
	view(row: AccountRow): Account {
		const substitute = this.#instead(row)
		const mergesInto = this.#becomes(row)?.id ?? null
		return {
			id: row.id,
			address: substitute ?? row.address,
			claimed: row.address,
			conflict: substitute !== null,
			name: row.name,
			home: row.home,
			epoch: row.epoch,
			disabled: row.disabled === 1 || mergesInto !== null,
			unit: this.#units.living(row.unit),
			passwordHash: row.password_hash,
			created: row.created,
			mergesInto,
		}
	}

	viewGroup(row: GroupRow): Group {
		return groupOf(row, this.#instead(row))
	}

	/** The address of one that lost its own. */
	#instead(row: Owner): string | null {
		return this.#contested.has(row.address) && this.counts(row) ? this.#addressOfLoser(row) : null
	}

	/** Accounts and groups that lost the address they were made with. */
	conflicts(): { accounts: Account[]; groups: Group[] } {
		const losers = [...this.#contested].sort().flatMap(address => this.#losers(address))
		return {
			accounts: losers.flatMap(row => ('home' in row ? [this.view(row)] : [])),
			groups: losers.flatMap(row => ('home' in row ? [] : [this.viewGroup(row)])),
		}
	}

	/** The claims that count, the winner first. */
	#claimants(address: string): Claimant[] {
		const rows = (this.#sql.allByAddress.all(address) as unknown[] as AccountColumns[]).map(accountOf)
		const claims: Claimant[] = rows.filter(row => this.counts(row)).map(account => ({ account }))
		const groups = this.groups.byAddress(address).filter(row => this.counts(row))
		if (groups.length > 0) {
			claims.push(...groups.map(group => ({ group })))
			claims.sort((one, other) => (isEarlier(ownerOf(one)!, ownerOf(other)!) ? -1 : 1))
		}
		const alias = this.#sql.alias.get(address) as AliasRow | undefined
		if (!alias || !this.#places.domains.has(alias.domain)) return claims
		const later = claims.findIndex(one => ownerOf(one)!.since > alias.since)
		claims.splice(later < 0 ? claims.length : later, 0, { alias })
		return claims
	}

	#losers(address: string): Owner[] {
		return this.#claimants(address)
			.slice(1)
			.flatMap(one => ownerOf(one) ?? [])
	}

	#addressOfLoser(row: Owner): string | null {
		const losers = this.#losers(row.address)
		return losers.some(loser => loser.id === row.id) ? this.#substituteOf(row, losers) : null
	}

	/** The shortest that is neither claimed nor the substitute of another loser of the same address. */
	#substituteOf(row: Owner, losers: Owner[]): string {
		const at = row.address.lastIndexOf('@')
		const id = row.id.toLowerCase()
		for (let length = SUFFIX; ; length++) {
			const suffix = id.slice(-length)
			const address = `${row.address.slice(0, at)}.${suffix}${row.address.slice(at)}`
			if (length >= id.length) return address
			const shared = losers.some(other => other.id !== row.id && other.id.toLowerCase().endsWith(suffix))
			if (!shared && this.#claimants(address).length === 0) return address
		}
	}

	/** The reverse: `alice.x7k2@example.com` is a loser of `alice@example.com`, if there is such a one. */
	#substitute(address: string): Claimant | null {
		const at = address.lastIndexOf('@')
		const dot = address.lastIndexOf('.', at)
		if (dot < 1 || at - dot - 1 < SUFFIX) return null
		const claimed = address.slice(0, dot) + address.slice(at)
		if (!this.#contested.has(claimed)) return null
		const losers = this.#losers(claimed)
		const loser = losers.find(row => this.#substituteOf(row, losers) === address)
		return !loser ? null : 'home' in loser ? { account: loser } : { group: loser }
	}
}

function ownerOf({ account, group }: Claimant): Owner | undefined {
	return account ?? group
}

function isEarlier(one: Owner, other: Owner): boolean {
	return one.since === other.since ? one.id < other.id : one.since < other.since
}
