import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Clock, newId, openDatabase, transaction } from '../kit/index.ts'
import { Claims } from './claims.ts'
import { merge } from './merge.ts'
import { migrations } from './migrations.ts'
import { Places } from './places.ts'
import { canonicalText, DIGEST_SIZE, hashOf, type Line, lineOf, parseFields } from './records.ts'
import { StampClock } from './stamp.ts'
import type { Fields, Kind } from './types.ts'
import { Units } from './units.ts'

/** Everything of a peer's file up to `seq` is here; `asOf` (ms) is when that was last known to be all it had. */
export type Cursor = { incarnation: string; seq: number; asOf: number }

/** What a transaction did. */
export type Touched = { kinds: Set<Kind>; ids: Set<string>; addresses: Set<string>; lines: Line[] }

/** As of the last commit. `own` = seq of the last change made here rather than merged; `clock` = the greatest stamp. */
type State = { seq: number; own: number; digest: number; count: number; clock: string }

/** Kinds that places.ts keeps in memory. */
const PLACES: ReadonlySet<Kind> = new Set(['domain', 'node', 'policy', 'dkim'])

const NOTHING: State = { seq: 0, own: 0, digest: 0, count: 0, clock: '' }

/**
 * directory.sqlite: the records, and in the same transaction all that is derived from them.
 * The digest is the sum of the hashes of all records: two files with the same records have the same digest.
 */
export class DirectoryFile {
	readonly db: DatabaseSync
	readonly stamps: StampClock
	readonly places: Places
	readonly units: Units
	readonly claims: Claims
	/** Rows had been changed behind our back when the file was opened. */
	readonly damaged: boolean
	incarnation: string
	#state: State
	#touched: Touched | null = null
	#synchronous = ''
	#held: ReturnType<StatementSync['iterate']> | null = null
	#sql: Record<'get' | 'insert' | 'update' | 'erase' | 'since' | 'state' | 'any', StatementSync>

	/** Rises before and after every change: what was remembered of the file under another number is void. */
	changes = 0

