import { boxById, boxByKey } from './boxes.ts'
import { appear, disappear, type Moment, momentOf, touch } from './history.ts'
import type { MailFile } from './mail-file.ts'
import { extend, messageRows } from './message-rows.ts'
import { stretch } from './stretches.ts'
import { keywordsJson, Tally } from './tally.ts'
import { Flag, type Logged, type MayFlag, type Op, type OpResult } from './types.ts'

/** Of uids, ascending. */
type Runs = [from: number, to: number][]
/** Messages that become alike. */
type Alike = [flags: number, keywords: string[], uids: Runs]

export type FlagsChanged = Logged<
	'message.flags',
	{
		account: string
		mailbox: string
		modseq: number
		alike?: Alike[]
		/** Logs of older versions name every message. */
		rows?: [uid: number, flags: number, keywords: string[]][]
		/** Done by another account than the owner: of \Seen this is what changed, for that account alone. */
		by?: string
		seen?: [uid: number, is: boolean][]
	}
>

/** A message before its flags change. Keywords are JSON, null = none. */
type Before = {
	uid: number
	flags: number
	keywords: string | null
	modseq: number
	email: number
	thread: number
}

const READ = Flag.seen | Flag.draft

/** @param may flags that may change: only for some of them is it asked which email and thread a message is of (0 otherwise) */
function before(file: MailFile, mailbox: number, uids: number[], may: number): Before[] {
	const names = ['flags', 'keywords', 'modseq'] as const
	const make = (uid: number, of: Record<keyof Before, never[]>, i: number): Before => ({
		uid,
		flags: of.flags[i]!,
		keywords: of.keywords[i]!,
		modseq: of.modseq[i]!,
		email: of.email?.[i] ?? 0,
		thread: of.thread?.[i] ?? 0,
	})
	const all = (may & (READ | Flag.deleted)) !== 0 ? ([...names, 'email', 'thread'] as const) : names
	return messageRows(file, mailbox, uids, all, make)
}

/** Gathers what becomes alike. */
class Gathering {
	#alike = new Map<string, Alike>()

	/** Those that become this. */
	group(flags: number, keywords: string[]): Alike {
		const name = `${flags} ${keywordsJson(keywords)}`
		let group = this.#alike.get(name)
		if (!group) this.#alike.set(name, (group = [flags, keywords, []]))
		return group
	}

