import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { type Migration, openDatabase, transaction } from '../../kit/index.ts'
import type { Alert, Figure, TraceQuery, TraceRow } from './types.ts'

const migrations: readonly Migration[] = [
	{
		name: 'journal',
		sql: `
		-- Both indexes only grow at their end: rows come in the order of time, and ids begin with it.
		CREATE TABLE trace (
			time INTEGER NOT NULL,
			id TEXT NOT NULL,
			event TEXT NOT NULL,
			via TEXT NOT NULL,
			sender TEXT NOT NULL,
			recipients TEXT NOT NULL,
			subject TEXT NOT NULL,
			message_id TEXT NOT NULL,
			peer TEXT NOT NULL,
			detail TEXT NOT NULL,
			size INTEGER NOT NULL
		);
		CREATE INDEX trace_time ON trace (time);
		CREATE INDEX trace_id ON trace (id);
		CREATE TABLE figure (hour INTEGER NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (hour, name)) WITHOUT ROWID;
		`,
	},
	{
		name: 'alerts',
		sql: 'CREATE TABLE alert (id TEXT PRIMARY KEY, began INTEGER NOT NULL, ended INTEGER, alert TEXT NOT NULL) WITHOUT ROWID',
	},
]

const COLUMNS =
	'time, id, event, via, sender AS "from", recipients AS "to", subject, message_id AS messageId, peer, detail, size'
// Rows of one message that are told: a message to ten thousand has as many.
const MOST_ROWS = 500

/** journal.sqlite: what happened to mail here, and figures by the hour. May be deleted at any time. */
export class JournalFile {
	readonly #db: DatabaseSync
	readonly #insert

	constructor(path: string) {
		this.#db = openDatabase(path, { migrations, cacheMb: 4 })
		// Losing the last moments in a power failure is no harm; waiting for the disk would be.
		this.#db.exec('PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=4000')
		this.#insert = this.#db.prepare('INSERT INTO trace VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
	}

	/** `sums` are added to what is there, `levels` replace it. */
	write(rows: TraceRow[], sums: Figure[], levels: Figure[]): void {
		transaction(this.#db, () => {
			for (const row of rows) {
				const { time, id, event, via, from, to, subject, messageId, peer, detail, size } = row
				this.#insert.run(time, id, event, via, from, to, subject, messageId, peer, detail, size)
			}
			const put = (figures: Figure[], value: string) => {
				const statement = `INSERT INTO figure VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = ${value}`
				if (figures.length === 0) return
				const prepared = this.#db.prepare(statement)
				for (const { hour, name, value } of figures) prepared.run(hour, name, value)
			}
			put(sums, 'value + excluded.value')
			put(levels, 'excluded.value')
		})
	}

	/** The messages that fit, the newest first, each with all its rows in order. */
	find(query: TraceQuery): TraceRow[] {
		const ids = query.ids ?? this.#idsOf(query)
		const rows = this.#db.prepare(
			`SELECT ${COLUMNS} FROM trace WHERE id = ? ORDER BY time, rowid LIMIT ${MOST_ROWS}`,
		)
		return ids.slice(0, query.limit).flatMap(id => rows.all(id) as TraceRow[])
	}

	#idsOf({ address, subject, messageId, since, until, limit }: TraceQuery): string[] {
		const where: string[] = []
		const values: SQLInputValue[] = []
		const add = (condition: string, ...of: SQLInputValue[]) => {
			where.push(condition)
			values.push(...of)
		}
		if (since !== undefined) add('time >= ?', since)
		if (until !== undefined) add('time <= ?', until)
		if (address) {
			const part = like(address)
			const any = ['sender', 'recipients', 'detail'].map(name => `${name} LIKE ? ESCAPE '\\'`)
			add(`(${any.join(' OR ')})`, part, part, part)
		}
		if (subject) add("subject LIKE ? ESCAPE '\\'", like(subject))
		if (messageId) add("message_id LIKE ? ESCAPE '\\'", like(messageId))
		const found = new Set<string>()
		const rows = this.#db
			.prepare(
				`SELECT id FROM trace ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY time DESC`,
			)
			.iterate(...values)
		for (const { id } of rows) {
			found.add(id as string)
			if (found.size >= limit) break
		}
		return [...found]
	}

	figures(since: number): Figure[] {
		const rows = this.#db.prepare('SELECT hour, name, value FROM figure WHERE hour >= ? ORDER BY hour, name')
		return rows.all(since) as Figure[]
	}

	saveAlert(alert: Alert): void {
		const { id, began, ended } = alert
		this.#db
			.prepare('INSERT OR REPLACE INTO alert VALUES (?, ?, ?, ?)')
			.run(id, began, ended, JSON.stringify(alert))
	}

	/** Those that are, and those that ended later than `since`. */
	alerts(since: number): Alert[] {
		const rows = this.#db
			.prepare('SELECT alert FROM alert WHERE ended IS NULL OR ended >= ? ORDER BY began')
			.all(since)
		return rows.map(({ alert }) => JSON.parse(alert as string) as Alert)
	}

	/** The time of the oldest row, null when there is none. */
	begins(): number | null {
		return this.#db.prepare('SELECT min(time) AS time FROM trace').get()!.time as number | null
	}

	/** Forgets what is older, and the oldest when there are too many; a part at a time. True when there is more to forget. */
	prune(before: number, mostRows: number, atOnce: number): boolean {
		this.#db.prepare('DELETE FROM figure WHERE hour < ?').run(before)
		this.#db.prepare('DELETE FROM alert WHERE ended < ?').run(before)
		const { low, high } = this.#db
			.prepare('SELECT ifnull(min(rowid), 0) AS low, ifnull(max(rowid), 0) AS high FROM trace')
			.get() as { low: number; high: number }
		const firstToKeep = high - mostRows + 1
		const { changes } = this.#db
			.prepare('DELETE FROM trace WHERE rowid < ?1 + ?2 AND (time < ?3 OR rowid < ?4)')
			.run(low, atOnce, before, firstToKeep)
		return Number(changes) >= atOnce
	}

	close(): void {
		this.#db.close()
	}
}

function like(part: string): string {
	return `%${part.replace(/[\\%_]/g, '\\$&')}%`
}
