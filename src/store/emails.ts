import type { Statements } from './statements.ts'
import { STRETCHES } from './stretches.ts'

/** One body in one account, with all that its copies say. Copies with \Deleted do not count. */
export type EmailRow = {
	key: number
	/** Row of the body. */
	blob: number
	thread: number
	/** Internal date of the first copy. */
	received: number
	size: number
	/** Of all copies together. */
	flags: number
	keywords: string[]
	copies: { mailbox: number; uid: number }[]
}

/** What happened to the things of one kind after a state. */
export type Gone = { id: string; created: number; changed: number; thread: number | null }
export type Happened<K> = { key: K; created: number; changed: number }

export type Unread = ReadonlyMap<number, { emails: number; threads: number }>

/** Accounts whose unread mail is not counted again before it changes. */
const MOST_REMEMBERED = 500

export type States = {
	modseq: number
	floor: number
	email: number
	mailbox: number
	thread: number
	delivery: number
}

/** Mail as JMAP sees it. Accounts by their id, mailboxes by their row. */
export type Emails = {
	/** Numbers of the account's history; null without such an account. */
	states(account: string): States | null
	/** The email of a body; null when the account has none, or only deleted copies. */
	byHash(account: string, hash: string): EmailRow | null
	byKeys(keys: number[]): EmailRow[]
	/** All of an account, or of a mailbox. */
	all(account: string, mailbox: number | null): EmailRow[]
	/** Email and thread of all of an account, or in a mailbox, by time and email, ascending. */
	byTime(account: string, mailbox: number | null): [email: number, thread: number][]
	/** Hashes of their bodies, in order. */
	hashes(keys: number[]): string[]
	/** Emails of a thread, in order of their time. */
	thread(account: string, thread: number): { key: number; hash: string }[]
	/** Emails that came or changed after a state, in order; with their threads. */
	since(account: string, modseq: number): (Happened<string> & { thread: number })[]
	mailboxesSince(account: string, modseq: number): (Happened<string> & { counted: number })[]
	/** What is no more since a state, in order. */
	gone(account: string, kind: string, modseq: number): Gone[]
	/** Threads that came, changed or went after a state. `lives`: it has emails. */
	threadsSince(
		account: string,
		modseq: number,
	): { thread: number; created: number; changed: number; lives: boolean }[]
	/** By mailbox: emails neither seen nor a draft; threads with such emails (in the trash: there; else: outside it) that have something there. */
	unread(account: string): Unread
	/** Row and size of a body that is in a message or an upload of the account. */
	body(account: string, hash: string): { blob: number; size: number } | null

	objects(account: string, kind: string): { id: string; value: unknown }[]
	object(account: string, kind: string, id: string): unknown
	objectsSince(account: string, kind: string, modseq: number): Happened<string>[]
	/** The number of what happened last to objects of that kind. */
	objectState(account: string, kind: string): number
}

const OWNER = '(SELECT key FROM history WHERE account = ?)'
const VISIBLE = 'flags & 8 = 0'
const COPY = 'm.email, m.mailbox, m.uid, m.flags, m.keywords, m.size, m.blob, m.thread, m.received'

type CopyRow = {
	email: number
	mailbox: number
	uid: number
	flags: number
	keywords: string | null
	size: number
	blob: number
	thread: number
	received: number
}

const NONE: string[] = []

/** The account that is the first of all values. */
const FIRST = '(SELECT key FROM history WHERE account = ?1)'

/** Emails of account ?1 that changed after ?2, some of them more than once: something came or went, or flags changed. */
const RECENT = `SELECT key AS email, changed FROM email
		WHERE owner = ${FIRST} AND changed > ?2 AND changed > created
	UNION ALL SELECT message.email, message.changed FROM mailbox b CROSS JOIN ${STRETCHES}
		WHERE b.account = ?1 AND b.counted > ?2 AND box = b.key AND moment > ?2 AND message.changed > ?2 AND hidden = 0`

export class EmailReader implements Emails {
	readonly #sql: Statements
	#unread = new Map<string, { state: number; counts: Unread }>()

	constructor(sql: Statements) {
		this.#sql = sql
	}

	states(account: string): States | null {
		const sql = 'SELECT modseq, floor, email, mailbox, thread, delivery FROM history WHERE account = ?'
		return this.#sql.get<States>(sql, account) ?? null
	}