	constructor(path: string, options: { clock: Clock; self: string }) {
		// What a hundred thousand accounts are looked up in stays in memory.
		this.db = openDatabase(path, { migrations, cacheMb: 24 })
		const { db } = this
		this.#sql = {
			get: db.prepare('SELECT fields, hash FROM record WHERE kind = ? AND id = ?'),
			insert: db.prepare('INSERT INTO record (kind, id, fields, seq, hash) VALUES (?, ?, ?, ?, ?)'),
			update: db.prepare('UPDATE record SET fields = ?, seq = ?, hash = ? WHERE kind = ? AND id = ?'),
			erase: db.prepare('DELETE FROM record WHERE kind = ? AND id = ?'),
			since: db.prepare('SELECT kind, id, fields, seq FROM record WHERE seq > ? ORDER BY seq'),
			state: db.prepare("INSERT OR REPLACE INTO fact VALUES ('state', ?)"),
			any: db.prepare('SELECT name FROM fact'),
		}
		this.incarnation = this.#fact('incarnation') ?? this.#renew()
		const saved = JSON.parse(this.#fact('state') ?? 'null') as State | null
		this.#state = { ...(saved ?? NOTHING), ...this.#counted() }
		this.#state.seq = Math.max(this.#state.seq, this.#highest())
		this.stamps = new StampClock({ clock: options.clock, node: options.self, last: this.#state.clock })
		this.places = new Places(db)
		this.units = new Units(db)
		this.claims = new Claims(db, this.places, this.units)
		this.damaged = !this.#isWhole(saved ?? NOTHING)
		if (this.damaged) this.#repair()
	}

	get seq(): number {
		return this.#state.seq
	}
	get own(): number {
		return this.#state.own
	}
	get digest(): number {
		return this.#state.digest
	}
	/** Records, deleted ones included. */
	get count(): number {
		return this.#state.count
	}

	get(kind: Kind, id: string): Fields | null {
		const row = this.#sql.get.get(kind, id)
		return row ? (JSON.parse(row.fields as string) as Fields) : null
	}

	/**
	 * One transaction; it happened wholly or not at all, in memory too. Writings of our own are on disk when it
	 * returns (synchronous=FULL). Merged ones need not be: whoever sent them has them, and the cursor that says
	 * we have them too is in the same transaction.
	 */
	change(how: 'own' | 'merged', work: () => void): Touched {
		this.changes++
		const before = { ...this.#state }
		const incarnation = this.incarnation
		const touched: Touched = { kinds: new Set(), ids: new Set(), addresses: new Set(), lines: [] }
		this.#toWrite(how === 'own' ? 'FULL' : 'NORMAL')
		this.#touched = touched
		try {
			transaction(this.db, () => {
				work()
				if (how === 'own' && touched.ids.size > 0) this.#state.own = this.#state.seq
				this.#state.clock = this.stamps.position
				if (touched.ids.size > 0) this.#sql.state.run(JSON.stringify(this.#state))
			})
		} catch (error) {
			this.#state = before
			this.incarnation = incarnation
			this.places.forget()
			this.units.forget()
			this.claims.load()
			throw error
		} finally {
			this.#touched = null
			this.changes++
		}
		return touched
	}

	/** Merges the fields into the record. Inside `change`. False when that changed nothing. */
	put(kind: Kind, id: string, fields: Fields): boolean {
		const row = this.#sql.get.get(kind, id) as { fields: string; hash: number } | undefined
		return this.#merge(kind, id, row, fields)
	}

	/** The same for a record as a peer sent it: one that is here already costs no parsing. `fields` is asked only if need be. */
	putText(kind: Kind, id: string, text: string, fields: (text: string) => Fields | null): boolean {
		const row = this.#sql.get.get(kind, id) as { fields: string; hash: number } | undefined
		if (row?.fields === text) return false
		const theirs = fields(text)
		return theirs !== null && this.#merge(kind, id, row, theirs)
	}

	#merge(kind: Kind, id: string, row: { fields: string; hash: number } | undefined, theirs: Fields): boolean {
		const ours = row ? (parseFields(row.fields) ?? {}) : null
		const merged = ours ? merge(ours, theirs) : theirs
		if (merged === ours) return false
		this.#set(kind, id, row, merged)
		return true
	}

	/** The same values with other stamps, older ones too. Inside `change`. */
	restamp(kind: Kind, id: string, fields: Fields): void {
		const row = this.#sql.get.get(kind, id) as { fields: string; hash: number } | undefined
		if (row) this.#set(kind, id, row, fields)
	}

	#set(kind: Kind, id: string, row: { fields: string; hash: number } | undefined, fields: Fields): void {
		const text = canonicalText(fields)
		const hash = hashOf(kind, id, text)
		const seq = ++this.#state.seq
		if (row) this.#sql.update.run(text, seq, hash, kind, id)
		else this.#sql.insert.run(kind, id, text, seq, hash)
		this.#add(hash - (row?.hash ?? 0), row ? 0 : 1)
		this.#touch(kind, id, this.claims.derive(kind, id, fields, !row), lineOf(kind, id, text))
	}

	/** Physically: only for what no other node can still bring back. Inside `change`. */
	erase(kind: Kind, id: string): void {
		const row = this.#sql.get.get(kind, id)
		if (!row) return
		this.#sql.erase.run(kind, id)
		this.#add(-(row.hash as number), -1)
		this.#touch(kind, id, this.claims.derive(kind, id, null), null)
	}

	#add(hash: number, records: number): void {
		this.#state.digest = (this.#state.digest + hash + DIGEST_SIZE) % DIGEST_SIZE
		this.#state.count += records
	}

