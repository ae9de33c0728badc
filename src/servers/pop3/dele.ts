import { NO_SUCH } from './list.ts'
import type { Maildrop } from './maildrop.ts'
import type { Session } from './session.ts'

/** Marks; QUIT deletes (RFC 1939 section 5). */
export function dele(session: Session, maildrop: Maildrop, { number }: { number: number }): void {
	if (maildrop.delete(number)) session.ok('Marked; QUIT will delete it')
	else session.err(NO_SUCH)
}

export function rset(session: Session, maildrop: Maildrop): void {
	maildrop.undelete()
	const { messages, size } = maildrop.totals()
	session.ok(`${messages} messages (${size} octets)`)
}
