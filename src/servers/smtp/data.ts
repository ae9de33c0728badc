import type { Transaction } from '../../delivery/index.ts'
import { type Command, DataDecoder, Refused, reply } from '../../wire/index.ts'
import type { Input } from './input.ts'
import type { Session } from './session.ts'
import { Transfer } from './transfer.ts'

const GO_ON = reply(354, null, 'Send the message; end it with a line of one dot')
const MOST_AT_ONCE = 64 * 1024

/** DATA: the message follows, up to CRLF.CRLF (RFC 5321 section 4.1.1.4). */
export function data(session: Session, _command: Command): void {
	const transaction = readyTransaction(session)
	if (transaction.body === 'BINARYMIME') throw new Refused(reply(503, '5.5.1', 'BINARYMIME needs BDAT')) // RFC 3030 section 3
	const transfer = new Transfer(session, transaction)
	const decoder = new DataDecoder()
	session.say(GO_ON)
	session.reading = (input: Input) => {
		const chunk = input.take(MOST_AT_ONCE)!
		const content = decoder.decode(chunk)
		input.giveBack(chunk.length - decoder.used)
		const wait = transfer.write(content)
		if (!decoder.done) return wait
		session.reading = null
		if (wait) return wait.then(() => transfer.end())
		return transfer.end()
	}
}

/** The transaction when it has all a message needs. @throws Refused */
export function readyTransaction({ transaction }: Session): Transaction {
	if (!transaction) throw new Refused(reply(503, '5.5.1', 'Say MAIL FROM first'))
	if (transaction.recipients.length === 0)
		throw new Refused(reply(503, '5.5.1', 'There is no valid recipient'))
	return transaction
}
