import type { DatabaseSync } from 'node:sqlite'
import { type BlobFolder, unpack } from './bodies.ts'
import { properName } from './boxes.ts'
import { EmailReader, type Emails } from './emails.ts'
import { SqliteMessages } from './messages.ts'
import { type Queued, QueueReader } from './queue-reader.ts'
import { remember } from './remember.ts'
import type { TextIndex } from './search/text-index.ts'
import { Statements } from './statements.ts'
import { StoredHead } from './stored-head.ts'
import type { BlobHead, LogRow, MailboxRow, Messages, Reader, Role, SearchField, TextFound } from './types.ts'
import { UidRuns } from './uid-runs.ts'

/** Mailboxes whose uids are remembered, and the most octets one of them may take. */
const REMEMBERED = 200
const REMEMBERED_OCTETS = 1 << 20

/** Combinations of keywords in one mailbox that are looked at, and keywords that are named. */
const MOST_COMBINATIONS = 1000
const MOST_KEYWORDS = 300
/** From one combination to the next in the index, whatever lies between: there are few, of however many messages. */
const COMBINATIONS = `WITH RECURSIVE each(words) AS (
	SELECT min(keywords) FROM message INDEXED BY message_keywords WHERE mailbox = ?1 AND keywords IS NOT NULL
	UNION ALL SELECT (SELECT min(keywords) FROM message INDEXED BY message_keywords
		WHERE mailbox = ?1 AND keywords > each.words) FROM each WHERE words IS NOT NULL LIMIT ${MOST_COMBINATIONS}
) SELECT words FROM each WHERE words IS NOT NULL`

/** The columns of a mailbox's row. */
const BOX: { [Name in keyof MailboxRow]: string } = {
	key: 'key',
	id: 'id',
	account: 'account',
	name: 'name',
	role: 'role',
	uidValidity: 'uid_validity',
	uidNext: 'uid_next',
	modseq: 'modseq',
	messages: 'messages',
	unseen: 'unseen',
	deleted: 'deleted',
	size: 'size',
	subscribed:
		'EXISTS (SELECT 1 FROM subscription s WHERE s.account = mailbox.account AND s.name = mailbox.name)',
	sortOrder: 'sort_order',
	emails: 'emails',
	threads: 'threads',
}
/** What a list of them reads: account and subscriptions are known once for all. */
const { account: _, subscribed: __, ...EACH } = BOX
const LISTED = Object.values(EACH)
const AT = Object.fromEntries(Object.keys(EACH).map((name, i) => [name, i])) as Record<
	keyof typeof EACH,
	number
>
const MAILBOX = `SELECT ${Object.values(BOX)} FROM mailbox`
const WANTED = 'FROM json_each(?) wanted CROSS JOIN blob ON blob.id = wanted.value'

/** Reads of committed data on a connection of its own. */
export class SqliteReader extends SqliteMessages implements Reader {
	#folder: BlobFolder
	#index: TextIndex | null
	#uids = new Map<number, { modseq: number; runs: UidRuns }>()
	#keywords = new Map<number, { modseq: number; words: readonly string[] }>()
	readonly emails: Emails
	readonly queue: Queued

	constructor(db: DatabaseSync, folder: BlobFolder, index: TextIndex | null = null) {
		super(new Statements(db))
		this.#folder = folder
		this.#index = index
		this.emails = new EmailReader(this.sql)
		this.queue = new QueueReader(this.sql)
	}

	hasAccount(account: string): boolean {
		return this.sql.get('SELECT 1 FROM account WHERE id = ?', account) !== undefined
	}

	accounts(): string[] {
		return this.sql.all<{ id: string }>('SELECT id FROM account').map(row => row.id)
	}

