import type { MailboxRow, UidRuns } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { bad, Rejected } from './done.ts'

/** Places in a view: from ≤ place < to. Ascending, apart from each other. */
export type Span = [from: number, to: number]

/**
 * The selected mailbox as this client knows it: which message has which sequence number. It changes only when the
 * client is told (sync.ts). Place = sequence number - 1. Until then it shares the uids with others, so that an idle session
 * is cheap.
 */
export class View {
	readonly mailbox: number
	/** MAILBOXID. */
	readonly id: string
	/** The owner. */
	readonly account: string
	readonly name: string
	readonly uidValidity: number
	readonly readOnly: boolean
	/** All changes of messages up to this modseq were told. */
	modseq: number
	/** All expunges up to this modseq were told; behind `modseq` while they may not be. */
	expungeModseq: number
	/** What the client was told that it may do (RFC 4314). */
	rights = ''
	/** Keywords that the client was told of. */
	keywords: readonly string[] = []
	/** The client enabled UIDONLY (RFC 9586): sequence numbers mean nothing to it. */
	byUidOnly = false
	/** What the next message that comes will not be below. */
	uidNext: number
	/** Modseqs of our own changes: the client knows them. */
	readonly own = new Set<number>()
	/** Uids of the saved search result `$` (RFC 5182), as ranges: what is expunged falls out by itself. */
	#saved: imap.Range[] = []
	#uids: UidRuns

	constructor(box: MailboxRow, uids: UidRuns, readOnly: boolean) {
		this.mailbox = box.key
		this.id = box.id
		this.account = box.account
		this.name = box.name
		this.uidValidity = box.uidValidity
		this.readOnly = readOnly
		this.modseq = box.modseq
		this.expungeModseq = box.modseq
		this.uidNext = box.uidNext
		this.#uids = uids
	}

	get length(): number {
		return this.#uids.length
	}

	/** The uid at a place. */
	uid(place: number): number {
		return this.#uids.uid(place)
	}

	get lastUid(): number {
		return this.#uids.last
	}

	/** The first place whose uid is not below `uid`; behind the last one when there is none. */
	from(uid: number): number {
		return this.#uids.from(uid)
	}

	/** The place of a uid, -1 when it is not here. */
	place(uid: number): number {
		const place = this.#uids.from(uid)
		return place < this.#uids.length && this.#uids.uid(place) === uid ? place : -1
	}

	/** @param uid above all that are here */
	add(uid: number): void {
		this.#uids = this.#uids.plus(uid)
	}

	/** @param uids ascending. Returns those of them that were here and the places they had, ascending. */
	remove(uids: number[]): { uids: number[]; places: number[] } {
		const known: number[] = []
		const places: number[] = []
		for (const uid of uids) {
			const place = this.place(uid)
			if (place < 0) continue
			known.push(uid)
			places.push(place)
		}
		if (places.length > 0) this.#uids = this.#uids.minus(places)
		return { uids: known, places }
	}

	/** The places a sequence set names. Uids that are not here are passed over (RFC 9051 section 6.4.9). @throws Rejected */
	spans(set: imap.SequenceSet, byUid: boolean): Span[] {
		if (set === '$') return this.spans(this.#saved, true)
		if (!byUid && this.byUidOnly) throw new Rejected(bad('sequence numbers were switched off', 'UIDREQUIRED'))
		const spans: Span[] = []
		for (const [from, to] of set) {
			const span = byUid ? this.#uidSpan(from, to) : this.#sequenceSpan(from, to)
			if (span[0] < span[1]) spans.push(span)
		}
		return merged(spans)
	}

	#uidSpan(from: number, to: number): Span {
		// `*` is the last message, and `900:*` names it too when it is below 900.
		const first = to === imap.STAR ? Math.min(from, this.lastUid) : from
		return [this.from(first), to === imap.STAR ? this.length : this.from(to + 1)]
	}

	#sequenceSpan(from: number, to: number): Span {
		if (to !== imap.STAR && to > this.length) {
			throw new Rejected(bad(`there is no message ${to}, the last one is ${this.length}`))
		}
		// QUIRK: RFC 9051 section 9 would have BAD for `1:*` in an empty mailbox and `8:*` with seven messages; clients ask so.
		return [Math.max(0, Math.min(from, this.length) - 1), Math.min(to, this.length)]
	}

	/** Saves a search result for `$`. */
	save(places: number[]): void {
		const uids = Uint32Array.from(places, place => this.uid(place)).sort()
		const saved: imap.Range[] = []
		for (const uid of uids) {
			const last = saved.at(-1)
			if (last && last[1] + 1 >= uid) last[1] = uid
			else saved.push([uid, uid])
		}
		this.#saved = saved
	}

	/** The uids at the places, ascending. */
	uidsOf(spans: Span[]): number[] {
		const uids: number[] = []
		for (const [from, to] of spans) for (const uid of this.#uids.between(from, to)) uids.push(uid)
		return uids
	}
}

/** Is the uid in the set? `*` is the last message's. */
export function holds(set: imap.Range[], uid: number, lastUid: number): boolean {
	return set.some(([from, to]) => {
		const [low, high] =
			to === imap.STAR ? [Math.min(from, lastUid), from === imap.STAR ? lastUid : imap.STAR] : [from, to]
		return uid >= low && uid <= high
	})
}

/** Places (ascending) as spans. */
export function spansOf(places: number[]): Span[] {
	const spans: Span[] = []
	for (const place of places) {
		const last = spans.at(-1)
		if (last?.[1] === place) last[1] = place + 1
		else spans.push([place, place + 1])
	}
	return spans
}

/** Those of the places (ascending) that lie in the spans, as spans. */
export function spansWithin(places: number[], spans: Span[]): Span[] {
	const out: Span[] = []
	let next = 0
	for (const place of places) {
		while (next < spans.length && spans[next]![1] <= place) next++
		if (next === spans.length || spans[next]![0] > place) continue
		const last = out.at(-1)
		if (last?.[1] === place) last[1] = place + 1
		else out.push([place, place + 1])
	}
	return out
}

function merged(spans: Span[]): Span[] {
	if (spans.length < 2) return spans
	spans.sort((a, b) => a[0] - b[0])
	const out: Span[] = [spans[0]!]
	for (const span of spans) {
		const last = out[out.length - 1]!
		if (span[0] > last[1]) out.push(span)
		else last[1] = Math.max(last[1], span[1])
	}
	return out
}
