import type { imap } from '../../../wire/index.ts'
import { type Done, ok } from '../done.ts'
import type { Session } from '../session.ts'

/** RFC 2971. What the client says of itself helps whoever reads the log; it decides nothing. */
export function id(session: Session, { fields }: imap.CommandOf<'ID'>): Done {
	if (fields) session.log.debug({ id: Object.fromEntries(fields.slice(0, 30)) }, 'IMAP client')
	// Before sign-in strangers are not told the version.
	const version = session.account ? ` "version" "${session.house.version}"` : ''
	session.out.text(`* ID ("name" "Panpipe"${version})\r\n`)
	return ok('ID completed')
}
