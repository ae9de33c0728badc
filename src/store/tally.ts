import type { MailFile } from './mail-file.ts'
import { Flag } from './types.ts'

/** What a decision did to a mailbox's counts. */
export class Tally {
	messages = 0
	unseen = 0
	deleted = 0
	size = 0
	/** Without \Deleted: emails and threads of which something is there. */
	emails = 0
	threads = 0

	/** @param by 1 for a message that came, -1 for one that went */
	count(flags: number, size: number, by: 1 | -1): void {
		this.messages += by
		this.size += by * size
		this.flags(flags, by)
	}

	flags(flags: number, by: number): void {
		if (!(flags & Flag.seen)) this.unseen += by
		if (flags & Flag.deleted) this.deleted += by
	}

	/** @param moment when, in the history of the account */
	enter(file: MailFile, mailbox: number, modseq: number, moment: number, uidNext = 0): void {
		file.run(
			`UPDATE mailbox SET modseq = ?, uid_next = max(uid_next, ?), messages = messages + ?, unseen = unseen + ?,
				deleted = deleted + ?, size = size + ?, emails = emails + ?, threads = threads + ?, counted = ? WHERE key = ?`,
			modseq,
			uidNext,
			this.messages,
			this.unseen,
			this.deleted,
			this.size,
			this.emails,
			this.threads,
			moment,
			mailbox,
		)
	}
}

/** As a message row keeps them. */
export function keywordsJson(keywords: string[]): string | null {
	return keywords.length > 0 ? JSON.stringify(keywords) : null
}
