import { normalAddress } from '../message/index.ts'
import type { DkimKey } from './dkim.ts'
import type { DirectoryFile } from './file.ts'
import type { GroupRow } from './groups.ts'
import type { NodeRecord } from './places.ts'
import { type Quota, type QuotaSettings, quotaOf, quotaSettings } from './quota.ts'
import { textOf } from './records.ts'
import { type AccountColumns, type AccountRow, type AliasRow, accountOf, aliasOf } from './rows.ts'
import type { Account, Alias, Members, NodeInfo, Resolved, Value } from './types.ts'
import type { Limits, Unit } from './units.ts'

const DEEPEST = 10

// Addresses whose meaning is kept until the directory changes.
const MOST_KEPT = 2000

export type AccountFilter = {
	node?: string
	domain?: string
	/** Id of a unit: those who belong to it or to one below it; '' = to none. */
	unit?: string
	/** Part of the address or the name. */
	search?: string
	disabled?: boolean
	/** Whose address somebody else claims too. */
	contested?: true
	/** Id of the last account of the page before (or an address). */
	after?: string
	limit?: number
	/** Instead of the living: those whose home was removed or whose domain is gone. `setHome` brings them back. */
	dormant?: boolean
}

/** What can be asked. Every answer comes from this node's file, at once. */
export class DirectoryReader {
	protected file: DirectoryFile
	#self: string
	#kept = new Map<string, Resolved>()
	#quotas = new Map<string, Quota>()
	#keptAt = -1

	constructor(file: DirectoryFile, self: string) {
		this.file = file
		this.#self = self
	}

	/** This node's id. */
	get self(): string {
		return this.#self
	}

	protected set self(node: string) {
		this.#self = node
	}

	/** What an address means: one indexed read for an ordinary account; the same mail asks more than once, so it is kept. */
	lookup(address: string): Resolved {
		this.#fresh()
		let resolved = this.#kept.get(address)
		if (!resolved) this.#kept.set(address, (resolved = this.#resolve(address)))
		return resolved
	}

	#fresh(): void {
		this.file.holdForReading()
		if (this.#keptAt === this.file.changes && this.#kept.size + this.#quotas.size < MOST_KEPT) return
		this.#kept.clear()
		this.#quotas.clear()
		this.#keptAt = this.file.changes
	}

	#resolve(address: string): Resolved {
		const normal = normalAddress(address)
		const domain = domainOf(normal)
		if (!this.file.places.domains.has(domain)) return domain ? { is: 'foreign', domain } : { is: 'unknown' }
		const holder = this.file.claims.holder(normal)
		if (!holder) return { is: 'unknown' }
		if (holder.account) return { is: 'account', account: this.#reached(holder.account) }
		return holder.group ? this.#resolveGroup(holder.group) : this.#resolveAlias(holder.alias)
	}

	#resolveGroup(row: GroupRow): Resolved {
		let found: Members | null = null
		const look = () =>
			(found ??= this.#follow(row.address, this.file.claims.groups.members(row.id), Number.POSITIVE_INFINITY))
		return {
			is: 'group',
			group: this.file.claims.viewGroup(row),
			get members() {
				return look()
			},
		}
	}

