import { normalAddress } from '../message/index.ts'
import type { Group } from './groups.ts'
import { DirectoryReader, normalDomain } from './reader.ts'

export type GroupFilter = {
	domain?: string
	/** Part of the address or the name. */
	search?: string
	/** Id or address of the last group of the page before. */
	after?: string
	limit?: number
}

/** What can be asked of groups; what their addresses mean, `lookup` says. */
export class GroupReader extends DirectoryReader {
	/** Sorted by the address they were made with. */
	groups({ domain, search, after, limit }: GroupFilter = {}): Group[] {
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
			found.push(claims.viewGroup(row))
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

	/** Groups that lost the address they were made with to an earlier claim. */
	conflictingGroups(): Group[] {
		return this.file.claims.conflicts().groups
	}
}
