import type { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../kit/index.ts'
import type { BlobFolder } from './bodies.ts'
import { arrive } from './history.ts'
import { MailFile } from './mail-file.ts'
import { Tally } from './tally.ts'
import { threadFor } from './threads.ts'
import { Flag } from './types.ts'

type Row = { uid: number; flags: number; received: number; blob: number; hash: string; envelope: string }

/** A step of migration: messages that were filed before there were emails and threads get theirs, the oldest first. */
export function giveThreads(db: DatabaseSync): void {
	const file = new MailFile(db, null as unknown as BlobFolder, systemClock)
	db.exec('CREATE INDEX temporary_email ON message (email)')
	for (const { account } of file.all<{ account: string }>('SELECT account FROM history')) {
		const history = file.histories.of(account)
		const { owner } = history
		const moment = { owner, account, modseq: 1, history, counted: new Set<number>() }
		const tallies = new Map<number, Tally>()
		for (const { mailbox, uid } of file.all<{ mailbox: number; uid: number }>(
			`SELECT mailbox, uid FROM message WHERE mailbox IN (SELECT key FROM mailbox WHERE account = ?)
			 ORDER BY internal_date, mailbox, uid`,
			account,
		)) {
			const row = file.get<Row>(
				`SELECT uid, flags, internal_date AS received, blob, hash, envelope
				 FROM message JOIN blob ON blob.id = message.blob WHERE mailbox = ? AND uid = ?`,
				mailbox,
				uid,
			)!
			let tally = tallies.get(mailbox)
			if (!tally) tallies.set(mailbox, (tally = new Tally()))
			const thread = threadFor(file, account, row)
			const visible = !(row.flags & Flag.deleted)
			const place = { mailbox, thread, received: row.received, visible, fresh: false }
			const copy = arrive(file, moment, row.blob, row, place, tally)
			file.run(
				'UPDATE message SET email = ?, thread = ?, received = ? WHERE mailbox = ? AND uid = ?',
				copy.email,
				copy.thread,
				copy.received,
				mailbox,
				uid,
			)
		}
		for (const [mailbox, { emails, threads }] of tallies)
			file.run('UPDATE mailbox SET emails = ?, threads = ? WHERE key = ?', emails, threads, mailbox)
	}
	db.exec('DROP INDEX temporary_email')
}
