import type { imap } from '../../../wire/index.ts'
import { type Done, no, ok } from '../done.ts'
import { readFlags } from '../flags.ts'
import { write } from '../mailboxes.ts'
import { inBatches, rowsAt } from '../rows.ts'
import type { Session } from '../session.ts'
import { flagsResponse } from '../sync.ts'

export async function store(session: Session, command: imap.CommandOf<'STORE'>): Promise<Done> {
	const view = session.view!
	if (view.readOnly) return no('this mailbox is open read-only', 'CANNOT')
	const spans = view.spans(command.set, command.uid)
	const uids = view.uidsOf(spans)
	const result = await write(session, {
		do: 'message.flags',
		account: session.account!.id,
		mailbox: view.mailbox,
		uids,
		how: command.how,
		...readFlags(command.flags),
	})
	// What the client asked for needs no telling a second time (sync), and with .SILENT not even once.
	if (result.uids!.length > 0) view.own.add(result.modseq!)
	let missing = 0
	if (!command.silent) {
		await inBatches(session, spans, places => {
			for (const [place, row] of rowsAt(session, places)) {
				if (row) session.out.text(flagsResponse(session, place, row))
				else missing++
			}
		})
	}
	return ok('STORE completed', missing > 0 ? 'EXPUNGEISSUED' : null)
}
