import type { DatabaseSync } from 'node:sqlite'
import { type DkimKey, dkimKeyOf } from './dkim.ts'
import { isDeleted, numberOf, textOf } from './records.ts'
import type { Fields, Kind, NodeInfo, Value } from './types.ts'

export type NodeRecord = NodeInfo & { removed: boolean }

/** What there is little of and is asked all the time, in memory: domains, nodes, policies, keys. */
export class Places {
	#db: DatabaseSync
	#read: {
		domains: Set<string>
		nodes: Map<string, NodeRecord>
		policies: Map<string, Value>
		dkim: Map<string, DkimKey[]>
	} | null = null

	constructor(db: DatabaseSync) {
		this.#db = db
	}

	get domains(): ReadonlySet<string> {
		return (this.#read ??= this.#load()).domains
	}
	get nodes(): ReadonlyMap<string, NodeRecord> {
		return (this.#read ??= this.#load()).nodes
	}
	get policies(): ReadonlyMap<string, Value> {
		return (this.#read ??= this.#load()).policies
	}

	/** By domain, the oldest first. */
	get dkim(): ReadonlyMap<string, DkimKey[]> {
		return (this.#read ??= this.#load()).dkim
	}

	/** A record of these kinds changed, or a transaction was undone: read anew when next asked. */
	forget(): void {
		this.#read = null
	}

	#load() {
		const domains = new Set<string>()
		for (const { id, fields } of this.#records('domain')) if (!isDeleted(fields)) domains.add(id)
		const nodes = new Map<string, NodeRecord>()
		for (const { id, fields } of this.#records('node')) nodes.set(id, nodeOf(id, fields))
		const policies = new Map<string, Value>()
		for (const { id, fields } of this.#records('policy')) {
			if (fields.value && !isDeleted(fields)) policies.set(id, fields.value[0])
		}
		const dkim = new Map<string, DkimKey[]>()
		for (const { id, fields } of this.#records('dkim')) {
			const key = isDeleted(fields) ? null : dkimKeyOf(id, fields)
			if (key) dkim.set(key.domain, [...(dkim.get(key.domain) ?? []), key])
		}
		for (const keys of dkim.values()) keys.sort((a, b) => a.created - b.created)
		return { domains, nodes, policies, dkim }
	}

	/** A node we never heard of counts as there: its record may come later than its accounts. */
	isRemoved(node: string): boolean {
		return this.nodes.get(node)?.removed === true
	}

	#records(kind: Kind): { id: string; fields: Fields }[] {
		const rows = this.#db.prepare('SELECT id, fields FROM record WHERE kind = ? ORDER BY id').all(kind)
		return rows.map(row => ({ id: row.id as string, fields: JSON.parse(row.fields as string) as Fields }))
	}
}

function nodeOf(id: string, fields: Fields): NodeRecord {
	return {
		id,
		hostname: textOf(fields, 'hostname'),
		ip: textOf(fields, 'ip'),
		webPort: numberOf(fields, 'webPort'),
		clusterPort: numberOf(fields, 'clusterPort'),
		description: textOf(fields, 'description'),
		site: textOf(fields, 'site'),
		enabled: fields.enabled?.[0] !== false,
		version: textOf(fields, 'version'),
		removed: isDeleted(fields),
	}
}
