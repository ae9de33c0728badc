import { pop3 } from '../../wire/index.ts'
import { auth, pass, user } from './auth.ts'
import { capa } from './capa.ts'
import { dele, rset } from './dele.ts'
import { list, stat, uidl } from './list.ts'
import type { Maildrop } from './maildrop.ts'
import { quit } from './quit.ts'
import { retr, top } from './retr.ts'
import type { Session } from './session.ts'
import { lang, stls, utf8 } from './small.ts'

/** @throws BadCommand */
export function perform(session: Session, command: pop3.Command): void | Promise<void> {
	switch (command.verb) {
		case 'QUIT':
			return quit(session)
		case 'CAPA':
			return capa(session)
		case 'LANG':
			return lang(session, command)
	}
	const { maildrop } = session
	return maildrop ? transaction(session, maildrop, command) : authorization(session, command)
}

function authorization(session: Session, command: pop3.Command): void | Promise<void> {
	switch (command.verb) {
		case 'USER':
			return user(session, command)
		case 'PASS':
			return pass(session, command)
		case 'AUTH':
			return auth(session, command)
		case 'STLS':
			return stls(session)
		case 'UTF8':
			return utf8(session)
		default:
			throw new pop3.BadCommand('Sign in first')
	}
}

function transaction(session: Session, maildrop: Maildrop, command: pop3.Command): void | Promise<void> {
	switch (command.verb) {
		case 'STAT':
			return stat(session, maildrop)
		case 'LIST':
			return list(session, maildrop, command)
		case 'UIDL':
			return uidl(session, maildrop, command)
		case 'RETR':
			return retr(session, maildrop, command)
		case 'TOP':
			return top(session, maildrop, command)
		case 'DELE':
			return dele(session, maildrop, command)
		case 'RSET':
			return rset(session, maildrop)
		case 'NOOP':
			return session.ok('Here')
		default:
			throw new pop3.BadCommand('You are signed in already')
	}
}
