import { remember } from './remember.ts'
import type { Statements } from './statements.ts'
import { STRETCHES } from './stretches.ts'
import type { FlagsRow, MailboxRow, MessageRow, Messages } from './types.ts'

const NONE: string[] = []
/** Mailboxes whose first unseen message is remembered. */
const REMEMBERED = 1000
/** Answers of `uidsFlagged` that are, and how many uids one may have. */
const MOST_FLAGGED = 100
const MOST_ALIKE = 20_000
/** When more have changed all are looked through. */
const MANY = 1000
/** Above all system flags. */
const SYSTEM = 32

const IN_RANGE = 'FROM message WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid'
const SINCE = `FROM ${STRETCHES} WHERE box = ?1 AND latest > ?2 AND modseq > ?2`

/** Messages whose flags were alike at that modseq of their mailbox. */
type Alike = { modseq: number; uids: number[] }

/** Rows of messages, with the \Seen of the owner, or of an account whose mailbox it is not. */
export class SqliteMessages implements Messages {
	protected readonly sql: Statements
	/** Last of the values of every statement that asks for flags. */
	#guest: string[]
	#firsts = new Map<number, { modseq: number; uid: number | null }>()
	/** By mailbox, mask and flags. */
	#alike = new Map<string, Alike>()

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

	flags(mailbox: number, from: number, to: number, few = false): FlagsRow[] {
		// What takes time is the text of the numbers, and a null for each message without keywords.
		const modseqs = few ? 'NULL' : 'json_group_array(modseq)'
		const [row] = this.sql.arrays<[string, string | null, string]>(
			`SELECT json_group_array(uid * ${SYSTEM} + flags), ${modseqs},
			 json_group_object(uid, keywords) FILTER (WHERE keywords IS NOT NULL)
			 FROM (SELECT uid, modseq, ${this.#flags(4)} AS flags, keywords ${IN_RANGE})`,
			mailbox,
			from,
			to,
			...this.#guest,
		)
		const both: number[] = JSON.parse(row![0])
		const latest: number[] | null = row![1] === null ? null : JSON.parse(row![1])
		const words: Record<number, string> | null = row![2] === '{}' ? null : JSON.parse(row![2])
		return both.map((one, i) => {
			const flags = one % SYSTEM
			const uid = (one - flags) / SYSTEM
			const keywords = words?.[uid]
			return { uid, modseq: latest?.[i] ?? 0, flags, keywords: keywords ? JSON.parse(keywords) : NONE }
		})
	}

	uidsFlagged(mailbox: number, mask: number, flags: number): readonly number[] {
		if (this.#guest.length > 0) return this.#flagged(mailbox, mask, flags)
		const name = `${mailbox} ${mask} ${flags}`
		const modseq = this.sql.arrays<[number]>('SELECT modseq FROM mailbox WHERE key = ?', mailbox)[0]?.[0] ?? 0
		const known = this.#alike.get(name)
		if (known?.modseq === modseq) return known.uids
		const uids =
			(known && this.#flaggedSince(mailbox, mask, flags, known)) ?? this.#flagged(mailbox, mask, flags)
		if (uids.length <= MOST_ALIKE) remember(this.#alike, name, { modseq, uids }, MOST_FLAGGED)
		else this.#alike.delete(name)
		return uids
	}

	#flagged(mailbox: number, mask: number, flags: number): number[] {
		const having = `FROM message WHERE mailbox = ?1 AND ${this.#flags(4)} & ?2 = ?3 ORDER BY uid`
		return this.sql.list('uid', having, mailbox, mask, flags, ...this.#guest)
	}

	/** Those that were so and have not changed since, and those that have and are; null when that is not less work. */
	#flaggedSince(mailbox: number, mask: number, flags: number, known: Alike): number[] | null {
		const changed = this.sql.arrays<[uid: number, flags: number]>(
			`SELECT uid, flags ${SINCE} UNION ALL SELECT uid, NULL FROM expunged WHERE mailbox = ?1 AND modseq > ?2
			 LIMIT ${MANY}`,
			mailbox,
			known.modseq,
		)
		if (changed.length === MANY) return null
		const turned = new Set(changed.map(([uid]) => uid))
		const uids = known.uids.filter(uid => !turned.has(uid))
		for (const [uid, now] of changed) if (now !== null && (now & mask) === flags) uids.push(uid)
		return uids.sort((a, b) => a - b)
	}

	firstUnseen({ key: mailbox, modseq }: Pick<MailboxRow, 'key' | 'modseq'>): number | null {
		if (this.#guest.length > 0) {
			const sql = `SELECT uid FROM message WHERE mailbox = ?1 AND NOT ${seen(2)} ORDER BY uid LIMIT 1`
			return this.sql.arrays<[number]>(sql, mailbox, ...this.#guest)[0]?.[0] ?? null
		}
		const known = this.#firsts.get(mailbox)
		if (known?.modseq === modseq) return known.uid
		const uid = known ? this.#firstSince(mailbox, known) : this.#firstFrom(mailbox, 0)
		remember(this.#firsts, mailbox, { modseq, uid }, REMEMBERED)
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
