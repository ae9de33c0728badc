import type { imap } from '../../../wire/index.ts'
import { signIn } from '../../sign-in.ts'
import { type Done, no } from '../done.ts'
import type { Session } from '../session.ts'
import { signedIn } from '../sign-in.ts'

export async function login(
	session: Session,
	{ tag, login, password }: imap.CommandOf<'LOGIN'>,
): Promise<Done | null> {
	if (!session.secure) return no('please use TLS first', 'PRIVACYREQUIRED')
	return signedIn(session, tag, await signIn(session.comer, login, password))
}
