import type { Statements } from './statements.ts'
import { Flag, type FlagsRow, type MessageRow, type Messages } from './types.ts'

const NONE: string[] = []
const UNSEEN = 'FROM message INDEXED BY message_unseen WHERE mailbox = ?1 AND flags & 1 = 0'

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
		return this.#rows(4, 'uid BETWEEN ?2 AND ?3', mailbox, from, to)
	}

	messagesSince(mailbox: number, modseq: number): MessageRow[] {
		return this.#rows(3, 'modseq > ?2', mailbox, modseq)
	}

	#rows(guest: number, which: string, ...values: number[]): MessageRow[] {
		const names = [
			'uid',
			'modseq',
			this.#flags(guest),
			'keywords',
			'internal_date',
			'save_date',
			'size',
			'blob',
			'thread',
		]
		const rest = `FROM message WHERE mailbox = ?1 AND ${which} ORDER BY uid`
		const [uids, modseqs, flags, words, internalDates, saveDates, sizes, blobs, threads] = this.sql.columns(
			names,
			rest,
			...values,
			...this.#guest,
		) as [number[], number[], number[], Words[], number[], number[], number[], number[], number[]]
		return uids.map((uid, i) => ({
			uid,
			modseq: modseqs[i]!,
			flags: flags[i]!,
			keywords: keywordsOf(words[i]!),
			internalDate: internalDates[i]!,
			saveDate: saveDates[i]!,
			size: sizes[i]!,
			blob: blobs[i]!,
			thread: threads[i]!,
		}))
	}

	flags(mailbox: number, from: number, to: number): FlagsRow[] {
		const names = ['uid', 'modseq', this.#flags(4), 'keywords']
		const rest = 'FROM message WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid'
		const [uids, modseqs, flags, words] = this.sql.columns(
			names,
			rest,
			mailbox,
			from,
			to,
			...this.#guest,
		) as [number[], number[], number[], Words[]]
		return uids.map((uid, i) => ({
			uid,
			modseq: modseqs[i]!,
			flags: flags[i]!,
			keywords: keywordsOf(words[i]!),
		}))
	}

	uidsFlagged(mailbox: number, mask: number, flags: number): number[] {
		const unseen = this.#guest.length === 0 && mask & Flag.seen && !(flags & Flag.seen)
		const from = unseen && this.#fewUnseen(mailbox) ? UNSEEN : 'FROM message WHERE mailbox = ?1'
		const having = `${from} AND ${this.#flags(4)} & ?2 = ?3 ORDER BY uid`
		return this.sql.list('uid', having, mailbox, mask, flags, ...this.#guest)
	}

	/** The index leads to each row anew: where it leads to many, reading all of them in their order is cheaper. */
	#fewUnseen(mailbox: number): boolean {
		const sql = 'SELECT unseen * 8 < messages FROM mailbox WHERE key = ?'
		return this.sql.arrays<[number]>(sql, mailbox)[0]?.[0] === 1
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

/** JSON, null where there are none. */
type Words = string | null

function keywordsOf(words: Words): string[] {
	return words === null ? NONE : JSON.parse(words)
}
