import { type Command, decodeBase64, Refused, type Reply, reply } from '../../wire/index.ts'
import {
	announcedTo,
	Exchange,
	MOST_FAILURES,
	mechanismsFor,
	type Outcome,
	type WhyNot,
	wordsFor,
} from '../sign-in.ts'
import type { Session } from './session.ts'

/** AUTH (RFC 4954). */
export function auth(session: Session, command: Extract<Command, { verb: 'AUTH' }>): void | Promise<void> {
	const { client } = session
	if (client.protocol === 'lmtp') throw new Refused(reply(502, '5.5.1', 'There is no AUTH here'))
	if (client.helo === '') throw new Refused(reply(503, '5.5.1', 'Say EHLO first'))
	if (client.account) throw new Refused(reply(503, '5.5.1', 'You are signed in already'))
	if (session.transaction) throw new Refused(reply(503, '5.5.1', 'AUTH comes before MAIL'))
	if (!session.mayAuthenticate) throw new Refused(reply(538, '5.7.11', 'Use STARTTLS first'))
	const mechanisms = mechanismsFor(session.comer)
	if (!mechanisms.includes(command.mechanism)) {
		throw new Refused(reply(504, '5.5.4', `Use one of ${announcedTo(session.comer).join(' ')}`))
	}
	const exchange = new Exchange(session.comer)
	return go(session, exchange, () => exchange.start(command.mechanism, command.initial))
}

async function go(session: Session, exchange: Exchange, step: () => Promise<Outcome>): Promise<void> {
	let outcome: Outcome
	try {
		outcome = await step()
	} catch (error) {
		session.fault(error)
		return void session.say(reply(454, '4.7.0', 'This server cannot check passwords now; try again later'))
	}
	switch (outcome.is) {
		case 'challenge':
			session.say(reply(334, null, outcome.challenge.toString('base64')))
			session.answer = line => {
				session.answer = null
				return answered(session, exchange, line.toString('latin1'))
			}
			return
		case 'malformed':
			throw new Refused(reply(501, '5.5.2', `Cannot sign in so: ${outcome.why}`))
		case 'not-in':
			session.say(REFUSALS[outcome.why])
			if (++session.authFailures < MOST_FAILURES) return
			return void session.hangUp(
				reply(421, '4.7.0', 'Too many failed sign-ins; check the password, then connect again'),
			)
		case 'in': {
			const { id, address } = outcome.account
			session.client.account = { id, address }
			session.say(reply(235, '2.7.0', 'Signed in'))
		}
	}
}

function answered(session: Session, exchange: Exchange, line: string): Promise<void> {
	if (line === '*') throw new Refused(reply(501, '5.7.0', 'Sign-in given up'))
	const response = decodeBase64(line)
	if (!response) throw new Refused(reply(501, '5.5.2', 'This is not base64'))
	return go(session, exchange, () => exchange.next(response))
}

const REFUSALS: Record<WhyNot, Reply> = {
	wrong: reply(535, '5.7.8', wordsFor('wrong')),
	code: reply(535, '5.7.8', wordsFor('code')),
	disabled: reply(535, '5.7.13', wordsFor('disabled')),
	'app-password': reply(534, '5.7.9', wordsFor('app-password')),
	'not-now': reply(454, '4.7.0', wordsFor('not-now')),
	acting: reply(535, '5.7.8', wordsFor('acting')),
}