	mailboxNames(account: string): Pick<MailboxRow, 'id' | 'name' | 'role'>[] {
		const [ids, names, roles] = this.sql.columns(
			['id', 'name', 'role'],
			'FROM mailbox WHERE account = ? ORDER BY name',
			account,
		) as [string[], string[], (Role | null)[]]
		return ids.map((id, i) => ({ id, name: names[i]!, role: roles[i]! }))
	}

	mailboxes(account: string): MailboxRow[] {
		const columns = this.sql.columns(LISTED, 'FROM mailbox WHERE account = ? ORDER BY name', account)
		const subscribed = new Set(this.subscriptions(account))
		return columns[0]!.map((_, i) => {
			// Written out, so that all rows are objects of one kind.
			const of = <T>(name: keyof typeof AT) => columns[AT[name]]![i] as T
			const name = of<string>('name')
			return {
				key: of('key'),
				id: of('id'),
				account,
				name,
				role: of('role'),
				uidValidity: of('uidValidity'),
				uidNext: of('uidNext'),
				modseq: of('modseq'),
				messages: of('messages'),
				unseen: of('unseen'),
				deleted: of('deleted'),
				size: of('size'),
				subscribed: subscribed.has(name),
				sortOrder: of('sortOrder'),
				emails: of('emails'),
				threads: of('threads'),
			}
		})
	}

	mailbox(account: string, name: string): MailboxRow | null {
		return this.#mailboxes('account = ? AND name = ?', account, properName(name))[0] ?? null
	}

	mailboxByKey(key: number): MailboxRow | null {
		return this.#mailboxes('key = ?', key)[0] ?? null
	}

