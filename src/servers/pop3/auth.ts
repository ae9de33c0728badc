import type { Account, SignIn } from '../../directory/index.ts'
import { decodeBase64, pop3, SaslServer, type SaslStep } from '../../wire/index.ts'
import { mechanismsOf } from './capa.ts'
import { Maildrop } from './maildrop.ts'
import type { Session } from './session.ts'

const MOST_FAILURES = 3
const NO_PASSWORDS = 'Passwords are taken under TLS only; use STLS first'

/** RFC 1939 section 7. Whether the name is known is not told. */
export function user(session: Session, { name }: { name: string }): void {
	if (!session.mayUsePassword) throw new pop3.BadCommand(NO_PASSWORDS)
	session.user = name
	session.ok('Now the password')
}

export function pass(session: Session, { password }: { password: string }): Promise<void> {
	const login = session.user
	if (login === null) throw new pop3.BadCommand('Say USER first')
	session.user = null
	return check(session, login, password)
}

/** RFC 5034. */
export function auth(
	session: Session,
	command: Extract<pop3.Command, { verb: 'AUTH' }>,
): void | Promise<void> {
	const mechanisms = mechanismsOf(session)
	// QUIRK: Outlook asks with a bare AUTH for the list.
	if (command.mechanism === null)
		return void session.write(`+OK\r\n${mechanisms.map(name => `${name}\r\n`).join('')}.\r\n`)
	if (mechanisms.length === 0) throw new pop3.BadCommand(NO_PASSWORDS)
	const sasl = new SaslServer(mechanisms)
	return go(session, sasl, sasl.start(command.mechanism, command.initial))
}

function go(session: Session, sasl: SaslServer, step: SaslStep): void | Promise<void> {
	switch (step.is) {
		case 'challenge':
			session.write(`+ ${step.challenge.toString('base64')}\r\n`)
			session.answer = line => {
				session.answer = null
				return answered(session, sasl, line.toString('latin1'))
			}
			return
		case 'password':
			// Nobody acts for others here.
			if (step.authzid !== '' && step.authzid.toLowerCase() !== step.login.toLowerCase())
				return wrong(session)
			return check(session, step.login, step.password)
		case 'external':
			return external(session, step.authzid)
		case 'refused':
			throw new pop3.BadCommand(`Cannot sign in so: ${step.why}`)
	}
}

function answered(session: Session, sasl: SaslServer, line: string): void | Promise<void> {
	if (line === '*') throw new pop3.BadCommand('Sign-in given up')
	const response = decodeBase64(line)
	if (!response) throw new pop3.BadCommand('This is not base64')
	return go(session, sasl, sasl.next(response))
}

async function check(session: Session, login: string, password: string): Promise<void> {
	const { house, client } = session
	const signIn = await house.authenticate(login, password, client)
	if (!signIn.ok) return wrong(session, signIn.why)
	if (signIn.account.home !== house.self) return session.walkHome(signIn.account)
	enter(session, signIn.account)
}

/** A node of ours says whom it has let in. */
function external(session: Session, authzid: string): void {
	const { house, node } = session
	const account = house.accountOf(authzid)
	if (!account || account.disabled) return void wrong(session)
	if (account.home !== house.self) {
		// It has moved; the other node's directory will know in a moment.
		house.log.warn({ account: account.id, node }, 'walked here, but the account lives elsewhere')
		return void session.err('This account is moving; try again later', 'SYS/TEMP')
	}
	enter(session, account)
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

function wrong(session: Session, why: Extract<SignIn, { ok: false }>['why'] = 'wrong'): void {
	session.err(
		why === 'disabled' ? 'This account is disabled; ask your administrator' : 'Name or password is wrong',
		'AUTH',
	)
	if (++session.authFailures >= MOST_FAILURES) session.hangUp()
}
