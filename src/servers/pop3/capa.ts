import { mechanismsFor } from '../sign-in.ts'
import type { Session } from './session.ts'

/** RFC 2449 section 5. */
export function capa(session: Session): void {
	const lines = ['TOP', 'UIDL', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'EXPIRE NEVER', 'LOGIN-DELAY 0']
	const mechanisms = mechanismsFor(session.comer)
	if (session.mayUsePassword) lines.push('USER')
	if (mechanisms.length > 0) lines.push(`SASL ${mechanisms.join(' ')}`)
	if (!session.tls && !session.maildrop) lines.push('STLS')
	lines.push('UTF8 USER', 'LANG', 'IMPLEMENTATION Panpipe')
	session.write(`+OK ${session.words('This can be done here')}\r\n${lines.join('\r\n')}\r\n.\r\n`)
}
