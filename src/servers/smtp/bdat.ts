import { Unbinary } from '../../message/index.ts'
import { type Command, LineEnds, Refused, type Reply, reply } from '../../wire/index.ts'
import { readyTransaction } from './data.ts'
import type { Input } from './input.ts'
import type { Session } from './session.ts'
import { Transfer } from './transfer.ts'

/** What becomes of the octets of a message that comes in several chunks: a CR may be in one and its LF in the next. */
type Mended = { write(octets: Buffer): Buffer; end(): Buffer }
const mended = new WeakMap<Transfer, Mended>()

/** BDAT: exactly `size` octets follow, whatever they are (RFC 3030 section 2). */
export function bdat(session: Session, command: Extract<Command, { verb: 'BDAT' }>): void | Promise<void> {
	let transfer: Transfer
	try {
		transfer = session.transfer ?? begin(session)
	} catch (error) {
		// The octets are on their way: they must not be taken for commands.
		const refusal = error instanceof Refused ? error.reply : session.fault(error)
		return letGo(session, command, refusal)
	}
	let left = command.size
	const mends = mended.get(transfer)
	const step = (input: Input): void | Promise<void> => {
		const octets = input.take(left)!
		left -= octets.length
		const wait = transfer.write(mends ? mends.write(octets) : octets)
		if (left > 0) return wait
		if (wait) return wait.then(() => chunkDone(session, transfer, command))
		return chunkDone(session, transfer, command)
	}
	if (left === 0) return chunkDone(session, transfer, command)
	session.reading = step
}

function begin(session: Session): Transfer {
	const transaction = readyTransaction(session)
	const transfer = new Transfer(session, transaction)
	// From a stranger a bare CR or LF may be meant to be read as a line end by somebody else; our nodes pass on exactly what they have.
	if (session.client.protocol !== 'lmtp')
		mended.set(transfer, transaction.body === 'BINARYMIME' ? new Encoded() : new LineEnds())
	return transfer
}

/** RFC 3030 section 3, BINARYMIME: as every server and every mail program can take it. */
class Encoded implements Mended {
	#unbinary = new Unbinary()
	#ends = new LineEnds()

	write(octets: Buffer): Buffer {
		return this.#ends.write(this.#unbinary.write(octets))
	}

	end(): Buffer {
		return Buffer.concat([this.#ends.write(this.#unbinary.end()), this.#ends.end()])
	}
}

function chunkDone(
	session: Session,
	transfer: Transfer,
	{ size, last }: { size: number; last: boolean },
): void | Promise<void> {
	session.reading = null
	if (last) {
		const missing = mended.get(transfer)?.end()
		const wait = missing && transfer.write(missing)
		if (wait) return wait.then(() => transfer.end())
		return transfer.end()
	}
	if (!transfer.refusal) return void session.say(reply(250, '2.0.0', `${size} octets received`))
	// After a refused chunk the message has failed (RFC 3030 section 2).
	session.say(transfer.refusal)
	session.reset()
}

/** With its last chunk a message is over, taken or not: what comes behind it in one go is another one. */
function letGo(session: Session, { size, last }: { size: number; last: boolean }, refusal: Reply): void {
	let left = size
	const over = () => {
		session.say(refusal)
		if (last) session.reset()
	}
	if (left === 0) return void over()
	if (left > 3 * session.house.receiver.maxSize) return void session.hangUp(refusal)
	session.reading = input => {
		left -= input.take(left)!.length
		if (left > 0) return
		session.reading = null
		over()
	}
}
