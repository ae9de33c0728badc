import { momentOf } from './history.ts'
import type { MailFile, PackedBody } from './mail-file.ts'
import type { Logged, OpResult } from './types.ts'

export type ObjectSet = Logged<'object.set', { account: string; kind: string; id: string; value: unknown }>

export function decideObject(file: MailFile, op: ObjectSet): ObjectSet | OpResult {
	if (!file.get('SELECT 1 FROM account WHERE id = ?', op.account)) return { ok: false, error: 'nonexistent' }
	const here =
		'SELECT 1 FROM object WHERE kind = ? AND id = ? AND owner = (SELECT key FROM history WHERE account = ?)'
	if (op.value === null && !file.get(here, op.kind, op.id, op.account))
		return { ok: false, error: 'nonexistent' }
	return op
}

export function enactObject(file: MailFile, { account, kind, id, value }: ObjectSet): OpResult {
	const { owner, modseq } = momentOf(file, account)
	if (value === null) {
		file.run(
			`INSERT OR REPLACE INTO gone SELECT owner, kind, ?, id, created, NULL, ? FROM object
			 WHERE owner = ? AND kind = ? AND id = ?`,
			modseq,
			file.clock.now(),
			owner,
			kind,
			id,
		)
		file.run('DELETE FROM object WHERE owner = ? AND kind = ? AND id = ?', owner, kind, id)
	} else {
		file.run(
			`INSERT INTO object VALUES (?, ?, ?, ?, ?, ?)
			 ON CONFLICT DO UPDATE SET changed = excluded.changed, value = excluded.value`,
			owner,
			kind,
			id,
			modseq,
			modseq,
			JSON.stringify(value),
		)
		file.run('DELETE FROM gone INDEXED BY gone_id WHERE owner = ? AND kind = ? AND id = ?', owner, kind, id)
	}
	file.objectChanged(account, kind)
	return { ok: true, modseq }
}

/** A body that may become part of a message. Kept for a day; at this node only. */
export function addUpload(file: MailFile, account: string, body: PackedBody): OpResult {
	const history = file.histories.find(account)
	if (!history) return { ok: false, error: 'nonexistent' }
	const now = file.clock.now()
	const known = file.run(
		'UPDATE upload SET at = ? WHERE owner = ? AND blob = ?',
		now,
		history.owner,
		file.bodies.find(body.hash) ?? -1,
	)
	if (known.changes === 0)
		file.run('INSERT INTO upload VALUES (?, ?, ?)', history.owner, file.refer(body), now)
	return { ok: true }
}
