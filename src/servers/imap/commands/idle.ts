import type { imap } from '../../../wire/index.ts'
import { watch } from '../../watch.ts'
import { bad, type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'

/** RFC 2177. Between events nothing of it is kept but a listener. */
export async function idle(session: Session, _command: imap.CommandOf<'IDLE'>): Promise<Done> {
	session.out.text('+ idling\r\n')
	// NOTIFY has its own listener, and tells the same in IDLE (RFC 5465 section 4).
	const stop = session.tidings.notification
		? () => {}
		: watch(session.house, session.view?.account ?? session.account!.id, change => {
				if (!session.view) return
				// Another's mailbox may cease to be shared: its list of mailboxes changes then.
				const shared = session.view.account !== session.account!.id
				if (change.mailboxes.includes(session.view.mailbox) || (shared && change.list)) session.tidings.push()
			})
	session.tidings.idling = true
	try {
		session.out.flush()
		const line = session.input.line()
		session.tidings.push()
		return /^DONE$/i.test(await line) ? ok('IDLE completed') : bad('DONE expected')
	} finally {
		session.tidings.idling = false
		stop()
	}
}
