import { type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'

/** RFC 2342: everybody has their own mail and nothing else. */
export function namespace(session: Session): Done {
	session.out.text('* NAMESPACE (("" "/")) NIL NIL\r\n')
	return ok('NAMESPACE completed')
}
