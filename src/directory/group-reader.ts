import { normalAddress } from '../message/index.ts'
import { DirectoryReader, normalDomain } from './reader.ts'
import type { Group } from './types.ts'

export type GroupFilter = {
	domain?: string
	/** Part of the address or the name. */
	search?: string
	/** Id or address of the last group of the page before. */
	after?: string
	limit?: number
	/** Only those whose address another has. */
	conflict?: boolean
}

const MOST_KEPT = 10_000

/** How a unit is named where a group is named by its address: this, and its path. */
const UNIT = 'unit:'

/** What can be asked of groups; what their addresses mean, `lookup` says. */
export class GroupReader extends DirectoryReader {
	#crowds = new Map<string, readonly string[]>()
	/** By the id of an account or group: aliases that are members somewhere and lead to it. */
	#memberAliases: Map<string, string[]> | null = null
	#crowdsAt = -1

	/** Sorted by the address they were made with. */
	groups({ domain, search, after, limit, conflict }: GroupFilter = {}): Group[] {
		const { claims } = this.file
		const last = after === undefined ? null : claims.groups.row(after)
		const [address, id] = last ? [last.address, last.id] : [normalAddress(after ?? ''), '\uffff']
		const part = search?.toLowerCase()
		const ours = domain === undefined ? undefined : normalDomain(domain)
		const found: Group[] = []
		for (const row of claims.groups.all()) {
			if (found.length >= (limit ?? Number.POSITIVE_INFINITY)) break
			if (!claims.counts(row) || (ours !== undefined && row.domain !== ours)) continue
			if (after !== undefined && (row.address < address || (row.address === address && row.id <= id)))
				continue
			if (part && !row.address.includes(part) && !row.name.toLowerCase().includes(part)) continue
			const group = claims.viewGroup(row)
			if (group.conflict || !conflict) found.push(group)
		}
		return found
	}

	/** Null also when its domain is gone. */
	group(id: string): Group | null {
		const { claims } = this.file
		const row = claims.groups.row(id)
		return row && claims.counts(row) ? claims.viewGroup(row) : null
	}

	/** By the address it has now; aliases are not followed. */
	groupByAddress(address: string): Group | null {
		const { claims } = this.file
		const group = claims.holder(normalAddress(address))?.group
		return group ? claims.viewGroup(group) : null
	}

	/** Addresses, as they were added, ascending: of accounts, aliases, other groups, or outside. */
	membersOf(group: string): string[] {
		return this.file.claims.groups.members(group)
	}

	countMembers(group: string): number {
		return this.file.claims.groups.countMembers(group)
	}

	/** Groups that name the address as a member. */
	groupsWith(address: string): Group[] {
		return this.file.claims.groups.of(normalAddress(address)).flatMap(id => this.group(id) ?? [])
	}

	/** A group by its address, or a unit by `unit:` and its path: its id. */
	crowdNamed(name: string): string | null {
		if (name.startsWith(UNIT)) {
			const path = name.slice(UNIT.length)
			return this.units().find(unit => unit.path === path)?.id ?? null
		}
		const found = this.lookup(name)
		return found.is === 'group' ? found.group.id : null
	}

	/** How a group or unit is named now; null when it is no more. */
	crowdName(id: string): string | null {
		const unit = this.unit(id)
		return unit ? UNIT + unit.path : (this.group(id)?.address ?? null)
	}

	/** Ids of the groups and units an account is in, through groups, aliases and units too. Kept until the directory changes. */
	crowdsOf(account: string): readonly string[] {
		if (this.#crowdsAt !== this.file.changes || this.#crowds.size > MOST_KEPT) {
			this.#crowds.clear()
			this.#memberAliases = null
			this.#crowdsAt = this.file.changes
		}
		let crowds = this.#crowds.get(account)
		if (!crowds) this.#crowds.set(account, (crowds = this.#findCrowds(account)))
		return crowds
	}

	#findCrowds(id: string): string[] {
		const account = this.account(id)
		if (!account) return []
		const { groups } = this.file.claims
		const aliases = (this.#memberAliases ??= this.#findMemberAliases())
		const found = new Set<string>()
		const names = [account.address, ...(aliases.get(id) ?? [])]
		for (const name of names) {
			for (const group of groups.of(name)) {
				const address = found.has(group) ? null : this.group(group)?.address
				if (!address) continue
				found.add(group)
				names.push(address, ...(aliases.get(group) ?? []))
			}
		}
		return [...found, ...this.unitPath(account.unit).map(unit => unit.id)]
	}

	#findMemberAliases(): Map<string, string[]> {
		const found = new Map<string, string[]>()
		const rows = this.file.db
			.prepare('SELECT DISTINCT address FROM member WHERE address IN (SELECT address FROM alias)')
			.all()
		for (const row of rows) {
			const address = row.address as string
			const resolved = this.lookup(address)
			const ids =
				resolved.is === 'alias'
					? resolved.accounts.map(({ id }) => id)
					: resolved.is === 'group'
						? [resolved.group.id]
						: []
			for (const id of ids) found.set(id, [...(found.get(id) ?? []), address])
		}
		return found
	}

	/** Groups that lost the address they were made with to an earlier claim. */
	conflictingGroups(): Group[] {
		return this.file.claims.conflicts().groups
	}
}
