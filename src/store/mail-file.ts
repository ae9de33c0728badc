import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../kit/index.ts'
import { type BlobFolder, compress } from './bodies.ts'
import { Histories } from './histories.ts'
import { BODIES, LateIndex, REFERENCES } from './late-index.ts'
import { byTimes } from './message-rows.ts'
import { type Ended, forgetThread } from './threads.ts'
import type { Change, LoggedOp, StagedBody } from './types.ts'

// To forget one takes some 20 microseconds.
const ENDED_AT_ONCE = 256
const MOST_ENDED = 4096
// Octets: longer ones are not kept meanwhile.
const LONG_ENVELOPE = 8192

/** A body as an Op names it: ready to be put in a row. `head` fields are JSON. */
export type PackedBody = {
	hash: string
	size: number
	envelope: string
	structure: string
	preview: string
	data: Uint8Array | null
	file: string | null
}

/** What crosses to the writer thread: strings clone much faster than trees of objects. */
export function packBody(body: StagedBody): PackedBody {
	const { envelope, structure, preview } = body.scanned
	return {
		hash: body.hash,
		size: body.size,
		envelope: JSON.stringify(envelope),
		structure: JSON.stringify(structure),
		preview,
		data: body.data && ownMemory(body.data),
		file: body.file,
	}
}

/** A view's whole memory is cloned on its way to another thread, so small bodies leave the pool of buffers first. */
function ownMemory(data: Uint8Array): Uint8Array {
	if (data.byteLength === data.buffer.byteLength) return data
	const own = Buffer.allocUnsafeSlow(data.byteLength)
	own.set(data)
	return own
}

/** What a batch changed of an account. */
type Gathered = {
	mailboxes: Set<number>
	list: boolean
	metadata: [string, string][] | null
	objects: Set<string> | null
}

/** The writer's hold on mail.sqlite: statements, the log, references to bodies, and what the batch changed. */
export class MailFile {
	readonly db: DatabaseSync
	readonly folder: BlobFolder
	readonly clock: Clock
	/** Bodies by hash. */
	readonly bodies: LateIndex<string>
	/** Threads by what their messages name. */
	readonly references: LateIndex<number>
	readonly histories: Histories
	/** Threads that are to be forgotten in a quiet moment. Those of a transaction that was undone have their messages still. */
	#ended: Ended[] = []
	#statements = new Map<string, StatementSync>()
	#firsts = new Map<string, { statement: StatementSync; names: string[] }>()
	#changes = new Map<string, Gathered>()
	/** Files of bodies that came with an Op or lost a reference: those no row names are removed when it is settled. */
	#doubtful = new Set<string>()

	constructor(db: DatabaseSync, folder: BlobFolder, clock: Clock) {
		this.db = db
		this.folder = folder
		this.clock = clock
		this.bodies = new LateIndex(this, BODIES)
		this.references = new LateIndex(this, REFERENCES)
		this.histories = new Histories(this)
	}

	sql(text: string): StatementSync {
		let statement = this.#statements.get(text)
		if (!statement) {
			statement = this.db.prepare(text)
			this.#statements.set(text, statement)
		}
		return statement
	}

	/** The first row. SQLite's own objects cost twice what an array made into one does. */
	get<T>(text: string, ...values: (string | number | null)[]): T | undefined {
		let one = this.#firsts.get(text)
		if (!one) {
			const statement = this.db.prepare(text)
			statement.setReturnArrays(true)
			one = { statement, names: statement.columns().map(({ name }) => name) }
			this.#firsts.set(text, one)
		}
		const row = one.statement.get(...values) as unknown as unknown[] | undefined
		if (!row) return undefined
		const object: Record<string, unknown> = {}
		for (let i = 0; i < row.length; i++) object[one.names[i]!] = row[i]
		return object as T
	}

	all<T>(text: string, ...values: (string | number | null)[]): T[] {
		return this.sql(text).all(...values) as T[]
	}

	run(
		text: string,
		...values: (string | number | null | Uint8Array)[]
	): { changes: number; lastInsertRowid: number } {
		return this.sql(text).run(...values) as { changes: number; lastInsertRowid: number }
	}

	/** What waits for a quiet moment. */
	get waiting(): number {
		return this.bodies.waiting + this.references.waiting + this.#ended.length
	}

	get tooMuchWaits(): boolean {
		return this.bodies.tooManyWait || this.references.tooManyWait || this.#ended.length > MOST_ENDED
	}

	/** To forget many takes time that nobody who removes mail has to wait for. */
	threadEnded(ended: Ended): void {
		if (ended.message.envelope.length > LONG_ENVELOPE) forgetThread(this, ended)
		else this.#ended.push(ended)
	}

