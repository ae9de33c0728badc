import { DatabaseSync } from 'node:sqlite'

/** One step forward; its number is its place in the list. A released step is never edited. */
export type Migration = {
	name: string
	sql: string
	/** What SQL cannot do; after `sql`, in the same transaction. */
	run?(db: DatabaseSync): void
}

/**
 * Opens a SQLite file the way every file of a node is opened: WAL, synchronous=FULL (a commit is on disk
 * when it returns), foreign keys on; then runs the migrations the file has not seen yet.
 * A file written by a newer Panpipe is refused rather than guessed at.
 */
export function openDatabase(
	path: string,
	options: { migrations?: readonly Migration[]; readOnly?: boolean; cacheMb?: number } = {},
): DatabaseSync {
	const db = new DatabaseSync(path, { readOnly: options.readOnly ?? false, timeout: 10_000 })
	if (options.readOnly) {
		db.exec(
			`PRAGMA query_only=1; PRAGMA mmap_size=268435456; PRAGMA cache_size=-${(options.cacheMb ?? 32) * 1024}`,
		)
		return db
	}
	db.exec(
		`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;
		 PRAGMA cache_size=-${(options.cacheMb ?? 32) * 1024}`,
	)
	migrate(db, path, options.migrations ?? [])
	return db
}

function migrate(db: DatabaseSync, path: string, migrations: readonly Migration[]): void {
	const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
	if (version > migrations.length) {
		throw new Error(
			`${path} was written by a newer version of Panpipe (its format is ${version}, this program knows ${migrations.length}); start that version instead`,
		)
	}
	for (let step = version; step < migrations.length; step++) {
		transaction(db, () => {
			db.exec(migrations[step]!.sql)
			migrations[step]!.run?.(db)
			db.exec(`PRAGMA user_version=${step + 1}`)
		})
	}
}

/** Runs `work` in one transaction; whatever it throws rolls everything back. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
	db.exec('BEGIN IMMEDIATE')
	try {
		const result = work()
		db.exec('COMMIT')
		return result
	} catch (error) {
		if (db.isTransaction) db.exec('ROLLBACK')
		throw error
	}
}
