import type { Statements } from './statements.ts'
import { Flag, type FlagsRow, type MessageRow, type Messages } from './types.ts'

const NONE: string[] = []
const UNSEEN = 'FROM message INDEXED BY message_unseen WHERE mailbox = ?1 AND flags & 1 = 0'

type Columns = [
	uid: number,
	modseq: number,
	flags: number,
	keywords: string | null,
	internalDate: number,
	saveDate: number,
	size: number,
	blob: number,
]

/** Rows of messages, with the \Seen of the owner, or of an account whose mailbox it is not. */
export class SqliteMessages implements Messages {
	protected readonly sql: Statements
	/** Last of the values of every statement that asks for flags. */
	#guest: string[]

	constructor(sql: Statements, guest: string | null = null) {
		this.sql = sql
		this.#guest = guest === null ? [] : [guest]
	}

	/** @param account the number of the value that is the guest */
	#flags(account: number): string {
		return this.#guest.length === 0 ? 'flags' : `((flags & ~1) | ${seen(account)})`
	}

	messages(mailbox: number, from: number, to: number): MessageRow[] {
		const sql = `SELECT uid, modseq, ${this.#flags(4)}, keywords, internal_date, save_date, size, blob FROM message
			WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid`
		return this.sql.arrays<Columns>(sql, mailbox, from, to, ...this.#guest).map(asMessage)
	}

	messagesSince(mailbox: number, modseq: number): MessageRow[] {
		const sql = `SELECT uid, modseq, ${this.#flags(3)}, keywords, internal_date, save_date, size, blob FROM message
			WHERE mailbox = ?1 AND modseq > ?2 ORDER BY uid`
		return this.sql.arrays<Columns>(sql, mailbox, modseq, ...this.#guest).map(asMessage)
	}

	flags(mailbox: number, from: number, to: number): FlagsRow[] {
		// One flat list, four values a message.
		const row = `uid || ',' || modseq || ',' || ${this.#flags(4)} || ',' || coalesce(keywords, 0)`
		const sql = `SELECT '[' || coalesce(group_concat(${row} ORDER BY uid), '') || ']' FROM message
			WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3`
		const [found] = this.sql.arrays<[string]>(sql, mailbox, from, to, ...this.#guest)
		const values = JSON.parse(found![0])
		const rows: FlagsRow[] = []
		for (let i = 0; i < values.length; i += 4) {
			const keywords = values[i + 3] || NONE
			rows.push({ uid: values[i], modseq: values[i + 1], flags: values[i + 2], keywords })
		}
		return rows
	}

	uidsFlagged(mailbox: number, mask: number, flags: number): number[] {
		const own = this.#guest.length === 0
		// Most ask for what is unseen: that has an index.
		const from = own && mask & Flag.seen && !(flags & Flag.seen) ? UNSEEN : 'FROM message WHERE mailbox = ?1'
		const having = `${from} AND ${this.#flags(4)} & ?2 = ?3`
		return this.sql.list('uid ORDER BY uid', having, mailbox, mask, flags, ...this.#guest)
	}

	firstUnseen(mailbox: number): number | null {
		const own = this.#guest.length === 0
		const sql = own
			? `SELECT min(uid) ${UNSEEN}`
			: `SELECT uid FROM message WHERE mailbox = ?1 AND NOT ${seen(2)} ORDER BY uid LIMIT 1`
		return this.sql.arrays<[number | null]>(sql, mailbox, ...this.#guest)[0]?.[0] ?? null
	}

	countUnseen(mailbox: number): number {
		const own = this.#guest.length === 0
		const count = own
			? 'unseen'
			: 'messages - (SELECT count(*) FROM seen WHERE mailbox = ?1 AND account = ?2)'
		const sql = `SELECT ${count} FROM mailbox WHERE key = ?1`
		return this.sql.arrays<[number]>(sql, mailbox, ...this.#guest)[0]?.[0] ?? 0
	}
}

function seen(account: number): string {
	return `EXISTS (SELECT 1 FROM seen s WHERE s.mailbox = message.mailbox AND s.uid = message.uid AND s.account = ?${account})`
}

function asMessage([uid, modseq, flags, keywords, internalDate, saveDate, size, blob]: Columns): MessageRow {
	const words = keywords === null ? NONE : JSON.parse(keywords)
	return { uid, modseq, flags, keywords: words, internalDate, saveDate, size, blob }
}
