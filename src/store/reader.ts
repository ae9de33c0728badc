import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type BlobFolder, unpack } from './bodies.ts'
import { properName } from './mailbox-ops.ts'
import type { TextIndex } from './search/text-index.ts'
import {
	ANYONE,
	type BlobHead,
	type LogRow,
	type MailboxRow,
	type MessageRow,
	type Messages,
	type QueueItem,
	type Reader,
	type SearchField,
	type TextFound,
} from './types.ts'

const NONE: string[] = []

const MAILBOX = `SELECT key, id, account, name, role, uid_validity AS uidValidity, uid_next AS uidNext, modseq, messages,
	unseen, deleted, size, EXISTS (SELECT 1 FROM subscription s WHERE s.account = mailbox.account AND s.name = mailbox.name)
	AS subscribed FROM mailbox`
const MESSAGE = `SELECT uid, modseq, flags, keywords, internal_date AS internalDate, save_date AS saveDate, size, blob
	FROM message WHERE mailbox = ?`
const QUEUE = `SELECT r.key, r.id, m.reverse_path AS reversePath, m.envelope_id AS envelopeId, m.ret, m.smtputf8, r.recipient,
	r.route, r.original_recipient AS originalRecipient, r.notify, m.arrived, m.expires, r.attempts, r.due, r.held,
	r.last_reply AS lastReply, m.blob, m.size, m.source, r.warn,
	m.priority, m.require_tls AS requireTls, m.deliver_by AS deliverBy, m.by_mode AS byMode, m.release FROM queue_recipient r JOIN queue_message m ON m.id = r.id`

/** Reads of committed data on a connection of its own. */
export class SqliteReader implements Reader {
	#db: DatabaseSync
	#folder: BlobFolder
	#index: TextIndex | null
	#statements = new Map<string, StatementSync>()

	constructor(db: DatabaseSync, folder: BlobFolder, index: TextIndex | null = null) {
		this.#db = db
		this.#folder = folder
		this.#index = index
	}