	/** Those that lead nowhere are passed over; if all do, nobody has the address. Another name of a group is the group. */
	#resolveAlias(alias: AliasRow): Resolved {
		const { targets } = aliasOf(alias)
		if (targets.length === 1) {
			const holder = this.file.claims.holder(normalAddress(targets[0]!))
			if (holder?.group) return this.#resolveGroup(holder.group)
		}
		const { accounts, foreign } = this.#follow(alias.address, targets, DEEPEST)
		if (accounts.length === 0 && foreign.length === 0) return { is: 'unknown' }
		return { is: 'alias', accounts, foreign }
	}

	#reached(row: AccountRow): Account {
		return this.file.claims.view(this.file.claims.reached(row))
	}

	/** Aliases may name aliases, groups may name groups: each is followed once, so circles end. */
	#follow(address: string, targets: string[], deepest: number): Members {
		const { places, claims } = this.file
		const accounts = new Map<string, Account>()
		const foreign = new Set<string>()
		const seen = new Set([address])
		let level = targets
		for (let depth = 0; depth < deepest && level.length > 0; depth++) {
			const deeper: string[] = []
			for (const target of level) {
				const normal = normalAddress(target)
				if (seen.has(normal)) continue
				seen.add(normal)
				if (!places.domains.has(domainOf(normal))) {
					foreign.add(target)
					continue
				}
				const holder = claims.holder(normal)
				if (holder?.account) {
					const account = this.#reached(holder.account)
					accounts.set(account.id, account)
				} else if (holder?.group)
					for (const member of claims.groups.members(holder.group.id)) deeper.push(member)
				else if (holder) deeper.push(...aliasOf(holder.alias).targets)
			}
			level = deeper
		}
		return { accounts: [...accounts.values()], foreign: [...foreign] }
	}

	/** Null also when its home was removed or its domain is gone. */
	account(id: string): Account | null {
		const row = this.file.claims.row(id)
		return row && this.file.claims.counts(row) ? this.file.claims.view(row) : null
	}

	/** By the address it has now: its own, or its substitute. Aliases are not followed. */
	accountByAddress(address: string): Account | null {
		const holder = this.file.claims.holder(normalAddress(address))
		return holder?.account ? this.file.claims.view(holder.account) : null
	}

	/** Sorted by the address they were made with. */
	accounts(filter: AccountFilter = {}): Account[] {
		const found: Account[] = []
		for (const account of this.eachAccount(filter)) found.push(account)
		return found
	}

	/** The same, one by one. Nothing may be written until it has ended. */
	*eachAccount(filter: AccountFilter = {}): Generator<Account> {
		const { claims, db } = this.file
		const where: string[] = []
		const values: string[] = []
		if (filter.node !== undefined) where.push('home = ?') && values.push(filter.node)
		if (filter.domain !== undefined) where.push('domain = ?') && values.push(normalDomain(filter.domain))
		if (filter.unit !== undefined)
			where.push('unit IN (SELECT value FROM json_each(?))') &&
				values.push(JSON.stringify(this.#unitsWithin(filter.unit)))
		if (filter.disabled !== undefined) where.push(`disabled = ${filter.disabled ? 1 : 0}`)
		if (filter.contested) where.push('address IN (SELECT address FROM contested)')
		if (filter.after !== undefined)
			where.push('(address, id) > (?, ?)') && values.push(...this.#position(filter.after))
		if (filter.search) {
			const part = filter.search.toLowerCase()
			where.push('(instr(address, ?) > 0 OR instr(lower(name), ?) > 0)') && values.push(part, part)
		}
		const statement = db.prepare(
			`SELECT * FROM account ${where.length ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY address, id`,
		)
		statement.setReturnArrays(true)
		let left = filter.limit ?? Number.POSITIVE_INFINITY
		if (left <= 0) return
		for (const columns of statement.iterate(...values)) {
			const row = accountOf(columns as unknown as AccountColumns)
			if (claims.counts(row) === (filter.dormant ?? false)) continue
			yield claims.view(row)
			if (--left <= 0) return
		}
	}

	/** Where a page begins. A deleted account's record still says where it was. */
	#position(after: string): [address: string, id: string] {
		if (after.includes('@')) return [normalAddress(after), '\uffff']
		const fields = this.file.get('account', after)
		return [fields ? textOf(fields, 'address') : '', after]
	}

	/** Counted beforehand: costs nothing. */
	countAccounts({ node, domain, unit }: { node?: string; domain?: string; unit?: string } = {}): number {
		const { places, claims } = this.file
		const normal = domain === undefined ? undefined : normalDomain(domain)
		return claims.tally.sum(
			(home, theirs) =>
				(node === undefined || home === node) &&
				(normal === undefined || theirs === normal) &&
				places.domains.has(theirs) &&
				!places.isRemoved(home),
			...(unit === undefined ? [] : [this.#unitsWithin(unit)]),
		)
	}

	/** Sorted so that each follows the one it stands below. */
	units(): Unit[] {
		const place = ({ path }: Unit) => path.replaceAll('/', '\0')
		return [...this.file.units.all.values()].sort((a, b) => (place(a) < place(b) ? -1 : 1))
	}

	unit(id: string): Unit | null {
		return this.file.units.all.get(id) ?? null
	}

	/** From the top down to the unit itself; empty for ''. */
	unitPath(id: string): Unit[] {
		return this.file.units.path(id)
	}

	/** What the owner of an account may, by the unit it belongs to and those above. */
	limitsOf(account: string): Limits {
		return this.file.units.limits(this.file.claims.row(account)?.unit ?? '')
	}

	/** How much mail an account may hold. One indexed read, kept until the directory changes. */
	quotaOf(account: string): Quota {
		this.#fresh()
		let quota = this.#quotas.get(account)
		if (!quota) {
			const fields = this.file.get('account', account)
			const domain = fields && this.file.get('domain', domainOf(textOf(fields, 'address')))
			quota = quotaOf(quotaSettings(fields), quotaSettings(domain), this.limitsOf(account))
			this.#quotas.set(account, quota)
		}
		return quota
	}

	quotaSetting(account: string): QuotaSettings {
		return quotaSettings(this.file.get('account', account))
	}

	domainQuota(domain: string): QuotaSettings {
		return quotaSettings(this.file.get('domain', normalDomain(domain)))
	}

	limitsOfUnit(unit: string): Limits {
		return this.file.units.limits(unit)
	}

	/** Those that were removed too. What belongs to none may also name a unit nobody here has heard of. */
	#unitsWithin(unit: string): string[] {
		const { units, claims } = this.file
		if (unit !== '') return [...units.within(unit)]
		return [...claims.tally.units()].filter(one => units.living(one) === '')
	}

	/** Accounts that lost the address they were made with to an earlier claim. */
	conflicts(): Account[] {
		return this.file.claims.conflicts().accounts
	}

	/** Accounts of this node whose mail is to go to another account. */
	merging(): Account[] {
		return this.file.claims.merging(this.self)
	}

	/** Would a merge be torn in two without the node? One of the two lives there, the other does not. */
	mergesAcross(node: string): boolean {
		return this.file.claims
			.merging()
			.some(({ home, mergesInto }) => (home === node) !== (this.account(mergesInto!)?.home === node))
	}

	/** Ids of deleted accounts that lived here: their mail can go. */
	deletedAccounts(): string[] {
		const rows = this.file.db.prepare('SELECT id FROM gone WHERE home = ?').all(this.self)
		return rows.map(row => row.id as string)
	}

	domains(): string[] {
		return [...this.file.places.domains]
	}

	isOurDomain(domain: string): boolean {
		const { domains } = this.file.places
		return domains.has(domain) || domains.has(normalDomain(domain))
	}

	/** All that were not removed, this one included. */
	nodes(): NodeInfo[] {
		return this.nodeRecords().flatMap(({ removed, ...node }) => (removed ? [] : [node]))
	}

	nodeRecords(): NodeRecord[] {
		return [...this.file.places.nodes.values()].map(node => ({ ...node }))
	}

	aliases(): Alias[] {
		const rows = this.file.db.prepare('SELECT * FROM alias ORDER BY address').all() as AliasRow[]
		return rows.filter(row => this.file.places.domains.has(row.domain)).map(aliasOf)
	}

	/** What a domain signs with, and what is or was to be published: the first one signs. */
	dkimKeys(domain: string): DkimKey[] {
		const keys = this.isOurDomain(domain) ? this.file.places.dkim.get(normalDomain(domain)) : null
		return keys ? [...keys] : []
	}

	getPolicy(name: string): Value | undefined {
		return this.file.places.policies.get(name)
	}
}

export function domainOf(address: string): string {
	return address.slice(address.lastIndexOf('@') + 1 || address.length)
}

/** A domain as it stands in normal addresses. */
export function normalDomain(domain: string): string {
	return domainOf(normalAddress(`x@${domain.trim()}`))
}
