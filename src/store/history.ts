import type { MailFile } from './mail-file.ts'
import type { Box } from './mailbox-ops.ts'
import type { Tally } from './tally.ts'
import { forgetThread, GONE_EMAIL, linkThread, type Named, threadOfHash } from './threads.ts'
import { Flag } from './types.ts'

/*
 * The history of an account, from which JMAP's /changes are answered. An email is one body in one account, however many
 * mailboxes have a copy; a copy with \Deleted does not count (RFC 8621 section 4.1.1). All of this follows from Ops
 * alone, so it is the same wherever they are replayed.
 */

/** Something happens to an account, and this is its number. */
export type Moment = {
	owner: number
	account: string
	modseq: number
	/** What `mark` has written already. */
	marked: Set<'came' | 'went' | 'changed'>
	/** Mailboxes that `touchThread` has marked already. */
	counted: Set<number>
}

export function momentOf(file: MailFile, account: string): Moment {
	const next = 'UPDATE history SET modseq = modseq + 1 WHERE account = ? RETURNING key AS owner, modseq'
	let row = file.get<{ owner: number; modseq: number }>(next, account)
	if (!row) {
		file.run('INSERT INTO history (account) VALUES (?)', account)
		row = file.get<{ owner: number; modseq: number }>(next, account)!
	}
	return { ...row, account, marked: new Set(), counted: new Set() }
}

function mark(file: MailFile, { owner, marked }: Moment, what: 'came' | 'went' | 'changed'): void {
	if (marked.has(what)) return
	marked.add(what)
	const threads = what === 'changed' ? '' : ', thread = modseq'
	const delivery = what === 'came' ? ', delivery = modseq' : ''
	file.run(`UPDATE history SET email = modseq, mailbox = modseq${threads}${delivery} WHERE key = ?`, owner)
}

function markMailboxes(file: MailFile, { owner, modseq }: Moment): void {
	file.run('UPDATE history SET mailbox = ? WHERE key = ?', modseq, owner)
}

/** A copy of a body, as its row knows the email. */
export type Copy = { email: number; thread: number; received: number }

const VISIBLE = `flags & ${Flag.deleted} = 0`

/**
 * Before the row of a message is written: its body comes to an account, perhaps once more.
 * @param thread it belongs to when it is not there yet; null = it is said by its hash
 */
export function arrive(
	file: MailFile,
	moment: Moment,
	blob: number,
	message: Named,
	{
		mailbox,
		thread,
		received,
		visible,
	}: { mailbox: number; thread: number | null; received: number; visible: boolean },
	tally: Tally,
): Copy {
	const { owner, modseq } = moment
	const sql = 'SELECT key AS email, thread, received FROM email WHERE owner = ? AND blob = ?'
	const known = file.get<Copy>(sql, owner, blob)
	if (known) {
		if (visible) appear(file, moment, mailbox, known, tally)
		return known
	}
	const belongs = thread ?? threadOfHash(moment.account, message.hash)
	const others = file.get('SELECT 1 FROM email WHERE owner = ? AND thread = ?', owner, belongs)
	if (visible) {
		tally.emails++
		if (!others || !touchThread(file, moment, belongs).has(mailbox)) tally.threads++
		forgetGone(file, moment, message.hash)
		mark(file, moment, 'came')
	}
	const { lastInsertRowid: email } = file.run(
		'INSERT INTO email (owner, blob, thread, received, created, changed, copies) VALUES (?, ?, ?, ?, ?, ?, ?)',
		owner,
		blob,
		belongs,
		received,
		visible ? modseq : 0,
		visible ? modseq : 0,
		visible ? 1 : 0,
	)
	linkThread(file, owner, belongs, message)
	return { email, thread: belongs, received }
}

