import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { openDatabase } from '../../kit/index.ts'
import { BlobFolder } from '../bodies.ts'
import { SqliteReader } from '../reader.ts'
import { Gathering } from './column.ts'
import { Damaged, IndexFile, type SegmentRow } from './index-file.ts'
import {
	bodyText,
	envelopeText,
	FIELDS,
	headerText,
	LARGE_MESSAGE,
	largeBodyText,
	partsText,
} from './text.ts'
import { addWords } from './words.ts'

/** Messages of a mailbox wait until there are so many of them, or octets: to look through them is cheaper. */
const WORTH_OCTETS = 512 * 1024
/** Taken at one time. */
const MOST_MESSAGES = 1024
const MOST_OCTETS = 4 * 1024 * 1024
/** Segments are not made larger than this by merging. */
const MOST_DOCS = 16_384

type Row = { uid: number; size: number; blob: number }

/** Brings the index up to what the mail is, a step at a time. */
export class Indexer {
	readonly #dir: string
	readonly #least: number
	readonly #db: DatabaseSync
	readonly #mail: SqliteReader
	#file: IndexFile

	/** @param least messages of a mailbox that wait until they are indexed */
	constructor(dir: string, least: number) {
		this.#dir = dir
		this.#least = least
		this.#db = openDatabase(join(dir, 'mail.sqlite'), { readOnly: true, cacheMb: 4 })
		this.#mail = new SqliteReader(this.#db, new BlobFolder(join(dir, 'blobs')))
		this.#file = this.#opened()
	}