	/** Some of what waits; inside the caller's transaction. */
	settleSome(): void {
		for (const ended of this.#ended.splice(0, ENDED_AT_ONCE)) forgetThread(this, ended)
		this.bodies.settleSome()
		this.references.settleSome()
	}

	/** A transaction was undone: what is known by heart is read again. */
	reload(): void {
		this.bodies.reload()
		this.references.reload()
		this.histories.reload()
	}

	/** An Op brings this body: from now on its file is ours, whatever becomes of the Op. */
	bring({ file }: PackedBody): void {
		if (file) this.#doubtful.add(file)
	}

	/** The row of a body, one reference more. The file of a body that is here already is not needed. */
	refer(body: PackedBody, references = 1): number {
		const known = this.bodies.find(body.hash)
		if (known !== undefined) {
			this.run('UPDATE blob SET refs = refs + ? WHERE id = ?', references, known)
			return known
		}
		const { lastInsertRowid: id } = this.run(
			'INSERT INTO blob (hash, size, refs, file, envelope, structure, preview) VALUES (?, ?, ?, ?, ?, ?, ?)',
			body.hash,
			body.size,
			references,
			body.file,
			body.envelope,
			body.structure,
			body.preview,
		)
		this.bodies.add(body.hash, id)
		if (body.data) this.run('INSERT INTO body (blob, data) VALUES (?, ?)', id, compress(body.data))
		return id
	}

	/** A body that some message here has already needs no fetching. */
	known(hash: string): PackedBody | undefined {
		const blob = this.bodies.find(hash)
		if (blob === undefined) return undefined
		const head = 'SELECT hash, size, envelope, structure, preview, NULL AS file FROM blob WHERE id = ?'
		return { ...this.get<Omit<PackedBody, 'data'>>(head, blob)!, data: null }
	}

	/** One reference more for each time a body is named. */
	referAgain(blobs: readonly number[]): void {
		for (const [times, ids] of byTimes(blobs)) {
			const sql = 'UPDATE blob SET refs = refs + ? WHERE id IN (SELECT value FROM json_each(?))'
			this.run(sql, times, JSON.stringify(ids))
		}
	}

	/** One reference less for each time a body is named; the last one takes the body with it. */
	release(...blobs: number[]): void {
		for (const [times, named] of byTimes(blobs)) {
			const ids = JSON.stringify(named)
			const last = this.all<{ id: number; hash: string; file: string | null }>(
				'SELECT blob.id, hash, file FROM json_each(?) CROSS JOIN blob ON blob.id = value WHERE refs <= ?',
				ids,
				times,
			)
			if (last.length < named.length) {
				const sql =
					'UPDATE blob SET refs = refs - ?1 WHERE refs > ?1 AND id IN (SELECT value FROM json_each(?2))'
				this.run(sql, times, ids)
			}
			if (last.length === 0) continue
			const gone = JSON.stringify(last.map(({ id }) => id))
			this.run('DELETE FROM blob WHERE id IN (SELECT value FROM json_each(?))', gone)
			this.run('DELETE FROM body WHERE blob IN (SELECT value FROM json_each(?))', gone)
			for (const { hash, file } of last) {
				this.bodies.remove(hash)
				if (file) this.#doubtful.add(file)
			}
		}
	}

	log(op: LoggedOp, account: string, epoch: number): void {
		this.run(
			'INSERT INTO log (account, epoch, stamp, op) VALUES (?, ?, ?, ?)',
			account,
			epoch,
			this.clock.now(),
			JSON.stringify(op),
		)
	}

	changed(account: string, mailbox: number | null): void {
		const change = this.#changeOf(account)
		if (mailbox === null) change.list = true
		else change.mailboxes.add(mailbox)
	}

	metadataChanged(account: string, mailbox: string, entry: string): void {
		const change = this.#changeOf(account)
		change.metadata ??= []
		change.metadata.push([mailbox, entry])
	}

	objectChanged(account: string, kind: string): void {
		const change = this.#changeOf(account)
		change.objects ??= new Set()
		change.objects.add(kind)
	}

	#changeOf(account: string): Gathered {
		let change = this.#changes.get(account)
		if (!change)
			this.#changes.set(
				account,
				(change = { mailboxes: new Set(), list: false, metadata: null, objects: null }),
			)
		return change
	}

	/** After a commit: what it changed, once; and files that no row names go. */
	afterCommit(): Change[] {
		this.#removeUnnamed()
		const changes: Change[] = []
		for (const [account, { mailboxes, list, metadata, objects }] of this.#changes) {
			const change: Change = { account, mailboxes: [...mailboxes], list }
			if (metadata) change.metadata = metadata
			if (objects) change.objects = [...objects]
			changes.push(change)
		}
		this.#changes.clear()
		return changes
	}

	/** @param final the Ops failed for good; else they are tried again one by one, and need their files */
	afterRollback(final: boolean): void {
		this.reload()
		if (final) this.#removeUnnamed()
		this.#doubtful.clear()
		this.#changes.clear()
	}

	#removeUnnamed(): void {
		for (const file of this.#doubtful) {
			// A file that cannot be removed now is swept at the next start; what was committed stays so.
			try {
				if (!this.get('SELECT 1 FROM blob WHERE file = ?', file)) this.folder.remove(file)
			} catch {}
		}
		this.#doubtful.clear()
	}

	/** Removes files that no row names: left by a crash between the file's fsync and the commit. */
	sweep(): number {
		let swept = 0
		const named = new Set(
			this.all<{ file: string }>('SELECT file FROM blob WHERE file IS NOT NULL').map(row => row.file),
		)
		for (const file of this.folder.list()) {
			if (named.has(file)) continue
			this.folder.remove(file)
			swept++
		}
		return swept
	}

	fact(name: string): string | null {
		return this.get<{ value: string }>('SELECT value FROM fact WHERE name = ?', name)?.value ?? null
	}

	setFact(name: string, value: string): void {
		this.run('INSERT INTO fact VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', name, value)
	}
}
