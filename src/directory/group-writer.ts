import { setImmediate } from 'node:timers/promises'
import { newId } from '../kit/index.ts'
import { normalAddress } from '../message/index.ts'
import { DirectoryError } from './error.ts'
import { type GroupRow, memberId } from './groups.ts'
import { listOf } from './records.ts'
import type { Group, GroupSenders, Value } from './types.ts'
import { UnitWriter } from './unit-writer.ts'
import { validAddress } from './writer.ts'

export type GroupSettings = { name?: string; senders?: GroupSenders; named?: string[]; owner?: string }
export type NewGroup = GroupSettings & { address: string }

const BATCH = 200
// A list of those who may send travels as a whole; more than this is a group of its own.
const MOST_NAMED = 1000

/** Distribution lists: written at any node, each member by itself. @throws DirectoryError */
export abstract class GroupWriter extends UnitWriter {
	addGroup({ address, ...settings }: NewGroup): Group {
		const created = this.now()
		const values = {
			name: '',
			senders: 'anyone',
			named: [],
			owner: '',
			...this.#checkedSettings(settings),
			address: this.free(address),
			created,
		}
		const id = newId(created)
		this.write(() => this.put('group', id, values))
		return this.group(id)!
	}

	editGroup(id: string, settings: GroupSettings): Group {
		this.#living(id)
		const values = this.#checkedSettings(settings)
		if (Object.keys(values).length > 0) this.write(() => this.put('group', id, values))
		return this.group(id)!
	}

	/** Also settles a conflict. Its own substitute may become its own address. */
	renameGroup(id: string, address: string): void {
		const row = this.#living(id)
		const normal = normalAddress(address)
		if (normal === row.address && !this.group(id)?.conflict) return
		const free = this.group(id)?.address === normal ? normal : this.free(address)
		this.write(() => this.put('group', id, { address: free }))
	}

	removeGroup(id: string): void {
		this.#living(id)
		this.write(() => this.put('group', id, { deleted: true }))
	}

	/**
	 * A few hundred in a transaction, others get their turn between. Those that were members already are left alone.
	 * @returns how many are members now that were not
	 */
	async addMembers(id: string, addresses: string[]): Promise<number> {
		const { address } = this.#living(id)
		const valid = [...new Set(addresses.map(validAddress))].filter(one => one !== address)
		const { groups } = this.file.claims
		return this.#writeMembers(id, valid, one => !groups.isMember(id, one), { deleted: false })
	}

	/** @returns how many were members and are not any more */
	async removeMembers(id: string, addresses: string[]): Promise<number> {
		this.#living(id)
		const normal = [...new Set(addresses.map(one => normalAddress(one)))]
		const { groups } = this.file.claims
		return this.#writeMembers(id, normal, one => groups.isMember(id, one), { deleted: true })
	}

	/** Groups and aliases that name the account name it by its new address. */
	override renameAccount(id: string, address: string): void {
		const before = this.account(id)?.address
		super.renameAccount(id, address)
		const after = this.account(id)?.address
		if (before !== undefined && after !== undefined && before !== after) this.#replace(before, after)
	}

	/** It is no member any more: whoever has its address one day is somebody else. */
	override removeAccount(id: string): void {
		const address = this.account(id)?.address
		super.removeAccount(id)
		if (address === undefined) return
		const groups = this.file.claims.groups.of(address)
		if (groups.length === 0) return
		this.write(() => {
			for (const group of groups) this.put('member', memberId(group, address), { deleted: true })
		})
	}

	/** Where it was named the other is named. */
	override merged(id: string): void {
		const account = this.account(id)
		super.merged(id)
		const target = account?.mergesInto && this.account(account.mergesInto)
		if (account && target) this.#replace(account.address, target.address)
	}

	#replace(before: string, after: string): void {
		const { groups } = this.file.claims
		const renamed = (list: string[]) => list.map(one => (one === before ? after : one))
		const naming = this.file.db.prepare('SELECT address FROM alias WHERE instr(targets, ?) > 0')
		const aliases = naming.all(JSON.stringify(before)).map(row => row.address as string)
		this.write(() => {
			for (const group of groups.of(before)) {
				this.put('member', memberId(group, before), { deleted: true })
				this.put('member', memberId(group, after), { deleted: false })
			}
			for (const { id, owner, named } of groups.all()) {
				const list = JSON.parse(named) as string[]
				if (owner === before) this.put('group', id, { owner: after })
				if (list.includes(before)) this.put('group', id, { named: renamed(list) })
			}
			for (const address of aliases) {
				const targets = listOf(this.file.get('address', address)!, 'targets')
				if (targets.includes(before))
					this.put('address', address, { targets: [...new Set(renamed(targets))] })
			}
		})
	}

	async #writeMembers(
		group: string,
		addresses: string[],
		isNews: (address: string) => boolean,
		values: Record<string, Value>,
	): Promise<number> {
		let written = 0
		for (let at = 0; at < addresses.length; at += BATCH) {
			if (at > 0) await setImmediate()
			const news = addresses.slice(at, at + BATCH).filter(isNews)
			written += news.length
			if (news.length === 0) continue
			this.write(() => {
				for (const one of news) this.put('member', memberId(group, one), values)
			})
		}
		return written
	}

	#checkedSettings({ name, senders, named, owner }: GroupSettings): Record<string, Value> {
		const values: Record<string, Value> = {}
		if (name !== undefined) values.name = name.trim()
		if (senders !== undefined) values.senders = senders
		if (named !== undefined) {
			if (named.length > MOST_NAMED) {
				const words = `${named.length} addresses that may send are too many (${MOST_NAMED}); name a group of them instead`
				throw new DirectoryError('limit', words)
			}
			values.named = [...new Set(named.map(validAddress))]
		}
		if (owner !== undefined) values.owner = owner === '' ? '' : validAddress(owner)
		return values
	}

	#living(id: string): GroupRow {
		const row = this.file.claims.groups.row(id)
		if (!row) throw new DirectoryError('nonexistent', 'there is no such group')
		return row
	}
}
