import type { MailboxRow } from '../../store/index.ts'
import type { House } from '../types.ts'

export type Listed = { uid: number; size: number; blob: number; deleted: boolean }

const HIGHEST_UID = 2 ** 32 - 1

/** Accounts that somebody has opened by POP3 at this node; a maildrop is one session's alone (RFC 1939 section 4). */
const open = new WeakMap<House, Set<string>>()

/** INBOX as it was at sign-in: numbers and sizes do not change during a session, whatever others do meanwhile. */
export class Maildrop {
	#house: House
	#account: string
	#mailbox: MailboxRow | null
	#messages: Listed[]

	/** Null while another session has it. */
	static open(house: House, account: string): Maildrop | null {
		let accounts = open.get(house)
		if (!accounts) open.set(house, (accounts = new Set()))
		if (accounts.has(account)) return null
		const maildrop = new Maildrop(house, account)
		accounts.add(account)
		return maildrop
	}

	private constructor(house: House, account: string) {
		this.#house = house
		this.#account = account
		this.#mailbox = house.reader.mailbox(account, 'INBOX')
		const rows = this.#mailbox ? house.reader.messages(this.#mailbox.key, 1, HIGHEST_UID) : []
		this.#messages = rows.map(({ uid, size, blob }) => ({ uid, size, blob, deleted: false }))
	}

	close(): void {
		open.get(this.#house)?.delete(this.#account)
	}

	/** By number, from 1; null when there is none or it is marked as deleted. */
	message(number: number): Listed | null {
		const listed = this.#messages[number - 1]
		return listed && !listed.deleted ? listed : null
	}

	/** Those not marked as deleted, with their numbers. */
	*all(): Iterable<[number: number, message: Listed]> {
		for (let i = 0; i < this.#messages.length; i++) {
			const listed = this.#messages[i]!
			if (!listed.deleted) yield [i + 1, listed]
		}
	}

	totals(): { messages: number; size: number } {
		let messages = 0
		let size = 0
		for (const [, listed] of this.all()) {
			messages++
			size += listed.size
		}
		return { messages, size }
	}

	/** The same message has the same one for ever, and no other message gets it (RFC 1939 section 7). */
	uidl(listed: Listed): string {
		return `${this.#mailbox!.uidValidity}.${listed.uid}`
	}

	/** Is it still there? Other sessions may have expunged it. */
	exists({ uid }: Listed): boolean {
		return this.#house.reader.messages(this.#mailbox!.key, uid, uid).length > 0
	}

	undelete(): void {
		for (const listed of this.#messages) listed.deleted = false
	}

	/** The UPDATE state: what was marked goes, in one transaction. False when it could not be done. */
	async update(): Promise<boolean> {
		const uids = this.#messages.filter(({ deleted }) => deleted).map(({ uid }) => uid)
		if (uids.length === 0 || !this.#mailbox) return true
		const mailbox = this.#mailbox.key
		const [result] = await this.#house.write([
			{ do: 'message.expunge', account: this.#account, mailbox, uids, any: true },
		])
		return result?.ok ?? false
	}
}
