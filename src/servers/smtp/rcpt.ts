import type { Recipient } from '../../delivery/index.ts'
import { type Command, Refused, reply } from '../../wire/index.ts'
import { needsUtf8 } from './mail.ts'
import type { Session } from './session.ts'

const OK = reply(250, '2.1.5', 'Ok')
// A stranger who guesses names hears no more after so many wrong ones.
const MOST_REFUSED = 100

/** RCPT TO: one recipient more (RFC 5321 section 4.1.1.3). */
export function rcpt(session: Session, command: Extract<Command, { verb: 'RCPT' }>): void {
	const { transaction, client, house } = session
	if (!transaction) throw new Refused(reply(503, '5.5.1', 'Say MAIL FROM first'))
	if (transaction.recipients.length >= house.receiver.maxRecipients) {
		return void session.say(reply(452, '4.5.3', 'Too many recipients; send the rest in another message'))
	}
	if (!transaction.smtputf8 && /[^\x00-\x7f]/.test(command.forwardPath)) throw needsUtf8()
	const recipient: Recipient = {
		address: command.forwardPath,
		notify: command.notify,
		originalRecipient: command.originalRecipient,
	}
	const refusal = house.receiver.judgeRecipient(client, transaction, recipient)
	if (!refusal) {
		transaction.recipients.push(recipient)
		return void session.say(OK)
	}
	if (!client.account && !client.node && ++session.refusedRecipients > MOST_REFUSED) {
		return void session.hangUp(reply(421, '4.7.0', 'Too many wrong recipients'))
	}
	session.say(refusal)
}
