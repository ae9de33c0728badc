import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isDeleted, listOf, numberOf, textOf } from './records.ts'
import { type Fields, GROUP_SENDERS, type Group, type GroupSenders } from './types.ts'

export type GroupRow = {
	id: string
	address: string
	domain: string
	since: string
	name: string
	senders: string
	named: string
	owner: string
	created: number
}

/** The record of a member: one for each, so that what two sides of a cut add and remove meets as it should. */
export function memberId(group: string, address: string): string {
	return `${group} ${address}`
}

/** Groups and their members, derived from the records. Who has which address is for claims.ts to say. */
export class Groups {
	#db: DatabaseSync
	#sql: Record<
		| 'byId'
		| 'byAddress'
		| 'put'
		| 'drop'
		| 'putMember'
		| 'dropMember'
		| 'members'
		| 'count'
		| 'isMember'
		| 'of',
		StatementSync
	>

	constructor(db: DatabaseSync) {
		this.#db = db
		this.#sql = {
			byId: db.prepare('SELECT * FROM mail_group WHERE id = ?'),
			byAddress: db.prepare('SELECT * FROM mail_group WHERE address = ? ORDER BY since, id'),
			put: db.prepare('INSERT OR REPLACE INTO mail_group VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
			drop: db.prepare('DELETE FROM mail_group WHERE id = ?'),
			putMember: db.prepare('INSERT OR IGNORE INTO member VALUES (?, ?)'),
			dropMember: db.prepare('DELETE FROM member WHERE mail_group = ? AND address = ?'),
			members: db.prepare('SELECT address FROM member WHERE mail_group = ? ORDER BY address'),
			count: db.prepare('SELECT count(*) AS count FROM member WHERE mail_group = ?'),
			isMember: db.prepare('SELECT 1 FROM member WHERE mail_group = ? AND address = ?'),
			of: db.prepare('SELECT mail_group FROM member WHERE address = ?'),
		}
	}

	row(id: string): GroupRow | null {
		return (this.#sql.byId.get(id) as GroupRow | undefined) ?? null
	}

	/** All that claim the address, the earliest first. */
	byAddress(address: string): GroupRow[] {
		return this.#sql.byAddress.all(address) as GroupRow[]
	}

	all(): GroupRow[] {
		return this.#db.prepare('SELECT * FROM mail_group ORDER BY address, id').all() as GroupRow[]
	}

	/** As they were given, ascending. */
	members(id: string): string[] {
		return this.#sql.members.all(id).map(row => row.address as string)
	}

	countMembers(id: string): number {
		return this.#sql.count.get(id)!.count as number
	}

	isMember(id: string, address: string): boolean {
		return this.#sql.isMember.get(id, address) !== undefined
	}

	/** Ids of the groups that name the address as a member. */
	of(address: string): string[] {
		return this.#sql.of.all(address).map(row => row.mail_group as string)
	}

	/** Returns the row as it was and as it is. */
	derive(id: string, fields: Fields | null): { old: GroupRow | null; row: GroupRow | null } {
		const old = this.row(id)
		const row = fields === null || isDeleted(fields) ? null : groupRow(id, fields)
		if (row) {
			const { address, domain, since, name, senders, named, owner, created } = row
			this.#sql.put.run(id, address, domain, since, name, senders, named, owner, created)
		} else if (old) this.#sql.drop.run(id)
		return { old, row }
	}

	deriveMember(id: string, fields: Fields | null): void {
		const space = id.indexOf(' ')
		const [group, address] = [id.slice(0, space), id.slice(space + 1)]
		if (fields === null || isDeleted(fields)) this.#sql.dropMember.run(group, address)
		else this.#sql.putMember.run(group, address)
	}
}

function groupRow(id: string, fields: Fields): GroupRow | null {
	const address = textOf(fields, 'address')
	const at = address.lastIndexOf('@')
	if (at < 1) return null
	return {
		id,
		address,
		domain: address.slice(at + 1),
		since: fields.address![1],
		name: textOf(fields, 'name'),
		senders: textOf(fields, 'senders'),
		named: JSON.stringify(listOf(fields, 'named')),
		owner: textOf(fields, 'owner'),
		created: numberOf(fields, 'created'),
	}
}

/** @param substitute the address it has instead, when it lost its own */
export function groupOf(row: GroupRow, substitute: string | null): Group {
	const senders = row.senders as GroupSenders
	return {
		id: row.id,
		address: substitute ?? row.address,
		claimed: row.address,
		conflict: substitute !== null,
		name: row.name,
		// What a newer version calls by another name lets in nobody that this one would not.
		senders: GROUP_SENDERS.includes(senders) ? senders : 'named',
		named: JSON.parse(row.named) as string[],
		owner: row.owner,
		created: row.created,
	}
}
