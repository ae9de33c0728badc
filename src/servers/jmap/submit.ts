import type { Client, Taken, Transaction } from '../../delivery/index.ts'
import { newId } from '../../kit/index.ts'
import type { Op } from '../../store/index.ts'
import { encodeXtext, jmap, LineEnds, parseCommand, Refused } from '../../wire/index.ts'
import type { Call } from './call.ts'

/** Mail that leaves by JMAP goes the way of mail that leaves by SMTP: through the receiver. */

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
	if (sender) {
		const type = sender.code === 552 ? 'tooLarge' : 'forbiddenMailFrom'
		throw new jmap.RecordRefused({
			type,
			description: sender.lines.join(' '),
			...(type === 'tooLarge' ? { maxSize: receiver.maxSize } : null),
		})
	}
	const refused = transaction.recipients.filter(
		one => receiver.judgeRecipient(client, transaction, one) !== null,
	)
	if (refused.length > 0)
		throw new jmap.RecordRefused({
			type: 'invalidRecipients',
			invalidRecipients: refused.map(one => one.address),
		})
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
	if (reply!.code >= 500) throw new jmap.RecordRefused({ type: 'forbiddenToSend', description: text })
	if (reply!.code >= 400) throw new Error(text)
	return text
}
