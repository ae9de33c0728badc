import { type Command, Refused, reply } from '../../wire/index.ts'
import type { Session } from './session.ts'

/** STARTTLS (RFC 3207): everything known before is forgotten. */
export async function starttls(session: Session, _command: Command): Promise<void> {
	if (session.client.protocol === 'lmtp') throw new Refused(reply(502, '5.5.1', 'There is no STARTTLS here'))
	if (session.client.tls) throw new Refused(reply(503, '5.5.1', 'TLS is on already'))
	session.reset()
	session.client.helo = ''
	session.client.account = null
	await session.startTls()
}
