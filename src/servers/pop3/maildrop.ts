import type { MailboxRow } from '../../store/index.ts'
import type { House } from '../types.ts'

export type Listed = { uid: number; size: number; blob: number }

/** Accounts that somebody has opened by POP3 at this node; a maildrop is one session's alone (RFC 1939 section 4). */
const open = new WeakMap<House, Set<string>>()

const EMPTY = { uids: [], sizes: [], blobs: [] }

/** INBOX as it was at sign-in: numbers and sizes do not change during a session, whatever others do meanwhile. */
export class Maildrop {
	#house: House
	#account: string
	#mailbox: MailboxRow | null
	/** Columns, not rows: a hundred thousand messages are opened in some milliseconds. */
	#columns: { uids: number[]; sizes: number[]; blobs: number[] }
	/** Numbers that are marked as deleted. */
	#deleted = new Set<number>()
	#size: number

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
		this.#columns = this.#mailbox ? house.reader.columns(this.#mailbox.key) : EMPTY
		this.#size = this.#columns.sizes.reduce((sum, size) => sum + size, 0)
	}

	close(): void {
		open.get(this.#house)?.delete(this.#account)
	}

	/** By number, from 1; null when there is none or it is marked as deleted. */
	message(number: number): Listed | null {
		const { uids, sizes, blobs } = this.#columns
		const at = number - 1
		if (this.#deleted.has(number) || uids[at] === undefined) return null
		return { uid: uids[at], size: sizes[at]!, blob: blobs[at]! }
	}

	/** Those not marked as deleted, with their numbers. */
	*all(): Iterable<[number: number, message: Listed]> {
		for (let number = 1; number <= this.#columns.uids.length; number++) {
			const message = this.message(number)
			if (message) yield [number, message]
		}
	}

	totals(): { messages: number; size: number } {
		return { messages: this.#columns.uids.length - this.#deleted.size, size: this.#size }
	}

	/** The same message has the same one for ever, and no other message gets it (RFC 1939 section 7). */
	uidl(listed: Listed): string {
		return `${this.#mailbox!.uidValidity}.${listed.uid}`
	}

	/** Is it still there? Other sessions may have expunged it. */
	exists({ uid }: Listed): boolean {
		return this.#house.reader.has(this.#mailbox!.key, uid)
	}

	/** False when there is no such message, or it is marked already. */
	delete(number: number): boolean {
		const message = this.message(number)
		if (!message) return false
		this.#deleted.add(number)
		this.#size -= message.size
		return true
	}

	undelete(): void {
		for (const number of this.#deleted) this.#size += this.#columns.sizes[number - 1]!
		this.#deleted.clear()
	}

	/** The UPDATE state: what was marked goes, in one transaction. False when it could not be done. */
	async update(): Promise<boolean> {
		if (this.#deleted.size === 0 || !this.#mailbox) return true
		const uids = [...this.#deleted].map(number => this.#columns.uids[number - 1]!).sort((a, b) => a - b)
		const mailbox = this.#mailbox.key
		const [result] = await this.#house.write([
			{ do: 'message.expunge', account: this.#account, mailbox, uids, any: true },
		])
		return result?.ok ?? false
	}
}
