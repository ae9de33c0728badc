import type { MailFile } from './mail-file.ts'

/** The row of an account's history: numbers of what happened last, see the table. */
export type History = {
	readonly owner: number
	modseq: number
	email: number
	mailbox: number
	thread: number
	delivery: number
}

/** Accounts that are known by heart. */
const MOST_KNOWN = 10_000

/** Histories of accounts, known by heart as nobody else writes them: however much happens, a commit writes each once. */
export class Histories {
	readonly #file: MailFile
	#known = new Map<string, History>()
	#changed = new Set<History>()

	constructor(file: MailFile) {
		this.#file = file
	}

	find(account: string): History | undefined {
		const known = this.#known.get(account)
		if (known) return known
		const found = this.#file.get<History>(
			'SELECT key AS owner, modseq, email, mailbox, thread, delivery FROM history WHERE account = ?',
			account,
		)
		if (found) this.#known.set(account, found)
		return found
	}

	/** It begins when there is none. */
	of(account: string): History {
		const found = this.find(account)
		if (found) return found
		this.#file.run('INSERT INTO history (account) VALUES (?)', account)
		return this.find(account)!
	}

	/** What stands in it is to be written. */
	changed(history: History): void {
		this.#changed.add(history)
	}

	/** Before a commit. */
	write(): void {
		const sql =
			'UPDATE history SET modseq = ?, email = ?, mailbox = ?, thread = ?, delivery = ? WHERE key = ?'
		for (const { owner, modseq, email, mailbox, thread, delivery } of this.#changed)
			this.#file.run(sql, modseq, email, mailbox, thread, delivery, owner)
		this.#changed.clear()
		if (this.#known.size > MOST_KNOWN) this.#known.clear()
	}

	/** The account is no more. */
	forget(account: string): void {
		const known = this.#known.get(account)
		if (known) this.#changed.delete(known)
		this.#known.delete(account)
	}

	/** A transaction was undone. */
	reload(): void {
		this.#known.clear()
		this.#changed.clear()
	}
}
