import type { imap } from '../../../wire/index.ts'
import { bad, type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'
import { sync } from '../sync.ts'
import { watch } from '../watch.ts'

/** RFC 2177. Between events nothing of it is kept but a listener. */
export async function idle(session: Session, _command: imap.CommandOf<'IDLE'>): Promise<Done> {
	session.out.text('+ idling\r\n')
	const tell = () => {
		// A client that does not read what it is told is told the rest when it does.
		if (session.out.full) return void session.socket.once('drain', tell)
		try {
			if (!sync(session, true)) session.bye('the selected mailbox was deleted')
			session.out.flush()
		} catch (error) {
			session.log.error({ err: error }, 'an IDLE session failed')
			session.bye('something went wrong here, please come again', 'UNAVAILABLE')
		}
	}
	const stop = watch(session.house, session.account!.id, change => {
		if (session.view && change.mailboxes.includes(session.view.mailbox)) tell()
	})
	try {
		tell()
		const line = await session.input.line()
		return /^DONE$/i.test(line) ? ok('IDLE completed') : bad('DONE expected')
	} finally {
		stop()
		session.socket.off('drain', tell)
	}
}
