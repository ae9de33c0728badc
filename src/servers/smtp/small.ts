import { type Command, Refused, reply } from '../../wire/index.ts'
import type { Session } from './session.ts'

const OK = reply(250, '2.0.0', 'Ok')

/** RFC 5321 section 4.1.1.5. */
export function rset(session: Session): void {
	session.reset()
	session.say(OK)
}

/** RFC 5321 section 4.1.1.9. */
export function noop(session: Session): void {
	session.say(OK)
}

/** RFC 5321 section 4.1.1.10. Answered after everything that is still under way. */
export function quit(session: Session): void {
	session.hangUp(reply(221, '2.0.0', 'Goodbye'))
}

/** RFC 5321 section 3.5.3: names are not confirmed to strangers; RCPT tells. */
export function vrfy(session: Session): void {
	session.say(reply(252, '2.5.2', 'Send mail to it and see'))
}

export function expn(_session: Session, _command: Command): void {
	throw new Refused(reply(502, '5.5.1', 'Lists are not shown'))
}

export function help(session: Session): void {
	session.say(reply(214, '2.0.0', 'EHLO MAIL RCPT DATA BDAT RSET NOOP QUIT AUTH STARTTLS; see RFC 5321'))
}