	get all(): Alike[] {
		return [...this.#alike.values()].filter(([, , runs]) => runs.length > 0)
	}
}

/** Messages that change, and what each becomes. */
type Changing = { rows: Before[]; becomes: Alike[] }

export type FlagsDecided = {
	logged: FlagsChanged
	changing: Changing
	/** Left alone, as they changed meanwhile. */
	unchanged: number[]
}

export function decideFlags(
	file: MailFile,
	op: Extract<Op, { do: 'message.flags' }>,
): FlagsDecided | OpResult {
	const box = boxByKey(file, op.mailbox)
	if (!box || box.account !== op.account) return { ok: false, error: 'nonexistent' }
	const { by } = op
	const changing: Changing = { rows: [], becomes: [] }
	const unchanged: number[] = []
	const seen: [number, boolean][] = []
	const gathering = new Gathering()
	// Most of many are alike before, and then they are after.
	const known = new Map<string, Turned>()
	let last: { row: Before; had: number; turned: Turned } | null = null
	for (const row of before(file, box.key, op.uids, op.how === 'set' ? Flag.seen : op.flags)) {
		const { uid } = row
		if (op.unchangedSince !== undefined && row.modseq > op.unchangedSince) {
			unchanged.push(uid)
			continue
		}
		const had = by === undefined ? row.flags : (row.flags & ~Flag.seen) | seenBit(file, box.key, by, uid)
		if (last?.row.flags !== row.flags || last.had !== had || last.row.keywords !== row.keywords) {
			const name = `${row.flags} ${had} ${row.keywords}`
			let turned = known.get(name)
			if (!turned) known.set(name, (turned = turn(op, had, row, gathering)))
			last = { row, had, turned }
		}
		const { turned } = last
		if (turned.same) continue
		if ((turned.flags ^ had) & Flag.seen && by !== undefined)
			seen.push([uid, (turned.flags & Flag.seen) !== 0])
		changing.rows.push(row)
		changing.becomes.push(turned.group)
		extend(turned.group[2], uid)
	}
	const logged: FlagsChanged = {
		do: 'message.flags',
		account: op.account,
		mailbox: box.id,
		modseq: box.modseq + 1,
		alike: gathering.all,
		...(by === undefined ? null : { by, seen }),
	}
	return { logged, changing, unchanged }
}

/** Flag.seen when that account has seen the message of another's mailbox. */
export function seenBit(file: MailFile, mailbox: number, account: string, uid: number): number {
	const sql = 'SELECT 1 FROM seen WHERE mailbox = ? AND account = ? AND uid = ?'
	return file.get(sql, mailbox, account, uid) ? Flag.seen : 0
}

export function setSeen(file: MailFile, mailbox: number, account: string, uid: number, is: boolean): void {
	if (is) file.run('INSERT OR IGNORE INTO seen VALUES (?, ?, ?)', mailbox, account, uid)
	else file.run('DELETE FROM seen WHERE mailbox = ? AND account = ? AND uid = ?', mailbox, account, uid)
}

type Turned = {
	/** Nothing changes. */
	same: boolean
	/** As whoever does it will see them. */
	flags: number
	/** As they enter the row: \Seen of another than the owner does not. */
	group: Alike
}

function turn(
	op: Extract<Op, { do: 'message.flags' }>,
	had: number,
	row: Before,
	gathering: Gathering,
): Turned {
	const before: string[] = row.keywords ? JSON.parse(row.keywords) : []
	const turned = turnedBy(op.how, had, before, op.flags, op.keywords)
	const { flags, keywords } = op.only ? within(op.only, had, before, turned) : turned
	const enters = op.by === undefined ? flags : (flags & ~Flag.seen) | (row.flags & Flag.seen)
	const same = flags === had && sameSet(keywords, before)
	return { same, flags, group: gathering.group(enters, keywords) }
}

/** What may not be changed is as it was. */
function within(
	only: MayFlag,
	flags: number,
	keywords: string[],
	turned: { flags: number; keywords: string[] },
): { flags: number; keywords: string[] } {
	return {
		flags: (flags & ~only.flags) | (turned.flags & only.flags),
		keywords: only.keywords ? turned.keywords : keywords,
	}
}

/** Keywords in another case are the same ones (RFC 5788 section 3): those that were there stay as they are. */
function turnedBy(
	how: 'add' | 'remove' | 'set',
	flags: number,
	keywords: string[],
	by: number,
	words: string[],
) {
	switch (how) {
		case 'add':
			return { flags: flags | by, keywords: [...keywords, ...words.filter(word => !among(keywords, word))] }
		case 'remove':
			return { flags: flags & ~by, keywords: keywords.filter(word => !among(words, word)) }
		case 'set':
			return { flags: by, keywords: words.map(word => among(keywords, word) ?? word) }
	}
}

function among(words: string[], word: string): string | undefined {
	if (words.length === 0) return undefined
	const lower = word.toLowerCase()
	return words.find(one => one.toLowerCase() === lower)
}

function sameSet(a: string[], b: string[]): boolean {
	return a.length === b.length && a.every(word => b.includes(word))
}

/** How rows change: bits that come and go, keywords as they become (undefined: as they are). */
type Turn = { adds: number; removes: number; keywords: string | null | undefined; runs: Runs }

/** Gathers rows that turn alike, whatever they are besides: every other message of a mailbox may be seen. */
class Turns {
	#turns = new Map<string, Turn>()
	#last: Turn | undefined

