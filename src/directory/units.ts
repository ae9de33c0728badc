import type { DatabaseSync } from 'node:sqlite'
import { isDeleted, listOf, numberOf, textOf } from './records.ts'
import type { Fields } from './types.ts'

/** From the widest to the narrowest: a unit stands below one of its own kind or a wider one. */
export const UNIT_KINDS = ['group', 'company', 'branch', 'department'] as const
export type UnitKind = (typeof UNIT_KINDS)[number]

/** What those who belong to a unit may; null = no limit. */
export type Limits = {
	/** Octets and messages an account may hold. */
	storage: number | null
	messages: number | null
	/** Accounts in the unit and all below it. */
	accounts: number | null
	/** Recipients of one message that is sent. */
	recipients: number | null
	/** Octets of one message that is sent. */
	messageSize: number | null
	/** May mail be sent to addresses that are not ours? */
	outside: boolean
}

/** A group of companies, a company, a branch, a department: a part of the organisation that accounts belong to. */
export type Unit = {
	id: string
	name: string
	kind: UnitKind
	/** Null at the top. */
	parent: string | null
	/** Names from the top down, with `/` between. */
	path: string
	/** Its own; what holds is `limitsOf` its path. */
	limits: Limits
	created: number
}

export const NO_LIMITS: Limits = {
	storage: null,
	messages: null,
	accounts: null,
	recipients: null,
	messageSize: null,
	outside: true,
}

export const LIMIT_NUMBERS = ['storage', 'messages', 'accounts', 'recipients', 'messageSize'] as const

/** What holds at the end of a path of units: the tightest of each. A lower level can only tighten. */
export function limitsOf(path: readonly Limits[]): Limits {
	const out = { ...NO_LIMITS }
	for (const limits of path) {
		for (const name of LIMIT_NUMBERS) out[name] = tighter(out[name], limits[name])
		out.outside &&= limits.outside
	}
	return out
}

export function tighter(one: number | null, other: number | null): number | null {
	return one === null ? other : other === null ? one : Math.min(one, other)
}

/**
 * Who stands below whom. `parent` is written as [new, the one before]: two moves on two sides of a cut may each be
 * right and together a circle. Parents are taken up in the order they were written; one that would close a circle is
 * not, nor one nobody here has heard of: then the one before holds, else the unit stands at the top. A matter of the
 * records alone, so all nodes decide alike.
 */
export function parentsOf(records: ReadonlyMap<string, Fields>): Map<string, string | null> {
	const parents = new Map<string, string | null>()
	const written = (id: string) => records.get(id)!.parent?.[1] ?? ''
	const byAge = [...records.keys()].sort((a, b) =>
		written(a) !== written(b) ? (written(a) < written(b) ? -1 : 1) : a < b ? -1 : 1,
	)
	const leadsTo = (from: string, id: string) => {
		for (let at: string | null = from; at !== null; at = parents.get(at) ?? null) if (at === id) return true
		return false
	}
	for (const id of byAge) {
		const wished = listOf(records.get(id)!, 'parent')
		const parent = wished.find(one => one === '' || (records.has(one) && !leadsTo(one, id)))
		parents.set(id, parent || null)
	}
	return parents
}

/** All units, in memory: there are few, and every sign of an account asks. */
export class Units {
	#db: DatabaseSync
	#read: {
		all: Map<string, Unit>
		living: Map<string, string>
		parents: Map<string, string | null>
		/** What holds for each, once it was asked. */
		limits: Map<string, Limits>
	} | null = null

	constructor(db: DatabaseSync) {
		this.#db = db
	}

	/** A unit changed, or a transaction was undone: read anew when next asked. */
	forget(): void {
		this.#read = null
	}

	/** Those that were not removed. */
	get all(): ReadonlyMap<string, Unit> {
		return (this.#read ??= this.#load()).all
	}

	/** What belonged to a unit that was removed belongs to the one above it; '' = to none. */
	living(id: string): string {
		return id === '' ? '' : ((this.#read ??= this.#load()).living.get(id) ?? '')
	}

	/** From the top down to the unit itself; empty for ''. */
	path(id: string): Unit[] {
		const path: Unit[] = []
		for (let at = this.all.get(this.living(id)); at; at = at.parent ? this.all.get(at.parent) : undefined)
			path.unshift(at)
		return path
	}

	limits(id: string): Limits {
		if (id === '') return NO_LIMITS
		const { limits } = (this.#read ??= this.#load())
		let known = limits.get(id)
		if (!known) limits.set(id, (known = limitsOf(this.path(id).map(unit => unit.limits))))
		return known
	}

	/** Ids of a unit and all below it, those that were removed included: accounts may still name them. */
	within(id: string): Set<string> {
		const { parents } = (this.#read ??= this.#load())
		const inside = new Map<string, boolean>([[id, true]])
		const isInside = (at: string): boolean => {
			let known = inside.get(at)
			if (known === undefined) {
				const parent = parents.get(at)
				inside.set(at, (known = typeof parent === 'string' && isInside(parent)))
			}
			return known
		}
		return new Set([...parents.keys(), id].filter(isInside))
	}

	#load() {
		const rows = this.#db.prepare("SELECT id, fields FROM record WHERE kind = 'unit' ORDER BY id").all()
		const records = new Map(
			rows.map(row => [row.id as string, JSON.parse(row.fields as string) as Fields] as const),
		)
		const parents = parentsOf(records)
		const living = new Map<string, string>()
		const livingOf = (id: string | null): string => {
			let at = id
			while (at !== null && isDeleted(records.get(at)!)) at = parents.get(at) ?? null
			return at ?? ''
		}
		for (const id of records.keys()) living.set(id, livingOf(id))
		const all = new Map<string, Unit>()
		const make = (id: string): Unit => {
			const known = all.get(id)
			if (known) return known
			const above = livingOf(parents.get(id) ?? null)
			const path = above ? `${make(above).path}/` : ''
			const unit = unitOf(id, records.get(id)!, above || null, path)
			all.set(id, unit)
			return unit
		}
		for (const [id, fields] of records) if (!isDeleted(fields)) make(id)
		return { all, living, parents, limits: new Map<string, Limits>() }
	}
}

function unitOf(id: string, fields: Fields, parent: string | null, above: string): Unit {
	const kind = textOf(fields, 'kind') as UnitKind
	const limit = (name: string) => {
		const value = fields[name]?.[0]
		return typeof value === 'number' ? value : null
	}
	return {
		id,
		name: textOf(fields, 'name'),
		kind: UNIT_KINDS.includes(kind) ? kind : 'department',
		parent,
		path: above + textOf(fields, 'name'),
		limits: {
			storage: limit('storage'),
			messages: limit('messages'),
			accounts: limit('accounts'),
			recipients: limit('recipients'),
			messageSize: limit('messageSize'),
			outside: fields.outside?.[0] !== false,
		},
		created: numberOf(fields, 'created'),
	}
}
