import type { Transaction } from '../../delivery/index.ts'
import { type Command, Refused, reply } from '../../wire/index.ts'
import type { Session } from './session.ts'
import { tooLarge } from './transfer.ts'

/** Messages of one connection; what LIMITS MAILMAX announces. */
export const MOST_MESSAGES = 10_000

/** MAIL FROM: a transaction begins (RFC 5321 section 4.1.1.2). */
export function mail(session: Session, command: Extract<Command, { verb: 'MAIL' }>): void {
	const { client, house } = session
	const { receiver } = house
	if (client.helo === '') {
		throw new Refused(reply(503, '5.5.1', client.protocol === 'lmtp' ? 'Say LHLO first' : 'Say EHLO first'))
	}
	if (client.protocol === 'submission' && !client.account) {
		throw new Refused(
			reply(530, '5.7.0', session.mayAuthenticate ? 'Sign in first (AUTH)' : 'Use STARTTLS, then sign in'),
		)
	}
	if (session.transaction)
		throw new Refused(reply(503, '5.5.1', 'A message is under way; finish it or say RSET'))
	if (command.handOver !== null && client.node === null) {
		throw new Refused(reply(555, '5.5.4', 'Parameter not known here'))
	}
	if (command.body === 'BINARYMIME' && client.protocol === 'smtp') {
		throw new Refused(reply(555, '5.5.4', 'BINARYMIME is not offered here; use BASE64'))
	}
	// RFC 4865 is for those who submit; a stranger's word on priority (RFC 6710 section 4.1) counts for nothing.
	const holds = command.holdFor !== null || command.holdUntil !== null
	if (
		(holds && client.protocol !== 'submission') ||
		(command.priority !== null && client.protocol === 'smtp')
	) {
		throw new Refused(reply(555, '5.5.4', 'Parameter not known here'))
	}
	if (command.requireTls && !client.tls)
		throw new Refused(reply(530, '5.7.10', 'REQUIRETLS needs TLS here too'))
	if (!command.smtputf8 && /[^\x00-\x7f]/.test(command.reversePath)) throw needsUtf8()
	if (command.size !== null && command.size > receiver.maxSize) throw new Refused(tooLarge(receiver.maxSize))
	if (client.node === null && session.messages >= MOST_MESSAGES) {
		return void session.hangUp(reply(421, '4.7.0', 'Enough for one connection; connect again for more'))
	}

	const transaction: Transaction = {
		reversePath: command.reversePath,
		size: command.size,
		body: command.body ?? '7BIT',
		smtputf8: command.smtputf8,
		ret: command.ret,
		envelopeId: command.envelopeId,
		holdFor: command.holdFor,
		holdUntil: command.holdUntil,
		by: command.by,
		priority: command.priority ?? 0,
		requireTls: command.requireTls,
		handOver: command.handOver,
		recipients: [],
	}
	const refusal = receiver.judgeSender(client, transaction)
	if (refusal) return void session.say(refusal)
	session.transaction = transaction
	session.say(OK)
}

const OK = reply(250, '2.1.0', 'Ok')

/** RFC 6531 section 3.5. */
export function needsUtf8(): Refused {
	return new Refused(reply(553, '5.6.7', 'An address beyond ASCII needs SMTPUTF8 in MAIL FROM'))
}
