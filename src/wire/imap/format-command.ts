import { formatDateTime } from './dates.ts'
import { formatFilter, formatPartial, formatSearch } from './format-search.ts'
import {
	astring,
	bound,
	formatSequenceSet,
	mailbox as mailboxName,
	ranges,
	string,
	text,
} from './format-words.ts'
import { toUtf8 } from './strings.ts'
import type { AppendMessage, Command, FetchItem, NotifyGroup, Section } from './types.ts'

/**
 * The octets of a command as a client sends it (literals as LITERAL+), as a binary string. `messages` are the octets of
 * APPEND's and REPLACE's messages (and of the texts of CATENATE), as binary strings.
 * @param utf8 mailbox names are UTF-8, not modified UTF-7
 */
export function formatCommand(command: Command, messages: string[] = [], utf8 = false): string {
	return `${command.tag} ${body(command, messages.slice(), utf8)}\r\n`
}

function body(command: Command, messages: string[], utf8: boolean): string {
	const mailbox = (name: string) => mailboxName(name, utf8)
	switch (command.name) {
		case 'ID':
			return `ID ${command.fields ? `(${command.fields.map(([field, value]) => `${string(toUtf8(field))} ${value === null ? 'NIL' : string(toUtf8(value))}`).join(' ')})` : 'NIL'}`
		case 'LOGIN':
			return `LOGIN ${text(command.login)} ${text(command.password)}`
		case 'AUTHENTICATE':
			return `AUTHENTICATE ${command.mechanism}${command.initial === null ? '' : ` ${command.initial}`}`
		case 'ENABLE':
			return `ENABLE ${command.extensions.join(' ')}`
		case 'SELECT':
		case 'EXAMINE':
			return `${command.name} ${mailbox(command.mailbox)}${selectParameters(command)}`
		case 'CREATE':
			return `CREATE ${mailbox(command.mailbox)}${command.use.length > 0 ? ` (USE (${command.use.join(' ')}))` : ''}`
		case 'DELETE':
		case 'SUBSCRIBE':
		case 'UNSUBSCRIBE':
		case 'GETACL':
		case 'MYRIGHTS':
			return `${command.name} ${mailbox(command.mailbox)}`
		case 'RENAME':
			return `RENAME ${mailbox(command.mailbox)} ${mailbox(command.to)}`
		case 'LIST':
			return list(command, mailbox)
		case 'LSUB':
			return `LSUB ${mailbox(command.reference)} ${mailbox(command.pattern)}`
		case 'STATUS':
			return `STATUS ${mailbox(command.mailbox)} (${command.items.join(' ')})`
		case 'APPEND':
			return `APPEND ${mailbox(command.mailbox)}${command.messages.map(one => appended(one, messages)).join('')}`
		case 'REPLACE':
			return `${command.uid ? 'UID ' : ''}REPLACE ${bound(command.number)} ${mailbox(command.mailbox)}${appended(command.message, messages)}`
		case 'COMPRESS':
			return `COMPRESS ${command.mechanism}`
		case 'SETACL': {
			const sign = { set: '', add: '+', remove: '-' }[command.how]
			return `SETACL ${mailbox(command.mailbox)} ${text(command.identifier)} ${string(sign + command.rights)}`
		}
		case 'DELETEACL':
		case 'LISTRIGHTS':
			return `${command.name} ${mailbox(command.mailbox)} ${text(command.identifier)}`
		case 'GETQUOTA':
			return `GETQUOTA ${text(command.root)}`
		case 'GETQUOTAROOT':
			return `GETQUOTAROOT ${mailbox(command.mailbox)}`
		case 'SETQUOTA':
			return `SETQUOTA ${text(command.root)} (${command.limits.map(([resource, limit]) => `${resource} ${limit}`).join(' ')})`
		case 'GETMETADATA': {
			const options = [
				...(command.depth === 0 ? [] : [`DEPTH ${command.depth}`]),
				...(command.maxSize === null ? [] : [`MAXSIZE ${command.maxSize}`]),
			]
			return `GETMETADATA ${options.length > 0 ? `(${options.join(' ')}) ` : ''}${mailbox(command.mailbox)} (${command.entries.map(astring).join(' ')})`
		}
		case 'SETMETADATA':
			return `SETMETADATA ${mailbox(command.mailbox)} (${command.entries.map(([entry, value]) => `${astring(entry)} ${value === null ? 'NIL' : string(value)}`).join(' ')})`
		case 'NOTIFY': {
			if (!command.groups) return 'NOTIFY NONE'
			return `NOTIFY SET${command.status ? ' STATUS' : ''}${command.groups.map(one => ` ${group(one, utf8)}`).join('')}`
		}
		case 'EXPUNGE':
			return command.uids ? `UID EXPUNGE ${formatSequenceSet(command.uids)}` : 'EXPUNGE'
		case 'SEARCH':
		case 'SORT':
		case 'THREAD':
		case 'ESEARCH':
			return formatSearch(command, utf8)
		case 'FETCH': {
			const modifiers = [
				...(command.changedSince === null ? [] : [`CHANGEDSINCE ${command.changedSince}`]),
				...(command.vanished ? ['VANISHED'] : []),
				...(command.partial ? [`PARTIAL ${formatPartial(command.partial)}`] : []),
			]
			return `${command.uid ? 'UID ' : ''}FETCH ${formatSequenceSet(command.set)} (${command.items.map(formatFetchItem).join(' ')})${modifiers.length > 0 ? ` (${modifiers.join(' ')})` : ''}`
		}
		case 'STORE': {
			const since = command.unchangedSince === null ? '' : `(UNCHANGEDSINCE ${command.unchangedSince}) `
			const sign = { add: '+', remove: '-', set: '' }[command.how]
			return `${command.uid ? 'UID ' : ''}STORE ${formatSequenceSet(command.set)} ${since}${sign}FLAGS${command.silent ? '.SILENT' : ''} (${command.flags.join(' ')})`
		}
		case 'COPY':
		case 'MOVE':
			return `${command.uid ? 'UID ' : ''}${command.name} ${formatSequenceSet(command.set)} ${mailbox(command.mailbox)}`
		default:
			return command.name
	}
}

