import { type Decision, enact } from './apply.ts'
import type { MailFile, PackedBody } from './mail-file.ts'
import type { LogRow, OpResult } from './types.ts'

/**
 * Enacts rows of another node's log, in order, inside the caller's transaction; the cursor moves with them, so a row
 * that arrives twice is enacted once. `bodyOf` gives what message.add needs, by hash.
 * @throws when a body is missing: the caller fetches it and tries again
 */
export function replay(
	file: MailFile,
	rows: LogRow[],
	bodyOf: (hash: string) => PackedBody | undefined,
): OpResult {
	for (const row of rows) {
		const seen = file.get<{ seq: number }>('SELECT seq FROM replayed WHERE node = ?', row.node)?.seq ?? 0
		if (row.seq <= seen) continue
		const decision = row.op as unknown as Decision
		const body =
			decision.do === 'message.add' ? (bodyOf(decision.hash) ?? file.known(decision.hash)) : undefined
		if (decision.do === 'message.add' && !body) throw new Error(`body ${decision.hash} is missing`)
		enact(file, decision, body)
		file.run(
			'INSERT INTO replayed VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq',
			row.node,
			row.seq,
		)
	}
	return { ok: true }
}
