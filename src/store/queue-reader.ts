import type { Statements } from './statements.ts'
import type { QueueItem, QueuePart } from './types.ts'

/** What waits to be handed over or delivered, one item for each recipient. */
export type Queued = {
	/** Of everything, of a route, or of one message. */
	items(filter?: { route?: string; id?: string }): QueueItem[]
	/**
	 * The next recipients for a route that are due at `now`, oldest first, at most `most`, with a key above `after`.
	 * Of one part of the queue only: without what comes after something of the same sender to the same recipient that
	 * waits in the other part.
	 */
	due(route: string, now: number, most: number, after?: number, part?: QueuePart): QueueItem[]
	/**
	 * Those due on a route whose message is urgent (RFC 6710, priority above 0), the most urgent of them, in order of
	 * arrival; without what comes after something of the same sender to the same recipient.
	 */
	urgent(route: string, now: number, most: number, part?: QueuePart): QueueItem[]
	/** When the first recipient of a route is due that is not held and not due yet at `now`; null when there is none. */
	next(route: string, now: number): number | null
	/** Does something large wait to go this way, held or not? */
	hasLarge(route: string): boolean
	/** Recipients whose sender is to be told by now that it takes long. Looks through all that is queued. */
	toWarn(now: number, most: number): QueueItem[]
	/** Routes with waiting recipients: how many, and when the first of them is due. */
	routes(): { route: string; waiting: number; due: number }[]
	/** Recipients that wait, held ones included. */
	length(): number
}

const QUEUE = `SELECT r.key, r.id, m.reverse_path AS reversePath, m.envelope_id AS envelopeId, m.ret, m.smtputf8, r.recipient,
	r.route, r.original_recipient AS originalRecipient, r.notify, m.arrived, m.expires, r.attempts, r.due, r.held,
	r.last_reply AS lastReply, m.blob, m.size, m.source, r.warn,
	m.priority, m.require_tls AS requireTls, m.deliver_by AS deliverBy, m.by_mode AS byMode, m.release FROM queue_recipient r JOIN queue_message m ON m.id = r.id`

// As in the index `queue_large`.
const LARGE = 2 ** 20
const OF_PART = { all: '', small: ` AND m.size <= ${LARGE}`, large: ` AND m.size > ${LARGE}` }
const READY = 'r.route = ?1 AND r.key > ?2 AND r.held = 0 AND r.due <= ?3'
const BEFORE = `b.reverse_path = m.reverse_path AND before.recipient = r.recipient AND before.key < r.key
	AND before.route = r.route AND before.held = 0 AND before.due <= ?3`

/** What is due, by part of the queue. Large mail is rare: it is looked for by its own index, from either side. */
const DUE: Record<QueuePart, string> = {
	all: `${QUEUE} WHERE ${READY} ORDER BY r.key LIMIT ?4`,
	small: `${QUEUE} WHERE ${READY}${OF_PART.small} AND NOT EXISTS (
		SELECT 1 FROM queue_message b INDEXED BY queue_large CROSS JOIN queue_recipient before INDEXED BY queue_id ON before.id = b.id
		WHERE b.size > ${LARGE} AND ${BEFORE}) ORDER BY r.key LIMIT ?4`,
	large: `${QUEUE} WHERE r.key IN (
		SELECT r.key FROM queue_message m INDEXED BY queue_large CROSS JOIN queue_recipient r ON r.id = m.id
		WHERE m.size > ${LARGE} AND ${READY} AND NOT EXISTS (
			SELECT 1 FROM queue_recipient before CROSS JOIN queue_message b ON b.id = before.id
			WHERE b.size <= ${LARGE} AND ${BEFORE})) ORDER BY r.key LIMIT ?4`,
}

/** Reads of the queue, for `Reader.queue`. */
export class QueueReader implements Queued {
	readonly #sql: Statements

	constructor(sql: Statements) {
		this.#sql = sql
	}

	items(filter: { route?: string; id?: string } = {}): QueueItem[] {
		if (filter.id)
			return this.#sql.all<QueueItem>(`${QUEUE} WHERE r.id = ? ORDER BY r.key`, filter.id).map(asItem)
		if (filter.route)
			return this.#sql.all<QueueItem>(`${QUEUE} WHERE r.route = ? ORDER BY r.key`, filter.route).map(asItem)
		return this.#sql.all<QueueItem>(`${QUEUE} ORDER BY r.key`).map(asItem)
	}

	due(route: string, now: number, most: number, after = 0, part: QueuePart = 'all'): QueueItem[] {
		return this.#sql.all<QueueItem>(DUE[part], route, after, now, most).map(asItem)
	}

	urgent(route: string, now: number, most: number, part: QueuePart = 'all'): QueueItem[] {
		const urgent = `SELECT r.key FROM queue_message m INDEXED BY queue_urgent CROSS JOIN queue_recipient r ON r.id = m.id
			WHERE m.priority > 0 AND r.route = ?1 AND r.held = 0 AND r.due <= ?2${OF_PART[part]} AND NOT EXISTS (
				SELECT 1 FROM queue_recipient before JOIN queue_message b ON b.id = before.id
				WHERE before.recipient = r.recipient AND before.key < r.key AND before.route = r.route
				AND b.reverse_path = m.reverse_path)
			ORDER BY m.priority DESC, r.key LIMIT ?3`
		return this.#sql
			.all<QueueItem>(`${QUEUE} WHERE r.key IN (${urgent}) ORDER BY r.key`, route, now, most)
			.map(asItem)
	}

	next(route: string, now: number): number | null {
		return this.#sql.get<{ due: number | null }>(
			'SELECT min(due) AS due FROM queue_recipient WHERE route = ? AND held = 0 AND due > ?',
			route,
			now,
		)!.due
	}

	hasLarge(route: string): boolean {
		const large = `SELECT 1 FROM queue_message m INDEXED BY queue_large CROSS JOIN queue_recipient r ON r.id = m.id
			WHERE m.size > ${LARGE} AND r.route = ? LIMIT 1`
		return this.#sql.get(large, route) !== undefined
	}

	toWarn(now: number, most: number): QueueItem[] {
		return this.#sql
			.all<QueueItem>(`${QUEUE} WHERE r.warn <= ? AND r.held = 0 ORDER BY r.key LIMIT ?`, now, most)
			.map(asItem)
	}

	routes(): { route: string; waiting: number; due: number }[] {
		return this.#sql.all(
			'SELECT route, count(*) AS waiting, min(due) AS due FROM queue_recipient WHERE held = 0 GROUP BY route',
		)
	}

	length(): number {
		return this.#sql.get<{ count: number }>('SELECT count(*) AS count FROM queue_recipient')!.count
	}
}

// Rows come from SQLite as fresh objects: they are mended in place.
function asItem(row: QueueItem): QueueItem {
	row.held = Boolean(row.held)
	row.smtputf8 = Boolean(row.smtputf8)
	row.requireTls = Boolean(row.requireTls)
	return row
}
