import type { imap } from '../../../wire/index.ts'
import { type Done, no } from '../done.ts'
import type { Session } from '../session.ts'
import { signIn } from '../sign-in.ts'

export function login(
	session: Session,
	{ tag, login, password }: imap.CommandOf<'LOGIN'>,
): Done | Promise<Done | null> {
	if (!session.secure) return no('please use TLS first', 'PRIVACYREQUIRED')
	return signIn(session, tag, { login, password })
}
