import { capabilities } from '../capability.ts'
import { type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'

export function capability(session: Session): Done {
	session.out.text(`* CAPABILITY ${capabilities(session)}\r\n`)
	return ok('CAPABILITY completed')
}
