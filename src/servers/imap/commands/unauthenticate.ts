import { type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'

/** RFC 8437: back to where a connection begins; TLS and compression stay. */
export function unauthenticate(session: Session): Done {
	session.signedOut()
	return ok('UNAUTHENTICATE completed')
}
