import { formatDay } from './dates.ts'
import { astring, bound, formatSequenceSet, mailbox, text } from './format-words.ts'
import type { Command, MailboxFilter, PartialRange, ReturnOptions, SearchKey } from './types.ts'

type Searching = Extract<Command, { name: 'SEARCH' | 'SORT' | 'THREAD' | 'ESEARCH' }>

/** SEARCH and its relatives as a client writes them. */
export function formatSearch(command: Searching, utf8: boolean): string {
	const key = formatSearchKey(command.key)
	const uid = 'uid' in command && command.uid ? 'UID ' : ''
	const returns = 'returns' in command ? formatReturns(command.returns) : ''
	const charset = command.charset === null ? '' : `CHARSET ${command.charset} `
	switch (command.name) {
		case 'SEARCH':
			return `${uid}SEARCH ${returns}${charset}${key}`
		case 'SORT': {
			const criteria = command.criteria.map(({ field, reverse }) => (reverse ? `REVERSE ${field}` : field))
			return `${uid}SORT ${returns}(${criteria.join(' ')}) ${command.charset} ${key}`
		}
		case 'THREAD':
			return `${uid}THREAD ${command.algorithm} ${command.charset} ${key}`
		case 'ESEARCH': {
			const sources = command.sources
				? `IN (${command.sources.map(one => formatFilter(one, utf8)).join(' ')}) `
				: ''
			return `ESEARCH ${sources}${returns}${charset}${key}`
		}
	}
}

export function formatFilter(filter: MailboxFilter, utf8: boolean): string {
	const names = 'names' in filter ? ` (${filter.names.map(name => mailbox(name, utf8)).join(' ')})` : ''
	return `${filter.is}${names}`
}

function formatReturns(returns: ReturnOptions | null): string {
	if (!returns) return ''
	const options: string[] = [...returns.items]
	if (returns.partial) options.push(`PARTIAL ${formatPartial(returns.partial)}`)
	return `RETURN (${options.join(' ')}) `
}

export function formatPartial([from, to]: PartialRange): string {
	return `${bound(from)}:${bound(to)}`
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
		case 'FUZZY':
			return `${key.key} ${formatSearchKey(key.of)}`
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