function selectParameters(command: Extract<Command, { name: 'SELECT' | 'EXAMINE' }>): string {
	const parameters: string[] = []
	if (command.condstore) parameters.push('CONDSTORE')
	if (command.qresync) {
		const { uidValidity, modseq, known, match } = command.qresync
		const sets = [
			known && ranges(known),
			match && `(${ranges(match.sequence)} ${ranges(match.uids)})`,
		].filter(Boolean)
		parameters.push(`QRESYNC (${[uidValidity, modseq, ...sets].join(' ')})`)
	}
	return parameters.length > 0 ? ` (${parameters.join(' ')})` : ''
}

function list(command: Extract<Command, { name: 'LIST' }>, mailbox: (name: string) => string): string {
	const { reference, patterns, select, returns, status, metadata, extended } = command
	if (!extended) return `LIST ${mailbox(reference)} ${mailbox(patterns[0]!)}`
	const options = [
		...returns,
		...(status ? [`STATUS (${status.join(' ')})`] : []),
		...(metadata ? [`METADATA (${metadata.map(astring).join(' ')})`] : []),
	]
	return `LIST (${select.join(' ')}) ${mailbox(reference)} (${patterns.map(mailbox).join(' ')}) RETURN (${options.join(' ')})`
}

/** Takes what it writes from `messages`. */
function appended({ flags, date, octets, utf8, catenate }: AppendMessage, messages: string[]): string {
	let out = ''
	if (flags.length > 0) out += ` (${flags.join(' ')})`
	if (date !== null) out += ` ${formatDateTime(date)}`
	const literal = (octets: number) => `{${octets}+}\r\n${messages.shift() ?? 'x'.repeat(octets)}`
	if (catenate) {
		const parts = catenate.map(part =>
			'url' in part ? `URL ${astring(part.url)}` : `TEXT ${literal(part.octets)}`,
		)
		return `${out} CATENATE (${parts.join(' ')})`
	}
	return utf8 ? `${out} UTF8 (~${literal(octets)})` : `${out} ${literal(octets)}`
}

function group({ filter, events, items }: NotifyGroup, utf8: boolean): string {
	const list = events.map(event =>
		event === 'MESSAGENEW' && items.length > 0 ? `${event} (${items.map(formatFetchItem).join(' ')})` : event,
	)
	return `(${formatFilter(filter, utf8)} ${list.length > 0 ? `(${list.join(' ')})` : 'NONE'})`
}

export function formatFetchItem(item: FetchItem): string {
	switch (item.item) {
		case 'PREVIEW':
			return item.lazy ? 'PREVIEW (LAZY)' : 'PREVIEW'
		case 'BODY[]': {
			const partial = item.partial ? `<${item.partial.offset}.${item.partial.length}>` : ''
			return `BODY${item.peek ? '.PEEK' : ''}[${formatSection(item.section)}]${partial}`
		}
		case 'BINARY[]': {
			const partial = item.partial ? `<${item.partial.offset}.${item.partial.length}>` : ''
			return `BINARY${item.peek ? '.PEEK' : ''}[${item.part.join('.')}]${partial}`
		}
		case 'BINARY.SIZE[]':
			return `BINARY.SIZE[${item.part.join('.')}]`
		default:
			return item.item
	}
}

/** What stands between the brackets; the answer repeats it. */
export function formatSection({ part, text: what, fields }: Section): string {
	const number = part.join('.')
	if (what === null) return number
	const names = what.startsWith('HEADER.FIELDS') ? ` (${fields.map(astring).join(' ')})` : ''
	return `${number}${number && '.'}${what}${names}`
}