	#touch(kind: Kind, id: string, addresses: string[], line: Line | null): void {
		const touched = this.#touched!
		touched.kinds.add(kind)
		touched.ids.add(id)
		for (const address of addresses) touched.addresses.add(address)
		if (line !== null) touched.lines.push(line)
		if (PLACES.has(kind)) this.places.forget()
		if (kind === 'unit') this.units.forget()
	}

	/** Records changed after `seq`, oldest change first, until their text is `limit` characters or more. */
	since(seq: number, limit: number): { lines: Line[]; next: number; end: boolean } {
		const lines: Line[] = []
		let length = 0
		let next = seq
		for (const row of this.#sql.since.iterate(seq)) {
			if (length >= limit) return { lines, next, end: false }
			const line = lineOf(row.kind as string, row.id as string, row.fields as string)
			lines.push(line)
			length += line.length
			next = row.seq as number
		}
		return { lines, next: this.#state.seq, end: true }
	}

	linesOf(kind: Kind): Line[] {
		const rows = this.db.prepare('SELECT id, fields FROM record WHERE kind = ?').all(kind)
		return rows.map(row => lineOf(kind, row.id as string, row.fields as string))
	}

	cursors(): Map<string, Cursor> {
		const rows = this.db.prepare('SELECT peer, incarnation, seq, as_of AS asOf FROM cursor').all()
		return new Map(rows.map(({ peer, ...cursor }) => [peer as string, cursor as Cursor]))
	}

	saveCursor(peer: string, { incarnation, seq, asOf }: Cursor): void {
		if (!this.#touched) this.#toWrite('NORMAL')
		this.db.prepare('INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?)').run(peer, incarnation, seq, asOf)
	}

	/** When app passwords of the account were last used here (ms). */
	usesOf(account: string): Map<string, number> {
		const rows = this.db.prepare('SELECT id, at FROM app_password_use WHERE account = ?').all(account)
		return new Map(rows.map(({ id, at }) => [id as string, at as number]))
	}

	saveUse(account: string, appPassword: string, at: number): void {
		this.#toWrite('NORMAL')
		this.db.prepare('INSERT OR REPLACE INTO app_password_use VALUES (?, ?, ?)').run(account, appPassword, at)
	}

	/**
	 * Rows of `record` were deleted by other ways than `erase`. What others know of this file no longer holds: they
	 * start anew with it, and we with theirs. Inside `change`.
	 */
	startAnew(): void {
		this.db.exec('DELETE FROM cursor')
		this.incarnation = this.#renew()
		this.places.forget()
		this.units.forget()
		this.claims.rebuild()
		this.#state = { ...this.#state, ...this.#counted() }
	}

	close(): void {
		this.db.close()
	}

	/**
	 * While a statement is not at its end, others need not take the file's lock and give it back for each reading: that is
	 * 40% of what a lookup costs. It is let go before anything is written, so that the write-ahead log can begin anew.
	 */
	holdForReading(): void {
		if (this.#held || this.#touched) return
		this.#held = this.#sql.any.iterate()
		this.#held.next()
	}

	#toWrite(mode: 'FULL' | 'NORMAL'): void {
		this.#held?.return?.()
		this.#held = null
		if (this.#synchronous === mode) return
		this.db.exec(`PRAGMA synchronous=${mode}`)
		this.#synchronous = mode
	}

	#isWhole(saved: State): boolean {
		if (saved.digest !== this.#state.digest || saved.count !== this.#state.count) return false
		const { derived, accounts } = this.db
			.prepare(
				`SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM gone) AS derived,
				 (SELECT count(*) FROM record WHERE kind = 'account') AS accounts`,
			)
			.get() as { derived: number; accounts: number }
		return derived === accounts
	}

	/** What was lost here the peers still have: without cursors everything of theirs is fetched again. */
	#repair(): void {
		transaction(this.db, () => {
			this.db.exec('DELETE FROM cursor')
			this.claims.rebuild()
			this.#sql.state.run(JSON.stringify(this.#state))
		})
	}

	#counted(): { digest: number; count: number } {
		const row = this.db.prepare(
			`SELECT ifnull(sum(hash), 0) % ${DIGEST_SIZE} AS digest, count(*) AS count FROM record`,
		)
		return { ...(row.get() as { digest: number; count: number }) }
	}

	#highest(): number {
		return this.db.prepare('SELECT ifnull(max(seq), 0) AS seq FROM record').get()!.seq as number
	}

	#renew(): string {
		const incarnation = newId()
		this.db.prepare("INSERT OR REPLACE INTO fact VALUES ('incarnation', ?)").run(incarnation)
		return incarnation
	}

	#fact(name: string): string | null {
		return (
			(this.db.prepare('SELECT value FROM fact WHERE name = ?').get(name)?.value as string | undefined) ??
			null
		)
	}
}
