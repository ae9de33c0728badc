import type { Session } from './session.ts'

/** The UPDATE state (RFC 1939 section 6): what was marked is gone from the disk before the +OK. */
export async function quit(session: Session): Promise<void> {
	let done = true
	try {
		if (session.maildrop) done = await session.maildrop.update()
	} catch (error) {
		session.house.log.error({ err: error, client: session.client }, 'pop3: messages not deleted')
		done = false
	}
	session.leave()
	if (done) session.ok('Goodbye')
	else session.err('The marked messages could not be deleted; try again later', 'SYS/TEMP')
	session.hangUp()
}
