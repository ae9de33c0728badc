import { createHash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Migration, newId, openDatabase, transaction } from '../kit/index.ts'

/** One administrative act. */
export type AuditEntry = {
	/** Milliseconds since 1970; the node where it was done. */
	time: number
	node: string
	/** Account id or 'root', and what he was called then; how and from where he came. */
	by: string
	name: string
	via: string
	client: string
	verb: string
	object: string
	/** 'done', or the code of why not. */
	outcome: string
	/** What the act changed, as it was and as it is now; null = was not or is not there. */
	before: unknown
	after: unknown
}

/** An entry where it stands: in the chain of the node that wrote it. */
export type AuditLine = { chain: string; seq: number; hash: string; body: string }
export type ChainHead = { chain: string; seq: number; hash: string }
export type AuditFilter = {
	from?: number
	to?: number
	/** Address or account id. */
	person?: string
	/** Part of the object or the verb. */
	object?: string
	node?: string
	/** The last of the page before. */
	before?: string
	limit: number
}

const migrations: readonly Migration[] = [
	{
		name: 'audit',
		sql: `
		CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
		-- Every node writes a chain of its own and keeps copies of the others': each entry's hash covers the one before.
		CREATE TABLE entry (
			chain TEXT NOT NULL,
			seq INTEGER NOT NULL,
			hash TEXT NOT NULL,
			body TEXT NOT NULL,
			time INTEGER NOT NULL,
			person TEXT NOT NULL,
			object TEXT NOT NULL,
			node TEXT NOT NULL,
			PRIMARY KEY (chain, seq)
		) WITHOUT ROWID;
		CREATE INDEX entry_time ON entry (time, chain, seq);
		CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN SELECT raise(ABORT, 'the audit log is not changed'); END;
		CREATE TRIGGER entry_remains BEFORE DELETE ON entry BEGIN SELECT raise(ABORT, 'the audit log is not changed'); END;
		`,
	},
]

/** audit.sqlite: entries are added and never changed. */
export class AuditFile {
	#db: DatabaseSync
	#add: StatementSync
	/** The end of each chain. */
	#heads = new Map<string, ChainHead>()
	/** The chain this node writes. */
	chain: string

	constructor(path: string) {
		this.#db = openDatabase(path, { migrations, cacheMb: 4 })
		this.#add = this.#db.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
		const heads = this.#db.prepare('SELECT chain, max(seq) AS seq, hash FROM entry GROUP BY chain')
		for (const head of heads.all() as ChainHead[]) this.#heads.set(head.chain, head)
		const found = this.#db.prepare("SELECT value FROM fact WHERE name = 'chain'").get()
		this.chain = (found?.value as string | undefined) ?? this.beginChain()
	}

	/** From now on this node writes another chain: its own has an end elsewhere that is lost here. */
	beginChain(): string {
		this.chain = newId()
		this.#db.prepare("INSERT OR REPLACE INTO fact VALUES ('chain', ?)").run(this.chain)
		return this.chain
	}

	/** To this node's own chain. */
	append(entries: AuditEntry[]): void {
		this.#inTransaction(() => {
			for (const entry of entries) {
				const { seq, hash } = this.head(this.chain)
				const body = JSON.stringify(entry)
				this.#insert({ chain: this.chain, seq: seq + 1, hash: hashAfter(hash, body), body })
			}
		})
	}

	/** Takes what follows the end of a chain. @returns false when it does not follow */
	take(lines: AuditLine[]): boolean {
		return this.#inTransaction(() => {
			for (const line of lines) {
				const { seq, hash } = this.head(line.chain)
				if (line.seq <= seq) continue
				if (line.seq !== seq + 1 || hashAfter(hash, line.body) !== line.hash) return false
				this.#insert(line)
			}
			return true
		})
	}

	/** The end of a chain; seq 0 = not begun. */
	head(chain: string): ChainHead {
		return this.#heads.get(chain) ?? { chain, seq: 0, hash: '' }
	}

	heads(): ChainHead[] {
		return [...this.#heads.values()].sort((one, other) => (one.chain < other.chain ? -1 : 1))
	}

	/** What follows in a chain, at most so many. */
	after(chain: string, seq: number, limit: number): AuditLine[] {
		const rows = this.#db.prepare(
			'SELECT chain, seq, hash, body FROM entry WHERE chain = ? AND seq > ? ORDER BY seq LIMIT ?',
		)
		return rows.all(chain, seq, limit) as AuditLine[]
	}

	/** The latest first. `id` names an entry, and is where the next page begins. */
	list(filter: AuditFilter): (AuditEntry & { id: string })[] {
		const where: string[] = []
		const values: (string | number)[] = []
		const add = (condition: string, ...given: (string | number)[]) => {
			where.push(condition)
			values.push(...given)
		}
		if (filter.from !== undefined) add('time >= ?', filter.from)
		if (filter.to !== undefined) add('time < ?', filter.to)
		if (filter.person !== undefined) add('instr(person, ?) > 0', `\n${filter.person.toLowerCase()}\n`)
		if (filter.object !== undefined) add('instr(object, ?) > 0', filter.object.toLowerCase())
		if (filter.node !== undefined) add('node = ?', filter.node)
		const [time, chain, seq] = filter.before?.split('.') ?? []
		if (seq !== undefined) add('(time, chain, seq) < (?, ?, ?)', Number(time), chain!, Number(seq))
		const rows = this.#db.prepare(
			`SELECT * FROM entry ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
			 ORDER BY time DESC, chain DESC, seq DESC LIMIT ?`,
		)
		return rows.all(...values, filter.limit).map(row => ({
			id: `${row.time}.${row.chain}.${row.seq}`,
			...(JSON.parse(row.body as string) as AuditEntry),
		}))
	}

	/** Where a chain is not as it was written: the seq of the first entry that does not follow, null = it is whole. */
	firstBroken(chain: string): number | null {
		let [seq, hash] = [0, '']
		const rows = this.#db.prepare('SELECT seq, hash, body FROM entry WHERE chain = ? ORDER BY seq')
		for (const row of rows.iterate(chain)) {
			if (row.seq !== seq + 1 || row.hash !== hashAfter(hash, row.body as string)) return row.seq as number
			seq = row.seq as number
			hash = row.hash
		}
		return null
	}

	close(): void {
		this.#db.close()
	}

	#inTransaction<T>(work: () => T): T {
		const before = new Map(this.#heads)
		try {
			return transaction(this.#db, work)
		} catch (error) {
			this.#heads = before
			throw error
		}
	}

	#insert({ chain, seq, hash, body }: AuditLine): void {
		const entry = JSON.parse(body) as AuditEntry
		const person = `\n${entry.by}\n${entry.name}\n`.toLowerCase()
		const object = `${entry.object}\n${entry.verb}`.toLowerCase()
		this.#add.run(chain, seq, hash, body, Number(entry.time), person, object, String(entry.node))
		this.#heads.set(chain, { chain, seq, hash })
	}
}

function hashAfter(before: string, body: string): string {
	return createHash('sha256').update(`${before}\n${body}`).digest('base64url')
}
