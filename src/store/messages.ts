import type { Statements } from './statements.ts'
import { STRETCHES } from './stretches.ts'
import type { FlagsRow, MailboxRow, MessageRow, Messages } from './types.ts'

const NONE: string[] = []
/** Mailboxes whose first unseen message is remembered. */
const REMEMBERED = 1000

const IN_RANGE = 'FROM message WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid'
const SINCE = `FROM ${STRETCHES} WHERE box = ?1 AND latest > ?2 AND modseq > ?2`

/** Rows of messages, with the \Seen of the owner, or of an account whose mailbox it is not. */
export class SqliteMessages implements Messages {
	protected readonly sql: Statements
	/** Last of the values of every statement that asks for flags. */
	#guest: string[]
	#firsts = new Map<number, { modseq: number; uid: number | null }>()

	constructor(sql: Statements, guest: string | null = null) {
		this.sql = sql
		this.#guest = guest === null ? [] : [guest]
	}

	/** @param account the number of the value that is the guest */
	#flags(account: number): string {
		return this.#guest.length === 0 ? 'flags' : `((flags & ~1) | ${seen(account)})`
	}

	messages(mailbox: number, from: number, to: number, few = false): MessageRow[] {
		// One alone is cheaper as it is.
		return from === to
			? this.#rows('columnsOfFew', few, 4, IN_RANGE, mailbox, from, to)
			: this.#rows('columns', few, 4, IN_RANGE, mailbox, from, to)
	}

	has(mailbox: number, uid: number): boolean {
		return this.sql.arrays('SELECT 1 FROM message WHERE mailbox = ? AND uid = ?', mailbox, uid).length > 0
	}

	messagesSince(mailbox: number, modseq: number): MessageRow[] {
		return this.#rows('columns', false, 3, `${SINCE} ORDER BY uid`, mailbox, modseq)
	}

	#rows(
		read: 'columns' | 'columnsOfFew',
		few: boolean,
		guest: number,
		rest: string,
		...values: number[]
	): MessageRow[] {
		const names = ['uid', this.#flags(guest), 'keywords', 'internal_date', 'size', 'blob']
		if (!few) names.push('modseq', 'save_date', 'thread')
		const [uids, flags, words, internalDates, sizes, blobs, modseqs, saveDates, threads] = this.sql[read](
			names,
			rest,
			...values,
			...this.#guest,
		) as [number[], number[], Words[], number[], number[], number[], ...(number[] | undefined)[]]
		return uids.map((uid, i) => ({
			uid,
			modseq: modseqs?.[i] ?? 0,
			flags: flags[i]!,
			keywords: keywordsOf(words[i]!),
			internalDate: internalDates[i]!,
			saveDate: saveDates?.[i] ?? 0,
			size: sizes[i]!,
			blob: blobs[i]!,
			thread: threads?.[i] ?? 0,
		}))
	}

	flags(mailbox: number, from: number, to: number): FlagsRow[] {
		const names = ['uid', 'modseq', this.#flags(4), 'keywords']
		const [uids, modseqs, flags, words] = this.sql.columns(
			names,
			IN_RANGE,
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
		const having = `FROM message WHERE mailbox = ?1 AND ${this.#flags(4)} & ?2 = ?3 ORDER BY uid`
		return this.sql.list('uid', having, mailbox, mask, flags, ...this.#guest)
	}

	firstUnseen({ key: mailbox, modseq }: Pick<MailboxRow, 'key' | 'modseq'>): number | null {
		if (this.#guest.length > 0) {
			const sql = `SELECT uid FROM message WHERE mailbox = ?1 AND NOT ${seen(2)} ORDER BY uid LIMIT 1`
			return this.sql.arrays<[number]>(sql, mailbox, ...this.#guest)[0]?.[0] ?? null
		}
		const known = this.#firsts.get(mailbox)
		if (known?.modseq === modseq) return known.uid
		const uid = known ? this.#firstSince(mailbox, known) : this.#firstFrom(mailbox, 0)
		this.#firsts.delete(mailbox)
		if (this.#firsts.size >= REMEMBERED) this.#firsts.delete(this.#firsts.keys().next().value!)
		this.#firsts.set(mailbox, { modseq, uid })
		return uid
	}

	#firstFrom(mailbox: number, from: number): number | null {
		const sql =
			'SELECT uid FROM message WHERE mailbox = ? AND uid >= ? AND flags & 1 = 0 ORDER BY uid LIMIT 1'
		return this.sql.arrays<[number]>(sql, mailbox, from)[0]?.[0] ?? null
	}

	/** What is unseen was so before, not below the one known, or has changed since. */
	#firstSince(mailbox: number, known: { modseq: number; uid: number | null }): number | null {
		const sql = `SELECT min(uid) ${SINCE} AND flags & 1 = 0`
		const changed = this.sql.arrays<[number | null]>(sql, mailbox, known.modseq)[0]![0]
		const before = known.uid === null ? null : this.#firstFrom(mailbox, known.uid)
		return changed !== null && before !== null ? Math.min(changed, before) : (changed ?? before)
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
