import type { Box } from './boxes.ts'
import type { History } from './histories.ts'
import type { MailFile } from './mail-file.ts'
import { byTimes } from './message-rows.ts'
import type { Tally } from './tally.ts'
import { GONE_EMAIL, GONE_EMAILS, linkThread, type Named, threadOfHash } from './threads.ts'
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
	history: History
	/** Mailboxes that `touchThreads` has marked already. */
	counted: Set<number>
}

export function momentOf(file: MailFile, account: string): Moment {
	const history = file.histories.of(account)
	history.modseq++
	file.histories.changed(history)
	return { owner: history.owner, modseq: history.modseq, account, history, counted: new Set() }
}

/** Emails came, went or changed; all of that changes mailboxes too, and the first two threads. */
function mark({ history }: Moment, what: 'came' | 'went' | 'changed'): void {
	const { modseq } = history
	history.email = modseq
	history.mailbox = modseq
	if (what !== 'changed') history.thread = modseq
	if (what === 'came') history.delivery = modseq
}

function markMailboxes({ history }: Moment): void {
	history.mailbox = history.modseq
}

/** A copy of a body, as its row knows the email. */
export type Copy = { email: number; thread: number; received: number }

const VISIBLE = `flags & ${Flag.deleted} = 0`

/** Where a body comes to. */
type Place = {
	mailbox: number
	/** It belongs to when it is not there yet; null = it is said by its hash. */
	thread: number | null
	received: number
	visible: boolean
	/** No account had this body before. */
	fresh: boolean
}

