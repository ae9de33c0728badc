import { appear, disappear, type Moment, momentOf, touch } from './history.ts'
import type { MailFile } from './mail-file.ts'
import { boxById, boxByKey, type Logged } from './mailbox-ops.ts'
import { extend, messageRows } from './message-rows.ts'
import { stretch } from './stretches.ts'
import { keywordsJson, Tally } from './tally.ts'
import { Flag, type MayFlag, type Op, type OpResult } from './types.ts'

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

const BEFORE = ['flags', 'keywords', 'modseq', 'email', 'thread'] as const

function before(file: MailFile, mailbox: number, uids: number[]): Before[] {
	return messageRows(file, mailbox, uids, BEFORE, (uid, of, i) => ({
		uid,
		flags: of.flags[i]!,
		keywords: of.keywords[i]!,
		modseq: of.modseq[i]!,
		email: of.email[i]!,
		thread: of.thread[i]!,
	}))
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

export type FlagsDecided = {
	logged: FlagsChanged
	/** Of those that change. */
	rows: Before[]
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
	const rows: Before[] = []
	const unchanged: number[] = []
	const seen: [number, boolean][] = []
	const gathering = new Gathering()
	// Most of many are alike before, and then they are after.
	const known = new Map<string, Turned>()
	let last: { row: Before; had: number; turned: Turned } | null = null
	for (const row of before(file, box.key, op.uids)) {
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
		rows.push(row)
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
	return { logged, rows, unchanged }
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

const READ = Flag.seen | Flag.draft

/** What rows are set to. @param turns that they are hidden changes too: an index names it, and is written then */
function setFlags(
	file: MailFile,
	mailbox: number,
	op: { modseq: number },
	moment: Moment,
	[flags, words]: Alike,
	runs: Runs,
	turns: boolean,
): void {
	const hides = turns ? `, hidden = ${Number((flags & Flag.deleted) !== 0)}` : ''
	const sql = `UPDATE message SET flags = ?, keywords = ?, modseq = ?, changed = ?${hides} WHERE mailbox = ? AND uid BETWEEN ? AND ?`
	for (const [from, to] of runs)
		file.run(sql, flags, keywordsJson(words), op.modseq, moment.modseq, mailbox, from, to)
}

function alikeOf({ alike, rows = [] }: FlagsChanged): Alike[] {
	if (alike) return alike
	const gathering = new Gathering()
	for (const [uid, flags, keywords] of rows) extend(gathering.group(flags, keywords)[2], uid)
	return gathering.all
}

function between(from: number, to: number): number[] {
	return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** @param known the messages as they are, where that was read already */
export function enactFlags(file: MailFile, op: FlagsChanged, known?: Before[]): OpResult {
	const box = boxById(file, op.mailbox)
	if (!box) return { ok: false, error: 'nonexistent' }
	const alike = alikeOf(op)
	if (alike.length === 0) return { ok: true, uids: [], modseq: box.modseq }
	const rows =
		known ??
		before(
			file,
			box.key,
			alike.flatMap(([, , runs]) => runs.flatMap(([from, to]) => between(from, to))),
		)
	const becomes = new Map<number, Alike>()
	if (alike.length > 1)
		for (const group of alike)
			for (const [from, to] of group[2]) for (const uid of between(from, to)) becomes.set(uid, group)
	const uids = rows.map(({ uid }) => uid)
	const tally = new Tally()
	const moment = momentOf(file, box.account)
	/** What becomes hidden or visible, and what only changes its flags: runs of uids by what they become. */
	const turning = new Map<Alike, Runs>()
	const plain = new Map<Alike, Runs>()
	const appearing: Before[] = []
	const disappearing: Before[] = []
	const read = new Set<number>()
	let touched = false
	for (const row of rows) {
		const { uid } = row
		const group = becomes.get(uid) ?? alike[0]!
		const flags = group[0]
		tally.flags(row.flags, -1)
		tally.flags(flags, 1)
		const turned = row.flags ^ flags
		const where = turned & Flag.deleted ? turning : plain
		let runs = where.get(group)
		if (!runs) where.set(group, (runs = []))
		extend(runs, uid)
		if (turned & Flag.deleted) (flags & Flag.deleted ? disappearing : appearing).push(row)
		else if (!(flags & Flag.deleted)) {
			touched = true
			if (turned & READ) read.add(row.thread)
		}
	}
	if (appearing.length > 0) appear(file, moment, box.key, appearing, tally)
	for (const [group, runs] of turning) setFlags(file, box.key, op, moment, group, runs, true)
	for (const [group, runs] of plain) setFlags(file, box.key, op, moment, group, runs, false)
	if (disappearing.length > 0) disappear(file, moment, box.key, disappearing, tally)
	if (touched) touch(file, moment, read)
	for (const [uid, is] of op.seen ?? []) setSeen(file, box.key, op.by!, uid, is)
	stretch(file, box.key, op.modseq, moment, uids)
	tally.enter(file, box.key, op.modseq, moment.modseq)
	file.changed(box.account, box.key)
	return { ok: true, uids, modseq: op.modseq }
}
