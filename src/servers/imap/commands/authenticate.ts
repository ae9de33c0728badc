import { type imap, SaslServer, type SaslStep } from '../../../wire/index.ts'
import { mechanisms } from '../capability.ts'
import { bad, type Done, no } from '../done.ts'
import type { Session } from '../session.ts'
import { signIn, signInExternal } from '../sign-in.ts'

/** RFC 9051 section 6.2.2, with the initial response of RFC 4959. */
export async function authenticate(
	session: Session,
	{ tag, mechanism, initial }: imap.CommandOf<'AUTHENTICATE'>,
): Promise<Done | null> {
	const allowed = mechanisms(session)
	if (!allowed.includes(mechanism)) {
		const needsTls = !session.secure && (mechanism === 'PLAIN' || mechanism === 'LOGIN')
		return needsTls ? no('please use TLS first', 'PRIVACYREQUIRED') : no('that mechanism is not offered')
	}
	const sasl = new SaslServer(allowed)
	const first = initial === null ? null : fromBase64(initial === '=' ? '' : initial)
	if (first === null && initial !== null) return bad('the initial response is no base64')
	let step: SaslStep = sasl.start(mechanism, first)
	while (step.is === 'challenge') {
		session.out.text(`+ ${step.challenge.toString('base64')}\r\n`)
		session.out.flush()
		const line = await session.input.line()
		if (line === '*') return bad('AUTHENTICATE was broken off')
		const response = fromBase64(line)
		if (!response) return bad('the response is no base64')
		step = sasl.next(response)
	}
	switch (step.is) {
		case 'refused':
			return no(step.why, 'AUTHENTICATIONFAILED')
		case 'external':
			return signInExternal(session, step.authzid)
		case 'password':
			if (step.authzid !== '' && step.authzid.toLowerCase() !== step.login.toLowerCase()) {
				return no('nobody acts for somebody else here', 'AUTHORIZATIONFAILED')
			}
			return signIn(session, tag, step)
	}
}

function fromBase64(text: string): Buffer | null {
	return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : null
}