/** Before the row of a message is written: its body comes to an account, perhaps once more. */
export function arrive(
	file: MailFile,
	moment: Moment,
	blob: number,
	message: Named,
	{ mailbox, thread, received, visible, fresh }: Place,
	tally: Tally,
): Copy {
	const { owner, modseq } = moment
	const sql = 'SELECT key AS email, thread, received FROM email WHERE owner = ? AND blob = ?'
	const known = fresh ? undefined : file.get<Copy>(sql, owner, blob)
	if (known) {
		if (visible) appear(file, moment, mailbox, [known], tally)
		return known
	}
	const belongs = thread ?? threadOfHash(moment.account, message.hash)
	const others = file.get('SELECT 1 FROM email WHERE owner = ? AND thread = ?', owner, belongs)
	if (visible) {
		tally.emails++
		if (!others || touchThreads(file, moment, [belongs], mailbox) === 0) tally.threads++
		file.run(`DELETE FROM ${GONE_EMAIL}`, owner, message.hash)
		mark(moment, 'came')
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

/** Before copies appear in a mailbox: they come, or \Deleted is taken off. */
export function appear(
	file: MailFile,
	moment: Moment,
	mailbox: number,
	copies: readonly Pick<Copy, 'email' | 'thread'>[],
	tally: Tally,
): void {
	countPlaces(file, moment, mailbox, copies, tally, 1)
	const { owner, modseq } = moment
	for (const [times, emails] of byTimes(copies.map(({ email }) => email))) {
		const keys = JSON.stringify(emails)
		const come = 'SELECT email.* FROM json_each(?) CROSS JOIN email ON email.key = value WHERE copies = 0'
		const { fresh } = file.get<{ fresh: number }>(`SELECT count(*) AS fresh FROM (${come})`, keys)!
		if (fresh > 0) {
			// They were here before, and are here again.
			const hashes = `SELECT hash FROM (${come}) come JOIN blob ON blob.id = come.blob`
			file.run(`DELETE FROM ${GONE_EMAILS} (${hashes})`, owner, keys)
			mark(moment, 'came')
		}
		if (fresh < emails.length) mark(moment, 'changed')
		file.run(
			`UPDATE email SET created = iif(copies = 0, ?1, created), changed = ?1, copies = copies + ?2
			 WHERE key IN (SELECT value FROM json_each(?3))`,
			modseq,
			times,
			keys,
		)
	}
}

/** After copies have disappeared from a mailbox: they went, or got \Deleted. */
export function disappear(
	file: MailFile,
	moment: Moment,
	mailbox: number,
	copies: readonly Pick<Copy, 'email' | 'thread'>[],
	tally: Tally,
): void {
	countPlaces(file, moment, mailbox, copies, tally, -1)
	for (const [times, emails] of byTimes(copies.map(({ email }) => email))) {
		const keys = JSON.stringify(emails)
		file.run(
			'UPDATE email SET copies = copies - ?, changed = ? WHERE key IN (SELECT value FROM json_each(?))',
			times,
			moment.modseq,
			keys,
		)
		const { changes: went } = file.run(
			`INSERT OR REPLACE INTO gone SELECT owner, 'Email', ?, hash, created, thread, ?
			 FROM json_each(?) CROSS JOIN email ON email.key = value JOIN blob ON blob.id = email.blob WHERE copies = 0`,
			moment.modseq,
			file.clock.now(),
			keys,
		)
		if (went > 0) mark(moment, 'went')
		if (went < emails.length) mark(moment, 'changed')
	}
}

/** Emails and threads that have no copy in the mailbox beside these are counted in (1) or out (-1). */
function countPlaces(
	file: MailFile,
	moment: Moment,
	mailbox: number,
	copies: readonly Pick<Copy, 'email' | 'thread'>[],
	tally: Tally,
	by: 1 | -1,
): void {
	const emails = [...new Set(copies.map(({ email }) => email))]
	const { others } = file.get<{ others: number }>(
		`SELECT count(*) AS others FROM json_each(?) WHERE EXISTS (
			SELECT 1 FROM message WHERE email = value AND mailbox = ? AND ${VISIBLE})`,
		JSON.stringify(emails),
		mailbox,
	)!
	const threads = [...new Set(copies.map(({ thread }) => thread))]
	tally.emails += by * (emails.length - others)
	tally.threads += by * (threads.length - touchThreads(file, moment, threads, mailbox))
}

/** After rows of them have gone, and before their bodies are released: an email goes with the last one. */
export function forgetEmails(
	file: MailFile,
	{ owner }: Moment,
	copies: readonly Pick<Copy, 'email' | 'thread'>[],
): void {
	const gone = file.all<{ key: number; thread: number; hash: string; envelope: string }>(
		`SELECT email.key, thread, hash, envelope FROM json_each(?) CROSS JOIN email ON email.key = value
		 JOIN blob ON blob.id = email.blob WHERE NOT EXISTS (SELECT 1 FROM message WHERE message.email = email.key)`,
		JSON.stringify([...new Set(copies.map(({ email }) => email))]),
	)
	if (gone.length === 0) return
	const keys = JSON.stringify(gone.map(({ key }) => key))
	file.run('DELETE FROM email WHERE key IN (SELECT value FROM json_each(?))', keys)
	const ended = new Set(
		file
			.all<{ thread: number }>(
				`SELECT value AS thread FROM json_each(?)
				 WHERE NOT EXISTS (SELECT 1 FROM email WHERE owner = ? AND thread = value)`,
				JSON.stringify([...new Set(gone.map(({ thread }) => thread))]),
				owner,
			)
			.map(({ thread }) => thread),
	)
	for (const { thread, hash, envelope } of gone)
		if (ended.has(thread)) file.threadEnded({ owner, thread, message: { hash, envelope } })
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
	mark(moment, 'changed')
}

/** From one mailbox to the next: there may be very many copies in one. */
function nextMailbox(email: string, after: string): string {
	return `(SELECT m.mailbox FROM message m WHERE m.email = ${email} AND m.mailbox > ${after} AND m.${VISIBLE}
		ORDER BY m.mailbox LIMIT 1)`
}

/** The mailboxes that have something of the threads: their counts may be others now. How many threads have something in `here`. */
function touchThreads(
	file: MailFile,
	{ owner, modseq, counted }: Moment,
	threads: readonly number[],
	here: number,
): number {
	const rows = file.all<{ mailbox: number; threads: number }>(
		`WITH RECURSIVE place(thread, email, mailbox) AS (
			SELECT value, email.key, ${nextMailbox('email.key', '0')}
			FROM json_each(?) CROSS JOIN email ON owner = ? AND thread = value
			UNION ALL
			SELECT thread, email, ${nextMailbox('place.email', 'place.mailbox')} FROM place WHERE mailbox IS NOT NULL)
		 SELECT mailbox, count(DISTINCT thread) AS threads FROM place WHERE mailbox IS NOT NULL GROUP BY mailbox`,
		JSON.stringify(threads),
		owner,
	)
	for (const { mailbox } of rows) {
		if (counted.has(mailbox)) continue
		counted.add(mailbox)
		file.run('UPDATE mailbox SET counted = ? WHERE key = ?', modseq, mailbox)
	}
	return rows.find(({ mailbox }) => mailbox === here)?.threads ?? 0
}

/** A mailbox was renamed, (un)subscribed, given a role. */
export function touchMailbox(file: MailFile, moment: Moment, key: number): void {
	file.run('UPDATE mailbox SET changed = ? WHERE key = ?', moment.modseq, key)
	markMailboxes(moment)
}

export function mailboxMade(file: MailFile, moment: Moment, key: number): void {
	file.run(
		'UPDATE mailbox SET created = ?, changed = ?, counted = ? WHERE key = ?',
		moment.modseq,
		moment.modseq,
		moment.modseq,
		key,
	)
	markMailboxes(moment)
}

export function mailboxGone(file: MailFile, moment: Moment, box: Pick<Box, 'id' | 'key'>): void {
	file.run(
		`INSERT OR REPLACE INTO gone SELECT ?, 'Mailbox', ?, id, created, NULL, ? FROM mailbox WHERE key = ?`,
		moment.owner,
		moment.modseq,
		file.clock.now(),
		box.key,
	)
	markMailboxes(moment)
}

/** Nothing of the account remains. Its bodies are released by whoever removes its mailboxes. */
export function forgetHistory(file: MailFile, account: string): void {
	const row = file.histories.find(account)
	if (!row) return
	for (const { blob } of file.all<{ blob: number }>('SELECT blob FROM upload WHERE owner = ?', row.owner))
		file.release(blob)
	for (const table of ['email', 'reference', 'reference_new', 'object', 'gone', 'upload'])
		file.run(`DELETE FROM ${table} WHERE owner = ?`, row.owner)
	file.references.reload()
	file.run('DELETE FROM history WHERE key = ?', row.owner)
	file.histories.forget(account)
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