	add(row: Before, [flags, words]: Alike): void {
		const adds = flags & ~row.flags
		const removes = row.flags & ~flags
		const json = keywordsJson(words)
		const keywords = json === row.keywords ? undefined : json
		let turn = this.#last
		if (turn?.adds !== adds || turn.removes !== removes || turn.keywords !== keywords) {
			const name = `${adds} ${removes} ${keywords}`
			turn = this.#turns.get(name) ?? { adds, removes, keywords, runs: [] }
			this.#turns.set(name, turn)
			this.#last = turn
		}
		extend(turn.runs, row.uid)
	}

	/** Writes the rows. */
	enact(file: MailFile, mailbox: number, modseq: number, moment: Moment): void {
		for (const { adds, removes, keywords, runs } of this.#turns.values()) {
			const also: [string, string | number | null][] = []
			// Indexes name these two: they are written when they change.
			if (keywords !== undefined) also.push(['keywords', keywords])
			if ((adds | removes) & Flag.deleted) also.push(['hidden', Number((adds & Flag.deleted) !== 0)])
			const sql = `UPDATE message SET flags = (flags | ?) & ~?, modseq = ?, changed = ?${also.map(([name]) => `, ${name} = ?`).join('')}
				WHERE mailbox = ? AND uid BETWEEN ? AND ?`
			const values = [adds, removes, modseq, moment.modseq, ...also.map(([, value]) => value)]
			for (const [from, to] of runs) file.run(sql, ...values, mailbox, from, to)
		}
	}
}

function alikeOf({ alike, rows = [] }: FlagsChanged): Alike[] {
	if (alike) return alike
	const gathering = new Gathering()
	for (const [uid, flags, keywords] of rows) extend(gathering.group(flags, keywords)[2], uid)
	return gathering.all
}

/** What a decision of elsewhere, or of long ago, changes here. */
function changingBy(file: MailFile, mailbox: number, alike: Alike[]): Changing {
	const group = new Map<number, Alike>()
	for (const one of alike)
		for (const [from, to] of one[2]) for (let uid = from; uid <= to; uid++) group.set(uid, one)
	const rows = before(file, mailbox, [...group.keys()], Flag.seen)
	return { rows, becomes: rows.map(({ uid }) => group.get(uid)!) }
}

/** @param known what changes, where that was read already */
export function enactFlags(file: MailFile, op: FlagsChanged, known?: Changing): OpResult {
	const box = boxById(file, op.mailbox)
	if (!box) return { ok: false, error: 'nonexistent' }
	const alike = alikeOf(op)
	if (alike.length === 0) return { ok: true, uids: [], modseq: box.modseq }
	const { rows, becomes } = known ?? changingBy(file, box.key, alike)
	const uids = rows.map(({ uid }) => uid)
	const tally = new Tally()
	const moment = momentOf(file, box.account)
	const turns = new Turns()
	const appearing: Before[] = []
	const disappearing: Before[] = []
	const read = new Set<number>()
	let touched = false
	for (const [i, row] of rows.entries()) {
		const group = becomes[i]!
		const flags = group[0]
		tally.flags(row.flags, -1)
		tally.flags(flags, 1)
		const turned = row.flags ^ flags
		turns.add(row, group)
		if (turned & Flag.deleted) (flags & Flag.deleted ? disappearing : appearing).push(row)
		else if (!(flags & Flag.deleted)) {
			touched = true
			if (turned & READ) read.add(row.thread)
		}
	}
	if (appearing.length > 0) appear(file, moment, box.key, appearing, tally)
	turns.enact(file, box.key, op.modseq, moment)
	if (disappearing.length > 0) disappear(file, moment, box.key, disappearing, tally)
	if (touched) touch(file, moment, read)
	for (const [uid, is] of op.seen ?? []) setSeen(file, box.key, op.by!, uid, is)
	stretch(file, box.key, op.modseq, moment, uids)
	tally.enter(file, box.key, op.modseq, moment.modseq)
	file.changed(box.account, box.key)
	return { ok: true, uids, modseq: op.modseq }
}
