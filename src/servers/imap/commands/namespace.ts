import { type Done, ok } from '../done.ts'
import { OTHERS } from '../mailboxes.ts'
import type { Session } from '../session.ts'

/** RFC 2342: one's own mail, and what others share. */
export function namespace(session: Session): Done {
	session.out.text(`* NAMESPACE (("" "/")) (("${OTHERS}" "/")) NIL\r\n`)
	return ok('NAMESPACE completed')
}
