import type { Account } from '../../directory/index.ts'
import { decodeBase64, pop3 } from '../../wire/index.ts'
import {
	Exchange,
	MOST_FAILURES,
	mechanismsFor,
	type Outcome,
	type Settled,
	signIn,
	wordsFor,
} from '../sign-in.ts'
import { Maildrop } from './maildrop.ts'
import type { Session } from './session.ts'

const NO_PASSWORDS = 'Passwords are taken under TLS only; use STLS first'

/** RFC 1939 section 7. Whether the name is known is not told. */
export function user(session: Session, { name }: { name: string }): void {
	if (!session.mayUsePassword) throw new pop3.BadCommand(NO_PASSWORDS)
	session.user = name
	session.ok('Now the password')
}

export async function pass(session: Session, { password }: { password: string }): Promise<void> {
	const login = session.user
	if (login === null) throw new pop3.BadCommand('Say USER first')
	session.user = null
	return settle(session, await signIn(session.comer, login, password))
}

/** RFC 5034. */
export function auth(
	session: Session,
	command: Extract<pop3.Command, { verb: 'AUTH' }>,
): void | Promise<void> {
	const mechanisms = mechanismsFor(session.comer)
	// QUIRK: Outlook asks with a bare AUTH for the list.
	if (command.mechanism === null)
		return void session.write(`+OK\r\n${mechanisms.map(name => `${name}\r\n`).join('')}.\r\n`)
	if (mechanisms.length === 0) throw new pop3.BadCommand(NO_PASSWORDS)
	const exchange = new Exchange(session.comer)
	return go(session, exchange, exchange.start(command.mechanism, command.initial))
}

async function go(session: Session, exchange: Exchange, under: Promise<Outcome>): Promise<void> {
	const outcome = await under
	if (outcome.is !== 'challenge') return settle(session, outcome)
	session.write(`+ ${outcome.challenge.toString('base64')}\r\n`)
	session.answer = line => {
		session.answer = null
		return answered(session, exchange, line.toString('latin1'))
	}
}

function answered(session: Session, exchange: Exchange, line: string): Promise<void> {
	if (line === '*') throw new pop3.BadCommand('Sign-in given up')
	const response = decodeBase64(line)
	if (!response) throw new pop3.BadCommand('This is not base64')
	return go(session, exchange, exchange.next(response))
}

async function settle(session: Session, outcome: Settled): Promise<void> {
	if (outcome.is === 'malformed') throw new pop3.BadCommand(`Cannot sign in so: ${outcome.why}`)
	if (outcome.is === 'not-in') {
		session.err(wordsFor(outcome.why), outcome.why === 'not-now' ? 'SYS/TEMP' : 'AUTH')
		if (++session.authFailures >= MOST_FAILURES) session.hangUp()
		return
	}
	const { house, node } = session
	const { account } = outcome
	if (account.home === house.self) return enter(session, account)
	if (node === null) return session.walkHome(account)
	// It has moved; the other node's directory will know in a moment.
	house.log.warn({ account: account.id, node }, 'walked here, but the account lives elsewhere')
	session.err('This account is moving; try again later', 'SYS/TEMP')
}

function enter(session: Session, account: Account): void {
	if (session.gone) return
	const maildrop = Maildrop.open(session.house, account.id)
	if (!maildrop)
		return void session.err('Another program is reading this mail by POP3; wait until it is done', 'IN-USE')
	session.maildrop = maildrop
	const { messages, size } = maildrop.totals()
	session.ok(`${messages} messages (${size} octets)`)
}