	#opened(): IndexFile {
		try {
			return IndexFile.toWrite(this.#dir)
		} catch {
			IndexFile.remove(this.#dir)
			return IndexFile.toWrite(this.#dir)
		}
	}

	/** Begins anew with nothing. */
	startOver(): void {
		this.#file.close()
		IndexFile.remove(this.#dir)
		this.#file = this.#opened()
	}

	/** Those that are, and those the index still knows. */
	mailboxes(): Set<number> {
		const here = this.#db.prepare('SELECT key FROM mailbox').all()
		return new Set([...this.#file.mailboxes(), ...here.map(row => row.key as number)])
	}

	/** Some of what is to be done for a mailbox. Is there more? @throws Damaged, or as SQLite does */
	async step(mailbox: number): Promise<boolean> {
		const box = this.#mail.mailboxByKey(mailbox)
		if (!box) {
			this.#file.transaction(() => this.#file.removeMailbox(mailbox))
			return false
		}
		const cursor = this.#file.cursor(mailbox) ?? { next: 1, modseq: box.modseq }
		if (cursor.next > box.uidNext || cursor.modseq > box.modseq) {
			throw new Damaged('the index knows more than the mail: it belongs to another copy of it')
		}
		this.#forget(mailbox, cursor.next, cursor.modseq, box.modseq)
		const rows = this.#waiting(mailbox, cursor.next)
		if (rows.length === 0) return false
		const segment = await this.#read(mailbox, rows)
		this.#file.transaction(() => {
			this.#file.addSegment(mailbox, segment.uids, segment.columns)
			this.#file.setCursor(mailbox, rows.at(-1)!.uid + 1, box.modseq)
		})
		this.#mergeTail(mailbox)
		return true
	}

	/** The next messages, when there are enough of them. */
	#waiting(mailbox: number, next: number): Row[] {
		const rows = this.#db
			.prepare('SELECT uid, size, blob FROM message WHERE mailbox = ? AND uid >= ? ORDER BY uid LIMIT ?')
			.all(mailbox, next, MOST_MESSAGES) as Row[]
		let octets = 0
		let taken = 0
		for (; taken < rows.length && octets < MOST_OCTETS; taken++) octets += rows[taken]!.size
		return rows.length >= this.#least || octets >= WORTH_OCTETS ? rows.slice(0, taken) : []
	}

	async #read(mailbox: number, rows: Row[]) {
		const gatherings = FIELDS.map(() => new Gathering())
		const uids: number[] = []
		const unread: number[] = []
		for (const row of rows) {
			let texts: string[] | null = null
			try {
				texts = await this.#texts(row)
			} catch {
				// Gone in this moment, or its octets cannot be read.
			}
			// The row of a body may be given to another one when nobody needs it: only who is still here was read rightly.
			if (!this.#mail.has(mailbox, row.uid)) continue
			if (texts === null) {
				unread.push(row.uid)
				continue
			}
			const place = uids.push(row.uid) - 1
			texts.forEach((text, field) => {
				const words = new Set<string>()
				addWords(text, words)
				for (const word of words) gatherings[field]!.add(word, place)
			})
		}
		return {
			uids: { uids: Uint32Array.from(uids), unread: Uint32Array.from(unread) },
			columns: gatherings.map(each => each.column()),
		}
	}

	async #texts({ size, blob }: Row): Promise<string[]> {
		const { envelope, structure } = this.#mail.head(blob)
		const octets = async (start: number, end: number) => {
			const pieces: Buffer[] = []
			for await (const piece of this.#mail.bodyStream(blob, start, end)) pieces.push(piece)
			return Buffer.concat(pieces)
		}
		const message = size > LARGE_MESSAGE ? null : this.#mail.body(blob)
		return Promise.all(
			FIELDS.map(field => {
				if (field === 'header') {
					return message
						? headerText(message.subarray(0, structure.body))
						: octets(0, structure.body).then(headerText)
				}
				if (field === 'parts') return partsText(structure)
				if (field !== 'body') return envelopeText(envelope, field)
				return message ? bodyText(message, structure) : largeBodyText(structure, octets)
			}),
		)
	}

	/** Expunged messages are counted; a segment that has lost a quarter is made anew without them. */
	#forget(mailbox: number, next: number, since: number, modseq: number): void {
		if (since === modseq) return
		const gone = this.#mail.expungedSince(mailbox, since).filter(uid => uid < next)
		const worn: SegmentRow[] = []
		this.#file.transaction(() => {
			for (const segment of gone.length > 0 ? this.#file.segments(mailbox) : []) {
				const here = gone.filter(uid => uid >= segment.first && uid <= segment.last).length
				if (here > 0) this.#file.setGone(segment.id, segment.gone + here)
				if ((segment.gone + here) * 4 >= segment.docs) worn.push(segment)
			}
			this.#file.setCursor(mailbox, next, modseq)
		})
		for (const segment of worn) this.#merge(mailbox, [segment])
	}

	/** Each segment stays at least twice as large as the next, so that there are few and each message is moved seldom. */
	#mergeTail(mailbox: number): void {
		const segments = this.#file.segments(mailbox)
		let first = segments.length - 1
		let docs = segments[first]?.docs ?? 0
		while (first > 0) {
			const before = segments[first - 1]!.docs
			if (before >= 2 * docs || before + docs > MOST_DOCS) break
			docs += before
			first--
		}
		if (first < segments.length - 1) this.#merge(mailbox, segments.slice(first))
	}

	/** One segment of several neighbours, without what was expunged. */
	#merge(mailbox: number, segments: SegmentRow[]): void {
		const here = new Set(
			this.#db
				.prepare('SELECT uid FROM message WHERE mailbox = ? AND uid BETWEEN ? AND ?')
				.all(mailbox, segments[0]!.first, segments.at(-1)!.last)
				.map(row => row.uid as number),
		)
		const uids: number[] = []
		const unread: number[] = []
		const moved = segments.map(({ id }) => {
			const old = this.#file.uids(id)!
			unread.push(...old.unread.filter(uid => here.has(uid)))
			return Int32Array.from(old.uids, uid => (here.has(uid) ? uids.push(uid) - 1 : -1))
		})
		const columns = FIELDS.map((_, field) => {
			const gathering = new Gathering()
			segments.forEach(({ id }, index) => {
				const column = this.#file.column(id, field)
				if (!column) throw new Damaged('a segment has lost its words')
				gathering.take(column, moved[index]!)
			})
			return gathering.column()
		})
		this.#file.transaction(() => {
			for (const { id } of segments) this.#file.removeSegment(id)
			this.#file.addSegment(
				mailbox,
				{ uids: Uint32Array.from(uids), unread: Uint32Array.from(unread) },
				columns,
			)
		})
	}

	close(): void {
		this.#file.close()
		this.#db.close()
	}
}
