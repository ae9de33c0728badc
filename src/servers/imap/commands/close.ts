import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'

/** CLOSE expunges without a word, UNSELECT (RFC 3691) does not. */
export async function close(session: Session, { name }: imap.CommandOf<'CLOSE'>): Promise<Done> {
	const view = session.view!
	session.view = null
	if (name === 'CLOSE' && !view.readOnly) {
		await session.house.write([
			{ do: 'message.expunge', account: session.account!.id, mailbox: view.mailbox },
		])
	}
	return ok(`${name} completed`)
}
