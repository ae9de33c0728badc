import { decodeBase64, type imap } from '../../../wire/index.ts'
import { Exchange } from '../../sign-in.ts'
import { mechanisms } from '../capability.ts'
import { bad, type Done, no } from '../done.ts'
import type { Session } from '../session.ts'
import { signedIn } from '../sign-in.ts'

/** RFC 9051 section 6.2.2, with the initial response of RFC 4959. */
export async function authenticate(
	session: Session,
	{ tag, mechanism, initial }: imap.CommandOf<'AUTHENTICATE'>,
): Promise<Done | null> {
	if (!mechanisms(session).includes(mechanism)) {
		const needsTls = !session.secure && mechanism !== 'EXTERNAL'
		return needsTls ? no('please use TLS first', 'PRIVACYREQUIRED') : no('that mechanism is not offered')
	}
	const exchange = new Exchange(session.comer)
	const first = initial === null ? null : decodeBase64(initial === '=' ? '' : initial)
	if (first === null && initial !== null) return bad('the initial response is no base64')
	let outcome = await exchange.start(mechanism, first)
	while (outcome.is === 'challenge') {
		session.out.text(`+ ${outcome.challenge.toString('base64')}\r\n`)
		session.out.flush()
		const line = await session.input.line()
		if (line === '*') return bad('AUTHENTICATE was broken off')
		const response = decodeBase64(line)
		if (!response) return bad('the response is no base64')
		outcome = await exchange.next(response)
	}
	return signedIn(session, tag, outcome)
}
