import type { Socket } from 'node:net'
import type { Account } from '../../directory/index.ts'
import { MOST_FAILURES, type Settled, wordsFor } from '../sign-in.ts'
import { walk } from '../walk.ts'
import { capabilities } from './capability.ts'
import { type Done, no, ok } from './done.ts'
import type { Session } from './session.ts'

/** What a sign-in came to, for the command with that tag. */
export async function signedIn(session: Session, tag: string, outcome: Settled): Promise<Done | null> {
	const { house, guest } = session
	if (outcome.is === 'malformed') return no(outcome.why, 'AUTHENTICATIONFAILED')
	if (outcome.is === 'not-in') {
		if (++session.signInFailures >= MOST_FAILURES) {
			session.bye('too many failed sign-ins')
			return null
		}
		return no(wordsFor(outcome.why), CODES[outcome.why])
	}
	const { account, vouched } = outcome
	if (account.home === house.self) {
		// The node has vouched once: whoever speaks on this connection now is the client (and may UNAUTHENTICATE).
		if (vouched) guest.node = null
		return enter(session, account)
	}
	// What a node of ours brought here would walk in circles.
	if (session.walked) return no('this account does not live here', 'UNAVAILABLE')
	return walkHome(session, tag, account)
}

const CODES = {
	wrong: 'AUTHENTICATIONFAILED',
	code: 'AUTHENTICATIONFAILED',
	disabled: 'CONTACTADMIN',
	'app-password': 'AUTHENTICATIONFAILED',
	'not-now': 'UNAVAILABLE',
	acting: 'AUTHORIZATIONFAILED',
} as const

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
