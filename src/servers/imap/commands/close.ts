import { removeInSlices } from '../../../store/index.ts'
import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import { rightsIn } from '../rights.ts'
import type { Session } from '../session.ts'

/** CLOSE expunges without a word, UNSELECT (RFC 3691) does not. */
export async function close(session: Session, { name }: imap.CommandOf<'CLOSE'>): Promise<Done> {
	const view = session.view!
	session.view = null
	// Without the right to it nothing is expunged, and nobody is told (RFC 4314 section 4).
	if (name === 'CLOSE' && !view.readOnly && rightsIn(session, view).includes('e')) {
		const { account, mailbox } = view
		await removeInSlices(session.house, { do: 'message.expunge', account, mailbox })
	}
	return ok(`${name} completed`)
}
