import { type ComputedRef, computed, type ShallowRef, shallowRef } from 'vue'
import { t, te } from '../../shared/i18n.ts'
import { type Jmap, refuse } from '../jmap/client.ts'
import type { Id, Mailbox, Role } from '../jmap/types.ts'

export type Branch = { mailbox: Mailbox; depth: number; children: number }

const FIRST: Role[] = ['inbox', 'drafts', 'sent', 'archive', 'junk', 'trash']

/** The folders of the account, as they are now. */
export class Mailboxes {
	readonly byId: ShallowRef<ReadonlyMap<Id, Mailbox>> = shallowRef(new Map())
	/** As they are shown: those with a role first, below each its own. */
	readonly tree: ComputedRef<Branch[]>
	readonly #jmap: Jmap

	constructor(jmap: Jmap) {
		this.#jmap = jmap
		this.tree = computed(() => branches([...this.byId.value.values()]))
	}

	async load(): Promise<void> {
		const { list } = await this.#jmap.call<{ list: Mailbox[] }>('Mailbox/get', { ids: null })
		this.byId.value = new Map(list.map(mailbox => [mailbox.id, mailbox]))
	}

	get(id: Id): Mailbox | undefined {
		return this.byId.value.get(id)
	}

	withRole(role: Role): Mailbox | undefined {
		for (const mailbox of this.byId.value.values()) if (mailbox.role === role) return mailbox
		return undefined
	}

	async create(name: string, parentId: Id | null): Promise<Id> {
		const { created } = await this.#jmap.set('Mailbox/set', { create: { new: { name, parentId } } })
		await this.load()
		return created!.new!.id
	}

	async change(id: Id, patch: Partial<Pick<Mailbox, 'name' | 'parentId'>>): Promise<void> {
		await this.#jmap.set('Mailbox/set', { update: { [id]: patch } })
		await this.load()
	}

	/** With the mail in it. */
	async destroy(id: Id): Promise<void> {
		const answer = await this.#jmap.call<Record<string, unknown>>('Mailbox/set', {
			destroy: [id],
			onDestroyRemoveEmails: true,
		})
		refuse(answer)
		await this.load()
	}
}

/** A folder's name in the language of the page, where it is one everybody has. */
export function nameOf({ role, name }: Pick<Mailbox, 'role' | 'name'>): string {
	return role && te(`mail.role.${role}`) ? t(`mail.role.${role}`) : name
}

function branches(all: Mailbox[]): Branch[] {
	const below = new Map<Id | null, Mailbox[]>()
	const known = new Set(all.map(each => each.id))
	for (const mailbox of all) {
		const parent = mailbox.parentId !== null && known.has(mailbox.parentId) ? mailbox.parentId : null
		below.set(parent, [...(below.get(parent) ?? []), mailbox])
	}
	const found: Branch[] = []
	const walk = (parent: Id | null, depth: number) => {
		for (const mailbox of (below.get(parent) ?? []).toSorted(order)) {
			found.push({ mailbox, depth, children: below.get(mailbox.id)?.length ?? 0 })
			walk(mailbox.id, depth + 1)
		}
	}
	walk(null, 0)
	return found
}

function order(one: Mailbox, other: Mailbox): number {
	return rank(one) - rank(other) || one.sortOrder - other.sortOrder || one.name.localeCompare(other.name)
}

function rank({ role }: Mailbox): number {
	const at = role === null ? -1 : FIRST.indexOf(role)
	return at < 0 ? FIRST.length : at
}
