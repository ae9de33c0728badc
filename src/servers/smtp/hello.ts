import { type Command, Refused, reply } from '../../wire/index.ts'
import { announcedTo } from '../sign-in.ts'
import { MOST_MESSAGES } from './mail.ts'
import type { Session } from './session.ts'

/** EHLO, HELO (RFC 5321 section 4.1.1.1) and LHLO (RFC 2033 section 4.1): who is there, and what we can do. */
export function hello(session: Session, { verb, domain }: Extract<Command, { domain: string }>): void {
	const { client, house } = session
	if ((verb === 'LHLO') !== (client.protocol === 'lmtp')) {
		throw new Refused(reply(500, '5.5.1', client.protocol === 'lmtp' ? 'Say LHLO here' : 'Say EHLO here'))
	}
	session.reset()
	client.helo = domain
	client.extended = verb !== 'HELO'
	const lines = verb === 'HELO' ? [house.hostname] : [house.hostname, ...extensions(session)]
	session.say(reply(250, null, ...lines))
}

function extensions(session: Session): string[] {
	const { client, house } = session
	const { maxSize, maxRecipients, maxHoldSeconds } = house.receiver
	const lines = [
		'PIPELINING',
		`SIZE ${maxSize}`,
		'8BITMIME',
		'SMTPUTF8',
		'CHUNKING',
		'ENHANCEDSTATUSCODES',
		'DSN',
		'DELIVERBY',
	]
	// What a mail program submits so is encoded at once; our own nodes pass on what they have. Strangers encode it themselves.
	if (client.protocol !== 'smtp') lines.push('BINARYMIME')
	if (client.protocol === 'submission') {
		const latest = new Date(Date.now() + maxHoldSeconds * 1000).toISOString().replace(/\.\d+/, '')
		lines.push(`FUTURERELEASE ${maxHoldSeconds} ${latest}`)
	}
	if (client.protocol !== 'smtp') lines.push('MT-PRIORITY')
	if (client.tls) lines.push('REQUIRETLS')
	// Between our nodes a connection stays as long as there is mail.
	lines.push(
		`LIMITS ${client.protocol === 'lmtp' ? '' : `MAILMAX=${MOST_MESSAGES} `}RCPTMAX=${maxRecipients}`,
	)
	if (session.mayStartTls) lines.push('STARTTLS')
	if (session.mayAuthenticate && !client.account) {
		lines.push(`AUTH ${announcedTo(session.comer).join(' ')}`)
	}
	return lines
}
