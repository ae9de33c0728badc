import { type Done, no, ok } from '../done.ts'
import { seesOthers } from '../mailboxes.ts'
import type { Session } from '../session.ts'

/** RFC 9698: where the same mail is to be had by JMAP. */
export function getJmapAccess(session: Session): Done {
	if (!hasJmapAccess(session)) return no('not all of this mail is to be had by JMAP')
	session.out.text(`* JMAPACCESS "${session.house.jmapUrl}"\r\n`)
	return ok('GETJMAPACCESS completed')
}

/** Every mailbox that is seen here is seen there: what others share is not. */
export function hasJmapAccess(session: Session): boolean {
	return session.house.jmapUrl !== undefined && !seesOthers(session)
}