/** Before a copy appears in a mailbox: it comes, or \Deleted is taken off. */
export function appear(
	file: MailFile,
	moment: Moment,
	mailbox: number,
	{ email, thread }: Pick<Copy, 'email' | 'thread'>,
	tally: Tally,
): void {
	if (!isIn(file, mailbox, email)) tally.emails++
	if (!touchThread(file, moment, thread).has(mailbox)) tally.threads++
	const { copies } = file.get<{ copies: number }>(
		'UPDATE email SET copies = copies + 1, changed = ? WHERE key = ? RETURNING copies',
		moment.modseq,
		email,
	)!
	if (copies === 1) {
		file.run('UPDATE email SET created = changed WHERE key = ?', email)
		const hash = 'SELECT hash FROM blob JOIN email ON email.blob = blob.id WHERE email.key = ?'
		forgetGone(file, moment, file.get<{ hash: string }>(hash, email)!.hash)
	}
	mark(file, moment, copies === 1 ? 'came' : 'changed')
}

/** It was here before, and is here again. */
function forgetGone(file: MailFile, { owner }: Moment, hash: string): void {
	file.run(`DELETE FROM ${GONE_EMAIL}`, owner, hash)
}

/** After a copy has disappeared from a mailbox: it went, or got \Deleted. */
export function disappear(
	file: MailFile,
	moment: Moment,
	mailbox: number,
	{ email, thread }: Pick<Copy, 'email' | 'thread'>,
	tally: Tally,
): void {
	if (!isIn(file, mailbox, email)) tally.emails--
	if (!touchThread(file, moment, thread).has(mailbox)) tally.threads--
	const { copies } = file.get<{ copies: number }>(
		'UPDATE email SET copies = copies - 1, changed = ? WHERE key = ? RETURNING copies',
		moment.modseq,
		email,
	)!
	if (copies === 0) {
		file.run(
			`INSERT OR REPLACE INTO gone SELECT owner, 'Email', ?, hash, created, thread, ?
			 FROM email JOIN blob ON blob.id = email.blob WHERE key = ?`,
			moment.modseq,
			file.clock.now(),
			email,
		)
	}
	mark(file, moment, copies === 0 ? 'went' : 'changed')
}

/** After a row of it has gone, and before its body is released: the email goes with the last one. */
export function forgetEmail(
	file: MailFile,
	{ owner }: Moment,
	{ email, thread }: Pick<Copy, 'email' | 'thread'>,
): void {
	if (file.get('SELECT 1 FROM message WHERE email = ?', email)) return
	const gone = file.get<{ blob: number }>('DELETE FROM email WHERE key = ? RETURNING blob', email)!
	if (file.get('SELECT 1 FROM email WHERE owner = ? AND thread = ?', owner, thread)) return
	forgetThread(file, owner, thread, named(file, gone.blob))
}

function named(file: MailFile, blob: number): Named {
	return file.get<Named>('SELECT hash, envelope FROM blob WHERE id = ?', blob)!
}

/**
 * Keywords of emails have changed; which ones the rows of their messages say.
 * @param read threads with an email that was read or unread (\Seen, \Draft): mailboxes have other unread threads then
 */
export function touch(file: MailFile, moment: Moment, read: ReadonlySet<number>): void {
	if (read.size > 0) {
		file.run(
			`UPDATE mailbox SET counted = ? WHERE key IN (SELECT m.mailbox FROM json_each(?) t
			 CROSS JOIN email e ON e.owner = ? AND e.thread = t.value CROSS JOIN message m ON m.email = e.key WHERE m.${VISIBLE})`,
			moment.modseq,
			JSON.stringify([...read]),
			moment.owner,
		)
	}
	mark(file, moment, 'changed')
}

function isIn(file: MailFile, mailbox: number, email: number): boolean {
	const sql = `SELECT 1 FROM message WHERE email = ? AND mailbox = ? AND ${VISIBLE}`
	return file.get(sql, email, mailbox) !== undefined
}

