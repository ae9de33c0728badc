import { formatDateTime, formatDay } from './dates.ts'
import { toUtf8 } from './strings.ts'
import {
	type Command,
	type FetchItem,
	type Range,
	type SearchKey,
	type Section,
	type SequenceSet,
	STAR,
} from './types.ts'
import { encodeUtf7 } from './utf7.ts'

/**
 * The octets of a command as a client sends it (literals as LITERAL+), as a binary string. `messages` are the octets of
 * APPEND's messages, as binary strings.
 */
export function formatCommand(command: Command, messages: string[] = []): string {
	return `${command.tag} ${body(command, messages)}\r\n`
}

function body(command: Command, messages: string[]): string {
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
			return `${command.name} ${mailbox(command.mailbox)}`
		case 'RENAME':
			return `RENAME ${mailbox(command.mailbox)} ${mailbox(command.to)}`
		case 'LIST':
			return list(command)
		case 'LSUB':
			return `LSUB ${mailbox(command.reference)} ${mailbox(command.pattern)}`
		case 'STATUS':
			return `STATUS ${mailbox(command.mailbox)} (${command.items.join(' ')})`
		case 'APPEND':
			return append(command, messages)
		case 'EXPUNGE':
			return command.uids ? `UID EXPUNGE ${formatSequenceSet(command.uids)}` : 'EXPUNGE'
		case 'SEARCH': {
			const returns = command.returns ? `RETURN (${command.returns.join(' ')}) ` : ''
			const charset = command.charset === null ? '' : `CHARSET ${command.charset} `
			return `${command.uid ? 'UID ' : ''}SEARCH ${returns}${charset}${formatSearchKey(command.key)}`
		}
		case 'FETCH': {
			const modifiers = [
				...(command.changedSince === null ? [] : [`CHANGEDSINCE ${command.changedSince}`]),
				...(command.vanished ? ['VANISHED'] : []),
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

function list(command: Extract<Command, { name: 'LIST' }>): string {
	const { reference, patterns, select, returns, status, extended } = command
	if (!extended) return `LIST ${mailbox(reference)} ${mailbox(patterns[0]!)}`
	const options = [...returns, ...(status ? [`STATUS (${status.join(' ')})`] : [])]
	return `LIST (${select.join(' ')}) ${mailbox(reference)} (${patterns.map(mailbox).join(' ')}) RETURN (${options.join(' ')})`
}

function append(command: Extract<Command, { name: 'APPEND' }>, messages: string[]): string {
	let out = `APPEND ${mailbox(command.mailbox)}`
	command.messages.forEach(({ flags, date, octets, utf8 }, index) => {
		if (flags.length > 0) out += ` (${flags.join(' ')})`
		if (date !== null) out += ` ${formatDateTime(date)}`
		const message = messages[index] ?? 'x'.repeat(octets)
		out += utf8 ? ` UTF8 (~{${octets}+}\r\n${message})` : ` {${octets}+}\r\n${message}`
	})
	return out
}

export function formatSequenceSet(set: SequenceSet): string {
	return set === '$' ? '$' : ranges(set)
}

function ranges(list: Range[]): string {
	return list.map(([from, to]) => (from === to ? bound(from) : `${bound(from)}:${bound(to)}`)).join(',')
}

function bound(number: number): string {
	return number === STAR ? '*' : String(number)
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

export function formatSearchKey(key: SearchKey): string {
	switch (key.key) {
		case 'flag': {
			if (!key.flag.startsWith('\\')) return `${key.is ? '' : 'UN'}KEYWORD ${key.flag}`
			const name = key.flag.slice(1).toUpperCase()
			return key.is ? name : `UN${name}`
		}
		case 'recent':
			return key.is ? 'RECENT' : 'OLD'
		case 'FROM':
		case 'TO':
		case 'CC':
		case 'BCC':
		case 'SUBJECT':
		case 'BODY':
		case 'TEXT':
			return `${key.key} ${text(key.text)}`
		case 'HEADER':
			return `HEADER ${astring(key.field)} ${text(key.text)}`
		case 'LARGER':
		case 'SMALLER':
			return `${key.key} ${key.octets}`
		case 'OLDER':
		case 'YOUNGER':
			return `${key.key} ${key.seconds}`
		case 'UID':
			return `UID ${formatSequenceSet(key.set)}`
		case 'sequence':
			return formatSequenceSet(key.set)
		case 'MODSEQ':
			return `MODSEQ ${key.modseq}`
		case 'EMAILID':
		case 'THREADID':
			return `${key.key} ${key.id}`
		case 'NOT':
			return `NOT ${formatSearchKey(key.of)}`
		case 'OR':
			return `OR ${formatSearchKey(key.either)} ${formatSearchKey(key.or)}`
		case 'AND':
			return `(${key.all.map(formatSearchKey).join(' ')})`
		case 'ALL':
			return 'ALL'
		default:
			return `${key.key} ${formatDay(key.day)}`
	}
}

function mailbox(name: string): string {
	return astring(encodeUtf7(name))
}

function text(text: string): string {
	return astring(toUtf8(text))
}

/** astring: an atom, a quoted string or a literal, whichever is enough. */
function astring(octets: string): string {
	if (/^[\w./-]+$/.test(octets) && octets.toUpperCase() !== 'NIL') return octets
	return string(octets)
}

function string(octets: string): string {
	if (/^[^\x00\r\n\x80-\xff]*$/.test(octets)) return `"${octets.replace(/["\\]/g, '\\$&')}"`
	return `{${octets.length}+}\r\n${octets}`
}