	/** A few of them, looked for every few moments: rows as arrays cost half of what objects do. */
	#mailboxes(where: string, ...values: (string | number)[]): MailboxRow[] {
		return this.sql.arrays<Columns>(`${MAILBOX} WHERE ${where}`, ...values).map(asMailbox)
	}

	subscriptions(account: string): string[] {
		return this.sql.list('name', 'FROM subscription WHERE account = ? ORDER BY name', account)
	}

	metadata(account: string, mailbox: string): [entry: string, value: string][] {
		return this.sql
			.all<{ entry: string; value: string }>(
				'SELECT entry, value FROM metadata WHERE account = ? AND mailbox = ? ORDER BY entry',
				account,
				mailbox,
			)
			.map(row => [row.entry, row.value])
	}

	rights(mailbox: string): [identifier: string, rights: string][] {
		const sql = 'SELECT identifier, rights FROM rights WHERE mailbox = ? ORDER BY identifier'
		return this.sql
			.all<{ identifier: string; rights: string }>(sql, mailbox)
			.map(row => [row.identifier, row.rights])
	}

	sharedWith(account: string, identifiers: string[]): MailboxRow[] {
		const ids = 'SELECT mailbox FROM rights WHERE identifier IN (SELECT value FROM json_each(?))'
		const where = `id IN (${ids}) AND account <> ? ORDER BY account, name`
		return this.#mailboxes(where, JSON.stringify(identifiers), account)
	}

	seenBy(account: string): Messages {
		return new SqliteMessages(this.sql, account)
	}

	deletedSize(mailbox: number): number {
		const sql = 'SELECT coalesce(sum(size), 0) AS size FROM message WHERE mailbox = ? AND flags & 8'
		return this.sql.get<{ size: number }>(sql, mailbox)!.size
	}

	uids(mailbox: number): number[] {
		return this.sql.list('uid', 'FROM message WHERE mailbox = ? ORDER BY uid', mailbox)
	}

	keywords({ key, modseq }: MailboxRow): readonly string[] {
		const known = this.#keywords.get(key)
		if (known?.modseq === modseq) return known.words
		// In whatever case they are written, they are the same ones.
		const found = new Map<string, string>()
		for (const [json] of this.sql.arrays<[string]>(COMBINATIONS, key))
			for (const word of JSON.parse(json) as string[])
				if (found.size < MOST_KEYWORDS && !found.has(word.toLowerCase())) found.set(word.toLowerCase(), word)
		const words = [...found.values()].sort()
		remember(this.#keywords, key, { modseq, words }, REMEMBERED)
		return words
	}

	columns(mailbox: number): { uids: number[]; sizes: number[]; blobs: number[] } {
		const sql = 'SELECT uid, size, blob FROM message WHERE mailbox = ? ORDER BY uid'
		const columns = { uids: [] as number[], sizes: [] as number[], blobs: [] as number[] }
		for (const [uid, size, blob] of this.sql.arrays<[uid: number, size: number, blob: number]>(
			sql,
			mailbox,
		)) {
			columns.uids.push(uid)
			columns.sizes.push(size)
			columns.blobs.push(blob)
		}
		return columns
	}

	uidRuns(box: MailboxRow): UidRuns {
		const known = this.#uids.get(box.key)
		if (known?.modseq === box.modseq) return known.runs
		const runs = (known && this.#runsSince(known, box)) ?? this.#runsOf(box)
		this.#uids.delete(box.key)
		if (runs.length === box.messages && runs.octets <= REMEMBERED_OCTETS)
			remember(this.#uids, box.key, { modseq: box.modseq, runs }, REMEMBERED)
		return runs
	}

	/** Null when what happened since does not add up: the row was read a moment before. */
	#runsSince({ modseq, runs }: { modseq: number; runs: UidRuns }, box: MailboxRow): UidRuns | null {
		const places: number[] = []
		for (const uid of this.#expunged(box, modseq)) {
			const place = runs.from(uid)
			if (place < runs.length && runs.uid(place) === uid) places.push(place)
		}
		const came = this.sql.list<number>(
			'uid',
			'FROM message WHERE mailbox = ? AND uid > ? AND uid < ? ORDER BY uid',
			box.key,
			runs.last,
			box.uidNext,
		)
		let now = places.length > 0 ? runs.minus(places) : runs
		for (const uid of came) now = now.plus(uid)
		return now.length === box.messages ? now : null
	}

	/** What is missing was expunged, and that is remembered: often less is to be read than what is there. */
	#runsOf(box: MailboxRow): UidRuns {
		const last = box.uidNext - 1
		const missing = last - box.messages
		const gaps = missing === 0 ? [] : missing < box.messages ? this.#expunged(box, 0) : null
		return gaps?.length === missing ? UidRuns.allBut(last, gaps) : UidRuns.of(this.uids(box.key))
	}

	#expunged({ key, modseq }: MailboxRow, since: number): number[] {
		const rest = 'FROM expunged WHERE mailbox = ? AND modseq > ? AND modseq <= ? ORDER BY uid'
		return this.sql.list('uid', rest, key, since, modseq)
	}

	expungedSince(mailbox: number, modseq: number): number[] {
		return this.sql.list(
			'uid',
			'FROM expunged WHERE mailbox = ? AND modseq > ? ORDER BY uid',
			mailbox,
			modseq,
		)
	}

	head(blob: number): BlobHead {
		const head = this.heads([blob]).get(blob)
		if (!head) throw new Error(`no body ${blob}`)
		return head
	}

	heads(blobs: number[], only?: 'envelope' | 'structure'): Map<number, BlobHead> {
		const wanted = JSON.stringify(blobs)
		if (only) return this.#headsOf(wanted, only)
		const heads = new Map<number, BlobHead>()
		for (const [id, hash, size, envelope, structure, preview] of this.sql.arrays<
			[number, string, number, string, string, string]
		>(`SELECT blob.id, hash, size, envelope, structure, preview ${WANTED}`, wanted))
			heads.set(id, new StoredHead(hash, size, preview, envelope, structure))
		return heads
	}

	/** One text that is parsed at once, as of one kind as they are: a quarter faster than one after the other. */
	#headsOf(wanted: string, only: 'envelope' | 'structure'): Map<number, BlobHead> {
		const sql = `SELECT json_group_array(blob.id), group_concat(${only}) ${WANTED}`
		const [ids, all] = this.sql.arrays<[string, string | null]>(sql, wanted)[0]!
		const found: never[] = JSON.parse(`[${all ?? ''}]`)
		const head = (one: never) =>
			only === 'envelope' ? new StoredHead('', 0, '', one, '') : new StoredHead('', 0, '', '', one)
		return new Map((JSON.parse(ids) as number[]).map((id, i) => [id, head(found[i]!)]))
	}

	bodies(blobs: number[]): Map<number, Buffer> {
		const bodies = new Map<number, Buffer>()
		const sql = 'SELECT blob, data FROM json_each(?) wanted CROSS JOIN body ON body.blob = wanted.value'
		for (const [id, data] of this.sql.arrays<[number, Uint8Array]>(sql, JSON.stringify(blobs)))
			bodies.set(id, unpack(data))
		return bodies
	}

	body(blob: number): Buffer {
		const { file, data } = this.#where(blob)
		return file ? this.#folder.read(file) : unpack(data!)
	}

	async *bodyStream(blob: number, start = 0, end = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
		const { file, data } = this.#where(blob)
		if (!file) {
			yield unpack(data!).subarray(start, Math.min(end, Number.MAX_SAFE_INTEGER))
			return
		}
		yield* this.#folder.stream(file, start, end)
	}

	#where(blob: number): { file: string | null; data: Uint8Array | null } {
		const [row] = this.sql.arrays<[string | null, Uint8Array | null]>(
			'SELECT file, data FROM blob LEFT JOIN body ON body.blob = blob.id WHERE blob.id = ?',
			blob,
		)
		if (!row) throw new Error(`no body ${blob}`)
		return { file: row[0], data: row[1] }
	}

	async searchText(mailbox: number, field: SearchField, text: string): Promise<TextFound | null> {
		return this.#index?.find(mailbox, field, text) ?? null
	}

	usage(account: string): { size: number; messages: number } {
		return this.sql.get(
			'SELECT coalesce(sum(size), 0) AS size, coalesce(sum(messages), 0) AS messages FROM mailbox WHERE account = ?',
			account,
		)!
	}

	totals(): { accounts: number; messages: number; size: number; queued: number } {
		return this.sql.get(
			`SELECT (SELECT count(*) FROM account) AS accounts, coalesce(sum(messages), 0) AS messages,
			 coalesce(sum(size), 0) AS size, (SELECT count(*) FROM queue_recipient) AS queued FROM mailbox`,
		)!
	}

	log(after: number, most: number): LogRow[] {
		const node = this.sql.get<{ value: string }>(`SELECT value FROM fact WHERE name = 'node'`)?.value ?? ''
		return this.sql
			.all<Omit<LogRow, 'op' | 'node'> & { op: string }>(
				'SELECT seq, account, epoch, stamp, op FROM log WHERE seq > ? ORDER BY seq LIMIT ?',
				after,
				most,
			)
			.map(row => ({ ...row, node, op: JSON.parse(row.op) }))
	}
}

/** As `BOX` names them. */
type Columns = [
	key: number,
	id: string,
	account: string,
	name: string,
	role: Role | null,
	uidValidity: number,
	uidNext: number,
	modseq: number,
	messages: number,
	unseen: number,
	deleted: number,
	size: number,
	subscribed: number,
	sortOrder: number,
	emails: number,
	threads: number,
]

function asMailbox(row: Columns): MailboxRow {
	return {
		key: row[0],
		id: row[1],
		account: row[2],
		name: row[3],
		role: row[4],
		uidValidity: row[5],
		uidNext: row[6],
		modseq: row[7],
		messages: row[8],
		unseen: row[9],
		deleted: row[10],
		size: row[11],
		subscribed: row[12] !== 0,
		sortOrder: row[13],
		emails: row[14],
		threads: row[15],
	}
}
