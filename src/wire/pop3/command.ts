import { isUtf8 } from 'node:buffer'
import { decodeBase64 } from '../smtp/command.ts'
import type { Command } from './types.ts'

/** The client broke the rules; the message says which, in words for people. */
export class BadCommand extends Error {}

/** One command line without its CRLF. @throws BadCommand */
export function parseCommand(line: Buffer): Command {
	if (!isUtf8(line)) throw new BadCommand('The line is not UTF-8')
	const text = line.toString()
	if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) throw new BadCommand('The line has control characters in it')
	const space = text.indexOf(' ')
	const verb = (space < 0 ? text : text.slice(0, space)).toUpperCase()
	const rest = space < 0 ? '' : text.slice(space + 1)
	switch (verb) {
		case 'USER':
			if (rest.trim() === '') throw new BadCommand('Write USER name')
			return { verb, name: rest.trim() }
		case 'PASS':
			if (rest === '') throw new BadCommand('Write PASS password')
			return { verb, password: rest }
		case 'AUTH':
			return auth(rest.trim())
		case 'LIST':
		case 'UIDL':
			return { verb, number: rest.trim() === '' ? null : number(rest.trim()) }
		case 'RETR':
		case 'DELE':
			return { verb, number: number(rest.trim()) }
		case 'TOP': {
			const match = /^(\d+) +(\d+)$/.exec(rest.trim())
			if (!match) throw new BadCommand('Write TOP number lines')
			return { verb, number: number(match[1]!), lines: number(match[2]!) }
		}
		case 'LANG':
			return { verb, tag: rest.trim() || null }
		case 'STAT':
		case 'NOOP':
		case 'RSET':
		case 'QUIT':
		case 'CAPA':
		case 'STLS':
		case 'UTF8':
			if (rest.trim() !== '') throw new BadCommand(`${verb} takes no argument`)
			return { verb }
		default:
			throw new BadCommand('Command not known')
	}
}

function number(text: string): number {
	if (!/^\d{1,10}$/.test(text)) throw new BadCommand('A number is missing')
	return Number(text)
}

/** RFC 5034 section 4: `=` stands for an empty initial response. */
function auth(rest: string): Command {
	if (rest === '') return { verb: 'AUTH', mechanism: null, initial: null }
	const match = /^([A-Za-z0-9_-]{1,20})(?: +(\S+))?$/.exec(rest)
	if (!match) throw new BadCommand('Write AUTH mechanism [initial response]')
	const mechanism = match[1]!.toUpperCase()
	if (match[2] === undefined) return { verb: 'AUTH', mechanism, initial: null }
	const initial = match[2] === '=' ? Buffer.alloc(0) : decodeBase64(match[2])
	if (!initial) throw new BadCommand('The initial response is not base64')
	return { verb: 'AUTH', mechanism, initial }
}

/** The line, without its CRLF, as a client says it. `parseCommand(formatCommand(x))` is x. */
export function formatCommand(command: Command): string {
	switch (command.verb) {
		case 'USER':
			return `USER ${command.name}`
		case 'PASS':
			return `PASS ${command.password}`
		case 'AUTH': {
			const { mechanism, initial } = command
			if (mechanism === null) return 'AUTH'
			return `AUTH ${mechanism}${initial === null ? '' : ` ${initial.toString('base64') || '='}`}`
		}
		case 'LIST':
		case 'UIDL':
			return command.number === null ? command.verb : `${command.verb} ${command.number}`
		case 'RETR':
		case 'DELE':
			return `${command.verb} ${command.number}`
		case 'TOP':
			return `TOP ${command.number} ${command.lines}`
		case 'LANG':
			return command.tag === null ? 'LANG' : `LANG ${command.tag}`
		default:
			return command.verb
	}
}
