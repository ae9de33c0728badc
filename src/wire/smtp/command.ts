import { isAscii, isUtf8 } from 'node:buffer'
import { mailParameters, recipientParameters } from './parameters.ts'
import { parsePath } from './path.ts'
import { Refused, reply } from './reply.ts'
import type { Command } from './types.ts'

const syntax = (hint: string) => new Refused(reply(501, '5.5.4', hint))

/** The text of a line of octets; commands are ASCII, or UTF-8 under RFC 6531. @throws Refused */
function lineText(line: Buffer): string {
	if (isAscii(line)) return line.toString('latin1')
	if (!isUtf8(line)) throw new Refused(reply(500, '5.5.2', 'The line is neither ASCII nor UTF-8'))
	return line.toString()
}

/** One command line without its CRLF (RFC 5321 section 4.1). @throws Refused */
export function parseCommand(line: Buffer): Command {
	const text = lineText(line)
	// A control character, a bare CR or LF among them, is in no command.
	if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) {
		throw new Refused(reply(500, '5.5.2', 'The line has control characters in it'))
	}
	const space = text.indexOf(' ')
	const verb = (space < 0 ? text : text.slice(0, space)).toUpperCase()
	const rest = space < 0 ? '' : text.slice(space + 1).trim()
	switch (verb) {
		case 'MAIL':
			return mail(text)
		case 'RCPT':
			return rcpt(text)
		case 'EHLO':
		case 'HELO':
		case 'LHLO':
			// The argument's form is not looked into: real clients send anything (RFC 5321 section 4.1.4 forbids to refuse for it).
			if (rest === '') throw syntax(`${verb} needs your host name`)
			return { verb, domain: rest }
		case 'BDAT':
			return bdat(rest)
		case 'AUTH':
			return auth(rest)
		case 'DATA':
		case 'RSET':
		case 'QUIT':
		case 'STARTTLS':
			if (rest !== '') throw syntax(`${verb} takes no argument`)
			return { verb }
		case 'NOOP':
		case 'HELP':
			return { verb, argument: rest }
		case 'VRFY':
		case 'EXPN':
			if (rest === '') throw syntax(`${verb} needs an argument`)
			return { verb, argument: rest }
		default:
			throw new Refused(reply(500, '5.5.2', 'Command not known; try HELP'))
	}
}

function mail(text: string): Command {
	if (!/^MAIL +FROM:/i.test(text)) throw syntax('Write MAIL FROM:<name@domain>')
	const { address, end } = parsePath(text, text.indexOf(':') + 1, 'sender')
	return { verb: 'MAIL', reversePath: address, ...mailParameters(text, end) }
}

function rcpt(text: string): Command {
	if (!/^RCPT +TO:/i.test(text)) throw syntax('Write RCPT TO:<name@domain>')
	const { address, end } = parsePath(text, text.indexOf(':') + 1, 'recipient')
	return { verb: 'RCPT', forwardPath: address, ...recipientParameters(text, end) }
}

/** RFC 3030 section 2. */
function bdat(rest: string): Command {
	const match = /^(\d{1,15})(?: +(LAST))?$/i.exec(rest)
	if (!match) throw syntax('Write BDAT size [LAST]')
	return { verb: 'BDAT', size: Number(match[1]), last: match[2] !== undefined }
}

/** RFC 4954 section 4: `=` stands for an empty initial response. */
function auth(rest: string): Command {
	const match = /^([A-Za-z0-9_-]{1,20})(?: +(\S+))?$/.exec(rest)
	if (!match) throw syntax('Write AUTH mechanism [initial response]')
	const mechanism = match[1]!.toUpperCase()
	if (match[2] === undefined) return { verb: 'AUTH', mechanism, initial: null }
	const initial = match[2] === '=' ? Buffer.alloc(0) : decodeBase64(match[2])
	if (!initial) throw new Refused(reply(501, '5.5.2', 'The initial response is not base64'))
	return { verb: 'AUTH', mechanism, initial }
}

/** Strict base64 (RFC 4648 section 4), null when it is none. */
export function decodeBase64(text: string): Buffer | null {
	if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null
	return Buffer.from(text, 'base64')
}

/** The line, without its CRLF, as a client says it. `parseCommand(formatCommand(x))` is x. */
export function formatCommand(command: Command): string {
	switch (command.verb) {
		case 'MAIL': {
			let out = `MAIL FROM:<${command.reversePath}>`
			if (command.size !== null) out += ` SIZE=${command.size}`
			if (command.body !== null) out += ` BODY=${command.body}`
			if (command.smtputf8) out += ' SMTPUTF8'
			if (command.ret !== null) out += ` RET=${command.ret}`
			if (command.envelopeId !== null) out += ` ENVID=${command.envelopeId}`
			if (command.auth !== null) out += ` AUTH=${command.auth}`
			if (command.holdFor !== null) out += ` HOLDFOR=${command.holdFor}`
			if (command.holdUntil !== null) {
				out += ` HOLDUNTIL=${new Date(command.holdUntil).toISOString().replace('.000Z', 'Z')}`
			}
			if (command.by !== null) {
				out += ` BY=${command.by.seconds};${command.by.mode}${command.by.trace ? 'T' : ''}`
			}
			if (command.priority !== null) out += ` MT-PRIORITY=${command.priority}`
			if (command.requireTls) out += ' REQUIRETLS'
			if (command.handOver !== null) out += ` XPANPIPE=${command.handOver}`
			return out
		}
		case 'RCPT': {
			let out = `RCPT TO:<${command.forwardPath}>`
			if (command.notify !== null) out += ` NOTIFY=${command.notify}`
			if (command.originalRecipient !== null) out += ` ORCPT=${command.originalRecipient}`
			return out
		}
		case 'EHLO':
		case 'HELO':
		case 'LHLO':
			return `${command.verb} ${command.domain}`
		case 'BDAT':
			return `BDAT ${command.size}${command.last ? ' LAST' : ''}`
		case 'AUTH': {
			const { mechanism, initial } = command
			return `AUTH ${mechanism}${initial === null ? '' : ` ${initial.toString('base64') || '='}`}`
		}
		case 'NOOP':
		case 'HELP':
		case 'VRFY':
		case 'EXPN':
			return command.argument === '' ? command.verb : `${command.verb} ${command.argument}`
		default:
			return command.verb
	}
}