	#all<T>(sql: string, ...values: (string | number)[]): T[] {
		return this.#statement(sql).all(...values) as T[]
	}

	#get<T>(sql: string, ...values: (string | number)[]): T | undefined {
		return this.#statement(sql).get(...values) as T | undefined
	}

	#statement(sql: string): StatementSync {
		let statement = this.#statements.get(sql)
		if (!statement) {
			statement = this.#db.prepare(sql)
			this.#statements.set(sql, statement)
		}
		return statement
	}

	hasAccount(account: string): boolean {
		return this.#get('SELECT 1 FROM account WHERE id = ?', account) !== undefined
	}

	accounts(): string[] {
		return this.#all<{ id: string }>('SELECT id FROM account').map(row => row.id)
	}

	mailboxes(account: string): MailboxRow[] {
		return this.#all<MailboxRow>(`${MAILBOX} WHERE account = ? ORDER BY name`, account).map(asMailbox)
	}

	mailbox(account: string, name: string): MailboxRow | null {
		const row = this.#get<MailboxRow>(`${MAILBOX} WHERE account = ? AND name = ?`, account, properName(name))
		return row ? asMailbox(row) : null
	}

	mailboxByKey(key: number): MailboxRow | null {
		const row = this.#get<MailboxRow>(`${MAILBOX} WHERE key = ?`, key)
		return row ? asMailbox(row) : null
	}

	subscriptions(account: string): string[] {
		return this.#all<{ name: string }>(
			'SELECT name FROM subscription WHERE account = ? ORDER BY name',
			account,
		).map(row => row.name)
	}

	metadata(account: string, mailbox: string): [entry: string, value: string][] {
		return this.#all<{ entry: string; value: string }>(
			'SELECT entry, value FROM metadata WHERE account = ? AND mailbox = ? ORDER BY entry',
			account,
			mailbox,
		).map(row => [row.entry, row.value])
	}

	rights(mailbox: string): [identifier: string, rights: string][] {
		const sql = 'SELECT identifier, rights FROM rights WHERE mailbox = ? ORDER BY identifier'
		return this.#all<{ identifier: string; rights: string }>(sql, mailbox).map(row => [
			row.identifier,
			row.rights,
		])
	}

	sharedWith(account: string): MailboxRow[] {
		const ids = 'SELECT mailbox FROM rights WHERE identifier IN (?, ?)'
		const sql = `${MAILBOX} WHERE id IN (${ids}) AND account <> ? ORDER BY account, name`
		return this.#all<MailboxRow>(sql, account, ANYONE, account).map(asMailbox)
	}

	seenBy(account: string): Messages {
		const seen =
			'SELECT 1 FROM seen s WHERE s.mailbox = message.mailbox AND s.uid = message.uid AND s.account = ?'
		const columns = `uid, modseq, (flags & ~1) | EXISTS (${seen}) AS flags, keywords, internal_date AS internalDate,
			save_date AS saveDate, size, blob`
		const rows = `SELECT ${columns} FROM message WHERE mailbox = ?`
		return {
			messages: (mailbox, from, to) =>
				this.#all<MessageRow>(`${rows} AND uid BETWEEN ? AND ? ORDER BY uid`, account, mailbox, from, to).map(
					asMessage,
				),
			messagesSince: (mailbox, modseq) =>
				this.#all<MessageRow>(`${rows} AND modseq > ? ORDER BY uid`, account, mailbox, modseq).map(asMessage),
			firstUnseen: mailbox => {
				const sql = `SELECT uid FROM message WHERE mailbox = ? AND NOT EXISTS (${seen}) ORDER BY uid LIMIT 1`
				return this.#get<{ uid: number }>(sql, mailbox, account)?.uid ?? null
			},
			countUnseen: mailbox => {
				const sql = `SELECT messages - (SELECT count(*) FROM seen WHERE mailbox = ? AND account = ?) AS unseen
					FROM mailbox WHERE key = ?`
				return this.#get<{ unseen: number }>(sql, mailbox, account, mailbox)?.unseen ?? 0
			},
		}
	}

	countUnseen(mailbox: number): number {
		return this.#get<{ unseen: number }>('SELECT unseen FROM mailbox WHERE key = ?', mailbox)?.unseen ?? 0
	}

	deletedSize(mailbox: number): number {
		const sql = 'SELECT coalesce(sum(size), 0) AS size FROM message WHERE mailbox = ? AND flags & 8'
		return this.#get<{ size: number }>(sql, mailbox)!.size
	}

	uids(mailbox: number): number[] {
		// One string instead of a row object for each message: an idle connection keeps a tenth of the memory.
		const sql = 'SELECT json_group_array(uid ORDER BY uid) AS uids FROM message WHERE mailbox = ?'
		return JSON.parse(this.#get<{ uids: string }>(sql, mailbox)!.uids)
	}

	firstUnseen(mailbox: number): number | null {
		const sql = 'SELECT uid FROM message WHERE mailbox = ? AND flags & 1 = 0 ORDER BY uid LIMIT 1'
		return this.#get<{ uid: number }>(sql, mailbox)?.uid ?? null
	}

	messages(mailbox: number, from: number, to: number): MessageRow[] {
		return this.#all<MessageRow>(`${MESSAGE} AND uid BETWEEN ? AND ? ORDER BY uid`, mailbox, from, to).map(
			asMessage,
		)
	}

	messagesSince(mailbox: number, modseq: number): MessageRow[] {
		return this.#all<MessageRow>(`${MESSAGE} AND modseq > ? ORDER BY uid`, mailbox, modseq).map(asMessage)
	}

	expungedSince(mailbox: number, modseq: number): number[] {
		return this.#all<{ uid: number }>(
			'SELECT uid FROM expunged WHERE mailbox = ? AND modseq > ? ORDER BY uid',
			mailbox,
			modseq,
		).map(row => row.uid)
	}

	head(blob: number): BlobHead {
		const row = this.#get<{
			hash: string
			size: number
			envelope: string
			structure: string
			preview: string
		}>('SELECT hash, size, envelope, structure, preview FROM blob WHERE id = ?', blob)
		if (!row) throw new Error(`no body ${blob}`)
		return { ...row, envelope: JSON.parse(row.envelope), structure: JSON.parse(row.structure) }
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
		let at = 0
		for await (const piece of this.#folder.stream(file)) {
			if (at + piece.length > start) yield piece.subarray(Math.max(0, start - at), Math.max(0, end - at))
			at += piece.length
			if (at >= end) return
		}
	}

	#where(blob: number): { file: string | null; data: Uint8Array | null } {
		const row = this.#get<{ file: string | null; data: Uint8Array | null }>(
			'SELECT file, data FROM blob LEFT JOIN body ON body.blob = blob.id WHERE blob.id = ?',
			blob,
		)
		if (!row) throw new Error(`no body ${blob}`)
		return row
	}

	async searchText(mailbox: number, field: SearchField, text: string): Promise<TextFound | null> {
		return this.#index?.find(mailbox, field, text) ?? null
	}

	usage(account: string): { size: number; messages: number } {
		return this.#get(
			'SELECT coalesce(sum(size), 0) AS size, coalesce(sum(messages), 0) AS messages FROM mailbox WHERE account = ?',
			account,
		)!
	}

	queue(filter: { route?: string; id?: string } = {}): QueueItem[] {
		if (filter.id)
			return this.#all<QueueItem>(`${QUEUE} WHERE r.id = ? ORDER BY r.key`, filter.id).map(asItem)
		if (filter.route)
			return this.#all<QueueItem>(`${QUEUE} WHERE r.route = ? ORDER BY r.key`, filter.route).map(asItem)
		return this.#all<QueueItem>(`${QUEUE} ORDER BY r.key`).map(asItem)
	}

	queueDue(route: string, now: number, most: number, after = 0): QueueItem[] {
		return this.#all<QueueItem>(
			`${QUEUE} WHERE r.route = ? AND r.key > ? AND r.held = 0 AND r.due <= ? ORDER BY r.key LIMIT ?`,
			route,
			after,
			now,
			most,
		).map(asItem)
	}

	queueNext(route: string): number | null {
		return this.#get<{ due: number | null }>(
			'SELECT min(due) AS due FROM queue_recipient WHERE route = ? AND held = 0',
			route,
		)!.due
	}

	queueToWarn(now: number, most: number): QueueItem[] {
		return this.#all<QueueItem>(
			`${QUEUE} WHERE r.warn <= ? AND r.held = 0 ORDER BY r.key LIMIT ?`,
			now,
			most,
		).map(asItem)
	}

	queueRoutes(): { route: string; waiting: number; due: number }[] {
		return this.#all(
			'SELECT route, count(*) AS waiting, min(due) AS due FROM queue_recipient WHERE held = 0 GROUP BY route',
		)
	}

	totals(): { accounts: number; messages: number; size: number; queued: number } {
		return this.#get(
			`SELECT (SELECT count(*) FROM account) AS accounts, coalesce(sum(messages), 0) AS messages,
			 coalesce(sum(size), 0) AS size, (SELECT count(*) FROM queue_recipient) AS queued FROM mailbox`,
		)!
	}

	log(after: number, most: number): LogRow[] {
		const node = this.#get<{ value: string }>(`SELECT value FROM fact WHERE name = 'node'`)?.value ?? ''
		return this.#all<Omit<LogRow, 'op' | 'node'> & { op: string }>(
			'SELECT seq, account, epoch, stamp, op FROM log WHERE seq > ? ORDER BY seq LIMIT ?',
			after,
			most,
		).map(row => ({ ...row, node, op: JSON.parse(row.op) }))
	}
}

// Rows come from SQLite as fresh objects: they are mended in place.
function asMailbox(row: MailboxRow): MailboxRow {
	row.subscribed = Boolean(row.subscribed)
	return row
}

function asMessage(row: MessageRow): MessageRow {
	row.keywords = row.keywords === null ? NONE : JSON.parse(row.keywords as unknown as string)
	return row
}

function asItem(row: QueueItem): QueueItem {
	row.held = Boolean(row.held)
	row.smtputf8 = Boolean(row.smtputf8)
	row.requireTls = Boolean(row.requireTls)
	return row
}