/** From one mailbox to the next: there may be very many copies in one. */
function nextMailbox(email: string, after: string): string {
	return `(SELECT m.mailbox FROM message m WHERE m.email = ${email} AND m.mailbox > ${after} AND m.${VISIBLE}
		ORDER BY m.mailbox LIMIT 1)`
}

/** The mailboxes that have something of the thread: their counts may be others now. */
function touchThread(file: MailFile, { owner, modseq, counted }: Moment, thread: number): Set<number> {
	const rows = file.all<{ mailbox: number }>(
		`WITH RECURSIVE place(email, mailbox) AS (
			SELECT key, ${nextMailbox('email.key', '0')} FROM email WHERE owner = ? AND thread = ?
			UNION ALL
			SELECT email, ${nextMailbox('place.email', 'place.mailbox')} FROM place WHERE mailbox IS NOT NULL)
		 SELECT mailbox FROM place WHERE mailbox IS NOT NULL`,
		owner,
		thread,
	)
	for (const { mailbox } of rows) {
		if (counted.has(mailbox)) continue
		counted.add(mailbox)
		file.run('UPDATE mailbox SET counted = ? WHERE key = ?', modseq, mailbox)
	}
	return new Set(rows.map(row => row.mailbox))
}

/** A mailbox was renamed, (un)subscribed, given a role. */
export function touchMailbox(file: MailFile, moment: Moment, key: number): void {
	file.run('UPDATE mailbox SET changed = ? WHERE key = ?', moment.modseq, key)
	markMailboxes(file, moment)
}

export function mailboxMade(file: MailFile, moment: Moment, key: number): void {
	file.run(
		'UPDATE mailbox SET created = ?, changed = ?, counted = ? WHERE key = ?',
		moment.modseq,
		moment.modseq,
		moment.modseq,
		key,
	)
	markMailboxes(file, moment)
}

export function mailboxGone(file: MailFile, moment: Moment, box: Pick<Box, 'id' | 'key'>): void {
	file.run(
		`INSERT OR REPLACE INTO gone SELECT ?, 'Mailbox', ?, id, created, NULL, ? FROM mailbox WHERE key = ?`,
		moment.owner,
		moment.modseq,
		file.clock.now(),
		box.key,
	)
	markMailboxes(file, moment)
}

/** Nothing of the account remains. Its bodies are released by whoever removes its mailboxes. */
export function forgetHistory(file: MailFile, account: string): void {
	const row = file.get<{ owner: number }>('SELECT key AS owner FROM history WHERE account = ?', account)
	if (!row) return
	for (const { blob } of file.all<{ blob: number }>('SELECT blob FROM upload WHERE owner = ?', row.owner))
		file.release(blob)
	for (const table of ['email', 'reference', 'reference_new', 'object', 'gone', 'upload'])
		file.run(`DELETE FROM ${table} WHERE owner = ?`, row.owner)
	file.references.reload()
	file.run('DELETE FROM history WHERE key = ?', row.owner)
}

const FORGET_GONE_AFTER = 60 * 24 * 3600 * 1000
const FORGET_UPLOADS_AFTER = 24 * 3600 * 1000

/** What was long ago is forgotten: whoever comes with an older state begins anew. */
export function pruneHistory(file: MailFile): void {
	const old = file.clock.now() - FORGET_GONE_AFTER
	file.run(
		`UPDATE history SET floor = max(floor, (SELECT max(changed) FROM gone WHERE owner = key AND at < ?))
		 WHERE key IN (SELECT owner FROM gone WHERE at < ?)`,
		old,
		old,
	)
	file.run('DELETE FROM gone WHERE at < ?', old)
	const unused = file.clock.now() - FORGET_UPLOADS_AFTER
	for (const { owner, blob } of file.all<{ owner: number; blob: number }>(
		'SELECT owner, blob FROM upload WHERE at < ?',
		unused,
	)) {
		file.run('DELETE FROM upload WHERE owner = ? AND blob = ?', owner, blob)
		file.release(blob)
	}
}
