import type { SignIn } from '../../directory/index.ts'
import { type Command, decodeBase64, Refused, reply, SaslServer, type SaslStep } from '../../wire/index.ts'
import type { Session } from './session.ts'

const MOST_FAILURES = 3

/** AUTH (RFC 4954), PLAIN and LOGIN. */
export function auth(session: Session, command: Extract<Command, { verb: 'AUTH' }>): void | Promise<void> {
	const { client } = session
	if (client.protocol === 'lmtp') throw new Refused(reply(502, '5.5.1', 'There is no AUTH here'))
	if (client.helo === '') throw new Refused(reply(503, '5.5.1', 'Say EHLO first'))
	if (client.account) throw new Refused(reply(503, '5.5.1', 'You are signed in already'))
	if (session.transaction) throw new Refused(reply(503, '5.5.1', 'AUTH comes before MAIL'))
	if (!session.mayAuthenticate) throw new Refused(reply(538, '5.7.11', 'Use STARTTLS first'))
	if (command.mechanism !== 'PLAIN' && command.mechanism !== 'LOGIN') {
		throw new Refused(reply(504, '5.5.4', 'Use PLAIN or LOGIN'))
	}
	const sasl = new SaslServer(['PLAIN', 'LOGIN'])
	return go(session, sasl, sasl.start(command.mechanism, command.initial))
}

function go(session: Session, sasl: SaslServer, step: SaslStep): void | Promise<void> {
	switch (step.is) {
		case 'challenge':
			session.say(reply(334, null, step.challenge.toString('base64')))
			session.answer = line => {
				session.answer = null
				return answered(session, sasl, line.toString('latin1'))
			}
			return
		case 'password':
			return check(session, step)
		default:
			throw new Refused(reply(501, '5.5.2', 'This is no answer your mechanism knows'))
	}
}

function answered(session: Session, sasl: SaslServer, line: string): void | Promise<void> {
	if (line === '*') throw new Refused(reply(501, '5.7.0', 'Sign-in given up'))
	const response = decodeBase64(line)
	if (!response) throw new Refused(reply(501, '5.5.2', 'This is not base64'))
	return go(session, sasl, sasl.next(response))
}

async function check(session: Session, step: Extract<SaslStep, { is: 'password' }>): Promise<void> {
	const { house, client } = session
	const { login, password, authzid } = step
	// Nobody acts for others here.
	if (authzid !== '' && authzid.toLowerCase() !== login.toLowerCase()) return wrong(session, 'wrong')
	let signIn: Awaited<ReturnType<typeof house.authenticate>>
	try {
		signIn = await house.authenticate(login, password, client.address)
	} catch (error) {
		session.fault(error)
		return void session.say(reply(454, '4.7.0', 'This server cannot check passwords now; try again later'))
	}
	if (!signIn.ok) return wrong(session, signIn.why)
	client.account = { id: signIn.account.id, address: signIn.account.address }
	session.say(reply(235, '2.7.0', 'Signed in'))
}

function wrong(session: Session, why: Extract<SignIn, { ok: false }>['why']): void {
	session.say(
		why === 'disabled'
			? reply(535, '5.7.13', 'This account is disabled; ask your administrator')
			: reply(535, '5.7.8', 'Name or password is wrong'),
	)
	if (++session.authFailures >= MOST_FAILURES) {
		session.hangUp(reply(421, '4.7.0', 'Too many failed sign-ins; check the password, then connect again'))
	}
}
