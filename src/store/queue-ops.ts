import type { MailFile, PackedBody } from './mail-file.ts'
import type { NewQueueItem, OpResult, QueueResult } from './types.ts'

export function addToQueue(file: MailFile, item: NewQueueItem, body: PackedBody): OpResult {
	if (file.get('SELECT 1 FROM queue_message WHERE id = ?', item.id)) return { ok: true, duplicate: true }
	if (item.once) {
		const once = `${item.once} queue`
		if (file.get('SELECT 1 FROM filed WHERE once = ?', once)) return { ok: true, duplicate: true }
		file.run('INSERT INTO filed VALUES (?, ?)', once, file.clock.now())
	}
	const blob = file.refer(body)
	file.run(
		'INSERT INTO queue_message (id, reverse_path, envelope_id, ret, smtputf8, blob, size, arrived, expires, source, priority, require_tls, deliver_by, by_mode, release) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
		item.id,
		item.reversePath,
		item.envelopeId,
		item.ret,
		item.smtputf8 ? 1 : 0,
		blob,
		body.size,
		item.arrived,
		item.expires,
		item.source,
		item.priority ?? 0,
		item.requireTls ? 1 : 0,
		item.deliverBy ?? null,
		item.byMode ?? null,
		item.release ?? null,
	)
	for (const { address, route, originalRecipient, notify, warn } of item.recipients) {
		file.run(
			'INSERT INTO queue_recipient (id, recipient, route, original_recipient, notify, due, warn) VALUES (?, ?, ?, ?, ?, ?, ?)',
			item.id,
			address,
			route,
			originalRecipient,
			notify,
			item.release ?? item.arrived,
			warn ?? null,
		)
	}
	return { ok: true }
}

export function settleResults(file: MailFile, results: QueueResult[]): OpResult {
	const touched = new Set<string>()
	for (const result of results) {
		if (result.is === 'done') {
			const row = file.get<{ id: string }>(
				'DELETE FROM queue_recipient WHERE key = ? RETURNING id',
				result.key,
			)
			if (row) touched.add(row.id)
		} else if (result.is === 'warned') {
			file.run('UPDATE queue_recipient SET warn = ? WHERE key = ?', result.warn, result.key)
		} else {
			file.run(
				'UPDATE queue_recipient SET attempts = attempts + 1, due = ?, last_reply = ?, route = coalesce(?, route) WHERE key = ?',
				result.due,
				result.reply,
				result.route ?? null,
				result.key,
			)
		}
	}
	for (const id of touched) forgetIfDone(file, id)
	return { ok: true }
}

export function dropFromQueue(file: MailFile, ids: string[]): OpResult {
	let found = 0
	for (const id of ids) {
		found += file.run('DELETE FROM queue_recipient WHERE id = ?', id).changes
		forgetIfDone(file, id)
	}
	return found > 0 ? { ok: true } : { ok: false, error: 'nonexistent' }
}

export function holdInQueue(file: MailFile, ids: string[], on: boolean): OpResult {
	let found = 0
	for (const id of ids)
		found += file.run('UPDATE queue_recipient SET held = ? WHERE id = ?', on ? 1 : 0, id).changes
	return found > 0 ? { ok: true } : { ok: false, error: 'nonexistent' }
}

// What is to be sent later (RFC 4865) is not due before its time, whoever is in a hurry.
const DUE =
	'UPDATE queue_recipient SET due = max(?, coalesce((SELECT release FROM queue_message m WHERE m.id = queue_recipient.id), 0))'

/** Makes recipients due at once: those of `ids`, or all (of a route). */
export function retryInQueue(file: MailFile, ids: string[] | null, route: string | null): OpResult {
	const now = file.clock.now()
	if (ids) {
		let found = 0
		for (const id of ids) found += file.run(`${DUE} WHERE id = ?`, now, id).changes
		return found > 0 ? { ok: true } : { ok: false, error: 'nonexistent' }
	}
	if (route) file.run(`${DUE} WHERE route = ?`, now, route)
	else file.run(DUE, now)
	return { ok: true }
}

/** The message goes with its last recipient. */
function forgetIfDone(file: MailFile, id: string): void {
	if (file.get('SELECT 1 FROM queue_recipient WHERE id = ?', id)) return
	const row = file.get<{ blob: number }>('DELETE FROM queue_message WHERE id = ? RETURNING blob', id)
	if (row) file.release(row.blob)
}