	byHash(account: string, hash: string): EmailRow | null {
		const rows = this.#sql.all<CopyRow>(
			`SELECT ${COPY} FROM email e CROSS JOIN message m ON m.email = e.key
			 WHERE e.owner = ${OWNER} AND e.blob = (SELECT blob FROM body_by_hash WHERE hash = unhex(?)) AND m.${VISIBLE}`,
			account,
			hash,
		)
		return gather(rows)[0] ?? null
	}

	byKeys(keys: number[]): EmailRow[] {
		return gather(
			this.#sql.all<CopyRow>(
				`SELECT ${COPY} FROM json_each(?) k CROSS JOIN message m ON m.email = k.value WHERE m.${VISIBLE} ORDER BY k.key`,
				JSON.stringify(keys),
			),
		)
	}

	all(account: string, mailbox: number | null): EmailRow[] {
		if (mailbox === null) {
			return gather(
				this.#sql.all<CopyRow>(
					`SELECT ${COPY} FROM mailbox b CROSS JOIN message m ON m.mailbox = b.key
					 WHERE b.account = ? AND m.${VISIBLE}`,
					account,
				),
			)
		}
		const rows = this.#sql.all<CopyRow>(
			`SELECT ${COPY} FROM message m WHERE m.mailbox = ? AND m.${VISIBLE}`,
			mailbox,
		)
		// Few have copies elsewhere.
		const several = this.#sql.all<{ key: number }>(
			`SELECT key FROM email WHERE owner = ${OWNER} AND copies > 1`,
			account,
		)
		if (several.length === 0) return gather(rows)
		const here = new Set(rows.map(row => row.email))
		const whole = this.byKeys(several.map(row => row.key).filter(key => here.has(key)))
		const others = new Set(whole.map(row => row.key))
		return [...gather(rows.filter(row => !others.has(row.email))), ...whole]
	}

	byTime(account: string, mailbox: number | null): [number, number][] {
		const pairs = 'SELECT json_group_array(json_array(email, thread)) AS pairs FROM'
		const { pairs: text } =
			mailbox === null
				? this.#sql.get<{ pairs: string }>(
						`${pairs} (SELECT key AS email, thread FROM email WHERE owner = ${OWNER} AND copies > 0 ORDER BY received, key)`,
						account,
					)!
				: this.#sql.get<{ pairs: string }>(
						`${pairs} (SELECT email, thread FROM message WHERE mailbox = ? AND hidden = 0 ORDER BY received, email)`,
						mailbox,
					)!
		const found: [number, number][] = JSON.parse(text)
		// A body may lie twice in one mailbox.
		return found.filter(([email], index) => email !== found[index - 1]?.[0])
	}

	hashes(keys: number[]): string[] {
		return this.#sql
			.all<{ hash: string }>(
				`SELECT hash FROM json_each(?) k CROSS JOIN email e ON e.key = k.value JOIN blob ON blob.id = e.blob ORDER BY k.key`,
				JSON.stringify(keys),
			)
			.map(row => row.hash)
	}

	thread(account: string, thread: number): { key: number; hash: string }[] {
		return this.#sql.all(
			`SELECT e.key, hash FROM email e JOIN blob ON blob.id = e.blob
			 WHERE owner = ${OWNER} AND thread = ? AND copies > 0 ORDER BY received, e.key`,
			account,
			thread,
		)
	}

	since(account: string, modseq: number): (Happened<string> & { thread: number })[] {
		return this.#sql.all(
			`SELECT hash AS key, created, max(recent.changed) AS changed, e.thread
			 FROM (${RECENT}) recent CROSS JOIN email e ON e.key = recent.email JOIN blob ON blob.id = e.blob
			 WHERE copies > 0 GROUP BY e.key ORDER BY 3, e.key`,
			account,
			modseq,
		)
	}

	mailboxesSince(account: string, modseq: number): (Happened<string> & { counted: number })[] {
		return this.#sql.all(
			`SELECT id AS key, created, changed, counted FROM mailbox WHERE account = ? AND max(changed, counted) > ?
			 ORDER BY max(changed, counted), key`,
			account,
			modseq,
		)
	}

	gone(account: string, kind: string, modseq: number): Gone[] {
		return this.#sql.all(
			`SELECT id, created, changed, thread FROM gone WHERE owner = ${OWNER} AND kind = ? AND changed > ? ORDER BY changed, id`,
			account,
			kind,
			modseq,
		)
	}

	threadsSince(account: string, modseq: number): ReturnType<Emails['threadsSince']> {
		// A thread came with its first email; it changed when one came or went.
		return this.#sql
			.all<{ thread: number; created: number; changed: number; lives: number | boolean }>(
				`WITH some AS (
				SELECT e.thread, e.created AS at FROM (${RECENT}) recent CROSS JOIN email e ON e.key = recent.email
					WHERE e.created > ?2 AND copies > 0
				UNION ALL SELECT thread, changed FROM gone WHERE owner = ${FIRST} AND kind = 'Email' AND changed > ?2)
			SELECT thread, max(at) AS changed,
				(SELECT min(created) FROM (
					SELECT created FROM email e WHERE e.owner = ${FIRST} AND e.thread = some.thread AND copies > 0
					UNION ALL SELECT created FROM gone g
						WHERE g.owner = ${FIRST} AND g.kind = 'Email' AND g.changed > ?2 AND g.thread = some.thread)) AS created,
				EXISTS (SELECT 1 FROM email e WHERE e.owner = ${FIRST} AND e.thread = some.thread AND copies > 0) AS lives
			FROM some GROUP BY thread ORDER BY changed, thread`,
				account,
				modseq,
			)
			.map(row => ({ ...row, lives: Boolean(row.lives) }))
	}

	unread(account: string): Unread {
		const state = this.states(account)?.mailbox ?? 0
		const known = this.#unread.get(account)
		if (known?.state === state) return known.counts
		const counts = this.#countUnread(account)
		if (this.#unread.size >= MOST_REMEMBERED) this.#unread.clear()
		this.#unread.set(account, { state, counts })
		return counts
	}

	#countUnread(account: string): Unread {
		// A copy that is seen elsewhere is seen.
		const unread = `FROM mailbox b CROSS JOIN message m ON m.mailbox = b.key
			WHERE b.account = ? AND b.unseen > 0 AND m.flags & 1 = 0 AND m.flags & 24 = 0
			AND NOT EXISTS (SELECT 1 FROM message o WHERE o.email = m.email AND o.${VISIBLE} AND o.flags & 17)`
		const counts = new Map<number, { emails: number; threads: number }>()
		// Mail in the trash is a conversation of its own: it makes none elsewhere unread, and none elsewhere makes it so.
		const trash = "coalesce(b.role, '') = 'trash'"
		for (const { mailbox, threads } of this.#sql.all<{ mailbox: number; threads: number }>(
			`SELECT t.mailbox, count(DISTINCT e.thread) AS threads FROM (SELECT DISTINCT m.thread ${unread} AND NOT ${trash}) u
			 CROSS JOIN email e ON e.owner = ${OWNER} AND e.thread = u.thread CROSS JOIN message t ON t.email = e.key AND t.${VISIBLE}
			 CROSS JOIN mailbox b ON b.key = t.mailbox AND NOT ${trash} GROUP BY t.mailbox
			 UNION ALL SELECT m.mailbox, count(DISTINCT m.thread) ${unread} AND ${trash} GROUP BY m.mailbox`,
			account,
			account,
			account,
		))
			counts.set(mailbox, { emails: 0, threads })
		for (const { mailbox, emails } of this.#sql.all<{ mailbox: number; emails: number }>(
			`SELECT m.mailbox, count(DISTINCT m.email) AS emails ${unread} GROUP BY m.mailbox`,
			account,
		))
			counts.get(mailbox)!.emails = emails
		return counts
	}

	body(account: string, hash: string): { blob: number; size: number } | null {
		return (
			this.#sql.get<{ blob: number; size: number }>(
				`SELECT id AS blob, size FROM blob WHERE id = (SELECT blob FROM body_by_hash WHERE hash = unhex(?)) AND
				 (EXISTS (SELECT 1 FROM email WHERE owner = ${OWNER} AND blob = blob.id)
				  OR EXISTS (SELECT 1 FROM upload WHERE owner = ${OWNER} AND blob = blob.id))`,
				hash,
				account,
				account,
			) ?? null
		)
	}

	objects(account: string, kind: string): { id: string; value: unknown }[] {
		return this.#sql
			.all<{ id: string; value: string }>(
				`SELECT id, value FROM object WHERE owner = ${OWNER} AND kind = ? ORDER BY id`,
				account,
				kind,
			)
			.map(row => ({ id: row.id, value: JSON.parse(row.value) }))
	}

	object(account: string, kind: string, id: string): unknown {
		const row = this.#sql.get<{ value: string }>(
			`SELECT value FROM object WHERE owner = ${OWNER} AND kind = ? AND id = ?`,
			account,
			kind,
			id,
		)
		return row ? JSON.parse(row.value) : null
	}

	objectsSince(account: string, kind: string, modseq: number): Happened<string>[] {
		return this.#sql.all(
			`SELECT id AS key, created, changed FROM object WHERE owner = ${OWNER} AND kind = ? AND changed > ? ORDER BY changed`,
			account,
			kind,
			modseq,
		)
	}

	objectState(account: string, kind: string): number {
		return (
			this.#sql.get<{ state: number }>(
				`SELECT max(floor, coalesce((SELECT max(changed) FROM object WHERE owner = h.key AND kind = ?), 0),
				coalesce((SELECT max(changed) FROM gone WHERE owner = h.key AND kind = ?), 0)) AS state
			 FROM history h WHERE account = ?`,
				kind,
				kind,
				account,
			)?.state ?? 0
		)
	}
}

/** Copies of one email together; emails in the order in which they first come. */
function gather(rows: CopyRow[]): EmailRow[] {
	const emails = new Map<number, EmailRow>()
	for (const { email: key, mailbox, uid, flags, keywords, size, blob, thread, received } of rows) {
		const words: string[] = keywords === null ? NONE : JSON.parse(keywords)
		const known = emails.get(key)
		if (!known) {
			emails.set(key, {
				key,
				blob,
				thread,
				received,
				size,
				flags,
				keywords: words,
				copies: [{ mailbox, uid }],
			})
			continue
		}
		known.flags |= flags
		known.copies.push({ mailbox, uid })
		if (words.length > 0) known.keywords = [...new Set([...known.keywords, ...words])]
	}
	return [...emails.values()]
}
