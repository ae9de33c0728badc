import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { type Migration, openDatabase, transaction } from '../../kit/index.ts'
import { type Column, checkOf, numbersOf, octetsOf } from './column.ts'

/** What the index holds is not what was put in. */
export class Damaged extends Error {}

/** The place of the index in a data directory. It may be deleted at any time: it is made anew from the mail. */
const indexPath = (dir: string) => join(dir, 'search.sqlite')

const migrations: readonly Migration[] = [
	{
		name: 'search',
		sql: `
		-- Messages of the mailbox with a uid below next are in its segments; expunges up to modseq are counted there.
		CREATE TABLE cursor (mailbox INTEGER PRIMARY KEY, next INTEGER NOT NULL, modseq INTEGER NOT NULL);

		-- Some messages next to each other in one mailbox, ascending. Never changed but for "gone"; unread: uids whose
		-- octets could not be read, so that nothing is known of them.
		CREATE TABLE segment (
			id INTEGER PRIMARY KEY AUTOINCREMENT,
			mailbox INTEGER NOT NULL,
			first INTEGER NOT NULL,
			last INTEGER NOT NULL,
			docs INTEGER NOT NULL,
			gone INTEGER NOT NULL DEFAULT 0,
			uids BLOB NOT NULL,
			unread BLOB NOT NULL,
			crc INTEGER NOT NULL
		);
		CREATE INDEX segment_mailbox ON segment (mailbox, first);

		CREATE TABLE field (
			segment INTEGER NOT NULL,
			field INTEGER NOT NULL,
			words BLOB NOT NULL,
			starts BLOB NOT NULL,
			places BLOB NOT NULL,
			crc INTEGER NOT NULL,
			UNIQUE (segment, field)
		);
		`,
	},
	{
		name: 'words are folded by i;unicode-casemap: all anew',
		sql: 'DELETE FROM cursor; DELETE FROM segment; DELETE FROM field',
	},
	{
		name: 'what is said of parts is a field, large messages have all their parts: all anew',
		sql: 'DELETE FROM cursor; DELETE FROM segment; DELETE FROM field',
	},
]

export type SegmentRow = { id: number; first: number; last: number; docs: number; gone: number }
export type SegmentUids = { uids: Uint32Array; unread: Uint32Array }

/** The SQL of search.sqlite, for the one who writes it and for those who read. */
export class IndexFile {
	readonly db: DatabaseSync
	#statements = new Map<string, StatementSync>()

	private constructor(db: DatabaseSync) {
		this.db = db
	}

	/** Makes it when missing. @throws when what is there is no index of ours */
	static toWrite(dir: string): IndexFile {
		const db = openDatabase(indexPath(dir), { migrations, cacheMb: 8 })
		// What a power cut takes from the end is indexed again: nothing here has to wait for the disk.
		db.exec('PRAGMA synchronous=NORMAL')
		return new IndexFile(db)
	}

	static toRead(dir: string): IndexFile {
		return new IndexFile(openDatabase(indexPath(dir), { readOnly: true, cacheMb: 2 }))
	}

	static remove(dir: string): void {
		for (const end of ['', '-wal', '-shm']) rmSync(indexPath(dir) + end, { force: true })
	}

	#sql(text: string): StatementSync {
		let statement = this.#statements.get(text)
		if (!statement) {
			statement = this.db.prepare(text)
			this.#statements.set(text, statement)
		}
		return statement
	}

	transaction(work: () => void): void {
		transaction(this.db, work)
	}

	mailboxes(): number[] {
		return this.#sql('SELECT mailbox FROM cursor')
			.all()
			.map(row => row.mailbox as number)
	}

	cursor(mailbox: number): { next: number; modseq: number } | null {
		const row = this.#sql('SELECT next, modseq FROM cursor WHERE mailbox = ?').get(mailbox)
		return (row as { next: number; modseq: number } | undefined) ?? null
	}

	setCursor(mailbox: number, next: number, modseq: number): void {
		this.#sql('INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)').run(mailbox, next, modseq)
	}

	/** Of a mailbox, ascending. */
	segments(mailbox: number): SegmentRow[] {
		return this.#sql('SELECT id, first, last, docs, gone FROM segment WHERE mailbox = ? ORDER BY first').all(
			mailbox,
		) as SegmentRow[]
	}

	/** Null when it is no more. @throws Damaged */
	uids(segment: number): SegmentUids | null {
		const row = this.#sql('SELECT uids, unread, crc FROM segment WHERE id = ?').get(segment) as
			| { uids: Uint8Array; unread: Uint8Array; crc: number }
			| undefined
		if (!row) return null
		if (crc32(row.unread, crc32(row.uids)) !== row.crc) throw new Damaged('the uids of a segment are damaged')
		return { uids: numbersOf(row.uids), unread: numbersOf(row.unread) }
	}

	/** Null when it is no more. @throws Damaged */
	column(segment: number, field: number): Column | null {
		const row = this.#sql('SELECT words, starts, places, crc FROM field WHERE segment = ? AND field = ?').get(
			segment,
			field,
		) as { words: Uint8Array; starts: Uint8Array; places: Uint8Array; crc: number } | undefined
		if (!row) return null
		const column = { words: row.words, table: numbersOf(row.starts), places: row.places }
		if (checkOf(column) !== row.crc) throw new Damaged('the words of a segment are damaged')
		return column
	}

	addSegment(mailbox: number, { uids, unread }: SegmentUids, columns: Column[]): void {
		const [known, unknown] = [octetsOf(uids), octetsOf(unread)]
		const all = [...uids, ...unread]
		if (all.length === 0) return
		const { lastInsertRowid } = this.#sql(
			'INSERT INTO segment (mailbox, first, last, docs, uids, unread, crc) VALUES (?, ?, ?, ?, ?, ?, ?)',
		).run(
			mailbox,
			all.reduce((a, b) => Math.min(a, b)),
			all.reduce((a, b) => Math.max(a, b)),
			all.length,
			known,
			unknown,
			crc32(unknown, crc32(known)),
		)
		columns.forEach((column, field) => {
			this.#sql('INSERT INTO field VALUES (?, ?, ?, ?, ?, ?)').run(
				lastInsertRowid,
				field,
				column.words,
				octetsOf(column.table),
				column.places,
				checkOf(column),
			)
		})
	}

	removeSegment(id: number): void {
		this.#sql('DELETE FROM field WHERE segment = ?').run(id)
		this.#sql('DELETE FROM segment WHERE id = ?').run(id)
	}

	setGone(id: number, gone: number): void {
		this.#sql('UPDATE segment SET gone = ? WHERE id = ?').run(gone, id)
	}

	removeMailbox(mailbox: number): void {
		for (const { id } of this.segments(mailbox)) this.removeSegment(id)
		this.#sql('DELETE FROM cursor WHERE mailbox = ?').run(mailbox)
	}

	close(): void {
		this.db.close()
	}
}
