import type { Socket } from 'node:net'
import type { Account, SignIn } from '../../directory/index.ts'
import { walk } from '../walk.ts'
import { capabilities } from './capability.ts'
import { type Done, no, ok } from './done.ts'
import type { Session } from './session.ts'

/** Failures on one connection before it is ended; the house counts them per address too. */
const MOST_FAILURES = 5

export async function signIn(
	session: Session,
	tag: string,
	{ login, password }: { login: string; password: string },
): Promise<Done | null> {
	const { house } = session
	const result = await house.authenticate(login, password, session.guest.address)
	if (!result.ok) return failed(session, result.why)
	if (result.account.home === house.self) return enter(session, result.account)
	// What a node of ours brought here would walk in circles.
	if (session.guest.node) return no('this account does not live here', 'UNAVAILABLE')
	return walkHome(session, tag, result.account)
}

function failed(session: Session, why: Extract<SignIn, { ok: false }>['why']): Done | null {
	if (++session.signInFailures >= MOST_FAILURES) {
		session.bye('too many failed sign-ins')
		return null
	}
	return why === 'disabled'
		? no('this account is switched off, please ask your administrator', 'CONTACTADMIN')
		: no('name or password is wrong', 'AUTHENTICATIONFAILED')
}

/** A node of ours has signed the person in. It is believed only where the account lives: walks do not go on. */
export async function signInExternal(session: Session, authzid: string): Promise<Done> {
	const account = session.house.accountOf(authzid)
	if (!account || account.disabled) return no('there is no such account', 'AUTHORIZATIONFAILED')
	if (account.home !== session.house.self) return no('this account does not live here', 'UNAVAILABLE')
	// The node has vouched once: whoever speaks on this connection now is the client (and may UNAUTHENTICATE).
	session.guest.node = null
	return enter(session, account)
}

async function enter(session: Session, account: Account): Promise<Done> {
	const { house } = session
	// The directory may know an account before its first mail made it mailboxes.
	if (!house.reader.hasAccount(account.id)) await house.write([{ do: 'account.create', account: account.id }])
	session.signedIn(account)
	session.log.info({ account: account.id }, 'signed in')
	return ok(`welcome, ${account.address}`, `CAPABILITY ${capabilities(session)}`)
}

async function walkHome(session: Session, tag: string, account: Account): Promise<null> {
	const { house, socket, guest } = session
	session.log.info({ account: account.id, home: account.home }, 'walks home')
	const pending = session.giveAway()
	await walk(house, {
		protocol: 'imap',
		account,
		client: guest.address,
		socket: socket as Socket,
		tag,
		pending,
	})
	return null
}
