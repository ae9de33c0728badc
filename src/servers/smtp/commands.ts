import { type Command, Refused, reply, type Verb } from '../../wire/index.ts'
import { auth } from './auth.ts'
import { bdat } from './bdat.ts'
import { data } from './data.ts'
import { hello } from './hello.ts'
import { mail } from './mail.ts'
import { rcpt } from './rcpt.ts'
import type { Session } from './session.ts'
import { expn, help, noop, quit, rset, vrfy } from './small.ts'
import { starttls } from './starttls.ts'

type Perform<V extends Verb> = (
	session: Session,
	command: Extract<Command, { verb: V }>,
) => void | Promise<void>

const commands: { [V in Verb]: Perform<Verb> } = {
	EHLO: hello as Perform<Verb>,
	HELO: hello as Perform<Verb>,
	LHLO: hello as Perform<Verb>,
	MAIL: mail as Perform<Verb>,
	RCPT: rcpt as Perform<Verb>,
	DATA: data,
	BDAT: bdat as Perform<Verb>,
	AUTH: auth as Perform<Verb>,
	STARTTLS: starttls,
	RSET: rset,
	NOOP: noop,
	QUIT: quit,
	VRFY: vrfy,
	EXPN: expn,
	HELP: help,
}

/** @throws Refused */
export function perform(session: Session, command: Command): void | Promise<void> {
	// Only the first chunk's transaction may go on between two chunks (RFC 3030 section 2).
	if (session.transfer && (command.verb === 'DATA' || command.verb === 'MAIL' || command.verb === 'RCPT')) {
		throw new Refused(reply(503, '5.5.1', 'A message is being sent with BDAT; finish it or say RSET'))
	}
	return commands[command.verb](session, command)
}
