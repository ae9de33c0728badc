import type { Client, Taken, Transaction } from '../../delivery/index.ts'
import { newId } from '../../kit/index.ts'
import type { Op } from '../../store/index.ts'
import { encodeXtext, jmap, LineEnds, parseCommand, Refused, type Reply } from '../../wire/index.ts'
import type { Call } from './call.ts'

/** Mail that leaves by JMAP goes the way of mail that leaves by SMTP: through the receiver. */

const { RecordRefused } = jmap
type RecordRefused = jmap.RecordRefused

/** RFC 3463. */
const TOO_LARGE = '5.3.4'
const WRONG_PARAMETER = '5.5.4'
const TOO_MANY = '5.5.3'
const FORBIDDEN = '5.7.1'

export type Envelope = {
	mailFrom: EnvelopeAddress
	rcptTo: EnvelopeAddress[]
}
export type EnvelopeAddress = { email: string; parameters: Record<string, string | null> | null }

export function clientOf({ account, client }: Call): Client {
	return {
		id: newId(),
		protocol: 'submission',
		address: client,
		helo: 'jmap',
		extended: true,
		tls: true,
		account: { id: account.id, address: account.address },
		node: null,
	}
}

/** Is that one's own address? */
export function mayWriteAs(call: Call, address: string): boolean {
	return call.house.receiver.mayWriteAs(clientOf(call), address)
}

const NOTHING: Transaction = {
	reversePath: '',
	size: null,
	body: '8BITMIME',
	smtputf8: false,
	ret: null,
	envelopeId: null,
	holdFor: null,
	holdUntil: null,
	by: null,
	priority: 0,
	requireTls: false,
	handOver: null,
	recipients: [],
}

/** The envelope as SMTP would have it. @throws RecordRefused */
export function transactionOf({ mailFrom, rcptTo }: Envelope, size: number): Transaction {
	const mail = parsed(`MAIL FROM:<${mailFrom.email}>${parametersOf(mailFrom)}`, 'mailFrom')
	if (mail.verb !== 'MAIL' || mail.handOver !== null || mail.body === 'BINARYMIME')
		throw jmap.invalidProperties(['envelope'], 'a parameter is not known')
	const recipients = rcptTo.map(one => {
		const rcpt = parsed(`RCPT TO:<${one.email}>${parametersOf(one)}`, 'rcptTo')
		if (rcpt.verb !== 'RCPT') throw jmap.invalidProperties(['envelope'], 'this is no recipient')
		const { forwardPath: address, notify, originalRecipient } = rcpt
		return { address, notify, originalRecipient }
	})
	const { verb: _, auth: __, body: ___, ...rest } = mail
	const beyond = /[^\x00-\x7f]/.test(mailFrom.email + rcptTo.map(one => one.email).join())
	return {
		...NOTHING,
		...rest,
		size,
		priority: mail.priority ?? 0,
		smtputf8: mail.smtputf8 || beyond,
		recipients,
	}
}

/** Parameters whose values JSON has plain, and SMTP as xtext; ORCPT has the type of the address before it. */
export const XTEXT = new Map<string, (value: string) => string>([
	['ENVID', encodeXtext],
	['ORCPT', value => value.replace(/^([^;]*;)?(.*)$/s, (_, type = '', text) => type + encodeXtext(text))],
])

function parametersOf({ parameters }: EnvelopeAddress): string {
	const all = Object.entries(parameters ?? {}).map(([name, value]) =>
		value === null ? ` ${name}` : ` ${name}=${XTEXT.get(name.toUpperCase())?.(value) ?? value}`,
	)
	return all.join('')
}

function parsed(line: string, property: string) {
	try {
		return parseCommand(Buffer.from(line))
	} catch (error) {
		if (!(error instanceof Refused)) throw error
		throw jmap.invalidProperties([`envelope/${property}`], error.reply.lines.join(' '))
	}
}

/** Gives a message to its way. @throws RecordRefused */
export async function submit(
	call: Call,
	transaction: Transaction,
	octets: AsyncIterable<Buffer>,
	also: (taken: Taken) => Op[],
): Promise<string> {
	const { receiver } = call.house
	const client = clientOf(call)
	const sender = receiver.judgeSender(client, { ...transaction, recipients: [] })
	if (sender) throw refused(call, sender, 'forbiddenMailFrom')
	const wrong = transaction.recipients.flatMap(one => {
		const answer = receiver.judgeRecipient(client, transaction, one)
		return answer ? [{ address: one.address, answer }] : []
	})
	if (wrong.length > 0) throw recipientsRefused(call, wrong)
	const incoming = receiver.open(client, transaction)
	try {
		// As with SMTP: what is sent, and signed, has lines that end in CRLF, whatever was uploaded.
		const ends = new LineEnds()
		for await (const piece of octets) await incoming.write(ends.write(piece))
		await incoming.write(ends.end())
	} catch (error) {
		incoming.abort()
		throw error
	}
	const [reply] = await incoming.end(also)
	const text = `${reply!.code} ${reply!.lines.join(' ')}`
	if (reply!.code >= 500) throw refused(call, reply!, 'forbiddenToSend')
	if (reply!.code >= 400) throw new Error(text)
	return text
}

/** The whole message; its reason in the words of RFC 8621 section 7.5. @param otherwise when it is no limit that it is beyond */
function refused(
	call: Call,
	{ enhanced, lines }: Reply,
	otherwise: 'forbiddenMailFrom' | 'forbiddenToSend',
): RecordRefused {
	const description = lines.join(' ')
	if (enhanced === TOO_LARGE) {
		const { maxSize } = call.house.receiver.limitsOf(clientOf(call))
		return new RecordRefused({ type: 'tooLarge', maxSize, description })
	}
	if (enhanced === WRONG_PARAMETER) return jmap.invalidProperties(['envelope/mailFrom'], description)
	return new RecordRefused({ type: otherwise, description })
}

/**
 * Some of its recipients. Those to whom nobody can write come before those to whom this person may not, and how many they
 * are comes last: who takes them out hears of what is left.
 */
function recipientsRefused(call: Call, wrong: { address: string; answer: Reply }[]): RecordRefused {
	const of = (enhanced: string) => wrong.filter(({ answer }) => answer.enhanced === enhanced)
	const [forbidden, tooMany] = [of(FORBIDDEN), of(TOO_MANY)]
	const invalid = wrong.filter(each => !forbidden.includes(each) && !tooMany.includes(each))
	const [named] = [invalid, forbidden, tooMany].filter(some => some.length > 0) as [typeof wrong]
	const description = named[0]!.answer.lines.join(' ')
	const addresses = named.map(({ address }) => address)
	if (named === invalid)
		return new RecordRefused({ type: 'invalidRecipients', invalidRecipients: addresses, description })
	// The RFC has it say nothing of recipients; a client that knows the property can name them.
	if (named === forbidden)
		return new RecordRefused({ type: 'forbiddenToSend', forbiddenRecipients: addresses, description })
	const { maxRecipients } = call.house.receiver.limitsOf(clientOf(call))
	return new RecordRefused({ type: 'tooManyRecipients', maxRecipients, description })
}
