/**
 * One command as the assembler hands it over: text (octets as Latin-1 characters, CRLF and literal
 * announcements cut off) and between the texts the literals. `{ octets }` stands for a message of APPEND that
 * went elsewhere as it streamed in. Texts and literals alternate; the first and the last piece are text.
 */
export type Piece = string | Buffer | { octets: number }

/** A message sequence number or UID; `*` is the largest in use. */
export const STAR = Number.POSITIVE_INFINITY
export type Range = [from: number, to: number]
/** RFC 9051 `sequence-set`; from ≤ to in every range. `$` is the saved search result of RFC 5182. */
export type SequenceSet = Range[] | '$'

/** Flags as they came: system flags with their backslash, keywords bare. */
export type FlagList = string[]

export type Section = {
	/** Part numbers; empty = the message itself. */
	part: number[]
	/** null = the whole. */
	text: null | 'HEADER' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT' | 'TEXT' | 'MIME'
	/** For HEADER.FIELDS and HEADER.FIELDS.NOT, as the client wrote them. */
	fields: string[]
}

export const SIMPLE_ITEMS = [
	'UID',
	'FLAGS',
	'INTERNALDATE',
	'RFC822.SIZE',
	'ENVELOPE',
	'BODYSTRUCTURE',
	'BODY',
	'RFC822',
	'RFC822.HEADER',
	'RFC822.TEXT',
	'MODSEQ',
	'EMAILID',
	'THREADID',
	'SAVEDATE',
] as const
export type SimpleItem = (typeof SIMPLE_ITEMS)[number]

export type Partial = { offset: number; length: number }
export type FetchItem =
	| { item: SimpleItem }
	| { item: 'PREVIEW'; lazy: boolean }
	| { item: 'BODY[]'; peek: boolean; section: Section; partial: Partial | null }
	| { item: 'BINARY[]'; peek: boolean; part: number[]; partial: Partial | null }
	| { item: 'BINARY.SIZE[]'; part: number[] }

/** A calendar day, without zone: milliseconds of its 00:00 UTC. */
export type Day = number

export type SearchKey =
	| { key: 'ALL' }
	| { key: 'flag'; flag: string; is: boolean }
	/** NEW, RECENT and OLD: nothing is ever recent here. */
	| { key: 'recent'; is: boolean }
	| { key: 'FROM' | 'TO' | 'CC' | 'BCC' | 'SUBJECT' | 'BODY' | 'TEXT'; text: string }
	| { key: 'HEADER'; field: string; text: string }
	| { key: 'BEFORE' | 'ON' | 'SINCE' | 'SENTBEFORE' | 'SENTON' | 'SENTSINCE'; day: Day }
	| { key: 'SAVEDBEFORE' | 'SAVEDON' | 'SAVEDSINCE'; day: Day }
	| { key: 'LARGER' | 'SMALLER'; octets: number }
	| { key: 'OLDER' | 'YOUNGER'; seconds: number }
	| { key: 'UID' | 'sequence'; set: SequenceSet }
	| { key: 'MODSEQ'; modseq: number }
	| { key: 'EMAILID' | 'THREADID'; id: string }
	| { key: 'NOT'; of: SearchKey }
	| { key: 'OR'; either: SearchKey; or: SearchKey }
	| { key: 'AND'; all: SearchKey[] }

export const STATUS_ITEMS = [
	'MESSAGES',
	'RECENT',
	'UIDNEXT',
	'UIDVALIDITY',
	'UNSEEN',
	'DELETED',
	'SIZE',
	'HIGHESTMODSEQ',
	'MAILBOXID',
	'APPENDLIMIT',
] as const
export type StatusItem = (typeof STATUS_ITEMS)[number]

export const LIST_SELECTIONS = ['SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE'] as const
export const LIST_RETURNS = ['SUBSCRIBED', 'CHILDREN', 'SPECIAL-USE'] as const
export type ListSelection = (typeof LIST_SELECTIONS)[number]
export type ListReturn = (typeof LIST_RETURNS)[number]

export const SEARCH_RETURNS = ['MIN', 'MAX', 'ALL', 'COUNT', 'SAVE'] as const
export type SearchReturn = (typeof SEARCH_RETURNS)[number]

export type QresyncParameters = {
	uidValidity: number
	modseq: number
	known: Range[] | null
	/** Sequence numbers and the uids they had (RFC 7162 section 3.2.5.2). */
	match: { sequence: Range[]; uids: Range[] } | null
}

/** A message of APPEND without its octets; `date` in milliseconds since 1970. */
export type AppendMessage = { flags: FlagList; date: number | null; octets: number; utf8: boolean }

/** Commands with nothing but their name. */
export type BareName =
	| 'CAPABILITY'
	| 'NOOP'
	| 'LOGOUT'
	| 'STARTTLS'
	| 'NAMESPACE'
	| 'CHECK'
	| 'CLOSE'
	| 'UNSELECT'
	| 'IDLE'

export type CommandBody =
	| { name: BareName }
	| { name: 'ID'; fields: [string, string | null][] | null }
	| { name: 'LOGIN'; login: string; password: string }
	/** `initial` is the base64 text of SASL-IR, '=' = empty; null = none came. */
	| { name: 'AUTHENTICATE'; mechanism: string; initial: string | null }
	| { name: 'ENABLE'; extensions: string[] }
	| { name: 'SELECT' | 'EXAMINE'; mailbox: string; condstore: boolean; qresync: QresyncParameters | null }
	| { name: 'CREATE'; mailbox: string; use: string[] }
	| { name: 'DELETE' | 'SUBSCRIBE' | 'UNSUBSCRIBE'; mailbox: string }
	| { name: 'RENAME'; mailbox: string; to: string }
	| {
			name: 'LIST'
			reference: string
			patterns: string[]
			select: ListSelection[]
			returns: ListReturn[]
			/** Items of RETURN (STATUS (…)); null = not asked. */
			status: StatusItem[] | null
			/** Written the RFC 5258 way: answers differ a little. */
			extended: boolean
	  }
	| { name: 'LSUB'; reference: string; pattern: string }
	| { name: 'STATUS'; mailbox: string; items: StatusItem[] }
	| { name: 'APPEND'; mailbox: string; messages: AppendMessage[] }
	| { name: 'EXPUNGE'; uids: SequenceSet | null }
	| { name: 'SEARCH'; uid: boolean; charset: string | null; returns: SearchReturn[] | null; key: SearchKey }
	| {
			name: 'FETCH'
			uid: boolean
			set: SequenceSet
			items: FetchItem[]
			changedSince: number | null
			vanished: boolean
	  }
	| {
			name: 'STORE'
			uid: boolean
			set: SequenceSet
			how: 'add' | 'remove' | 'set'
			silent: boolean
			flags: FlagList
			unchangedSince: number | null
	  }
	| { name: 'COPY' | 'MOVE'; uid: boolean; set: SequenceSet; mailbox: string }

export type Command = { tag: string } & CommandBody
export type CommandName = Command['name']
/** The command of that name; commands of one shape share a type. */
export type CommandOf<Name extends CommandName> = Named<Command, Name>
type Named<C, Name> = C extends { name: infer N } ? (Name extends N ? C : never) : never

/** The client broke the grammar or a limit: the tagged answer it gets. */
export class Refusal extends Error {
	/** '*' when no tag could be read. */
	readonly tag: string
	readonly status: 'BAD' | 'NO'
	/** A response code without brackets. */
	readonly code: string | null

	constructor(tag: string, message: string, status: 'BAD' | 'NO' = 'BAD', code: string | null = null) {
		super(message)
		this.tag = tag
		this.status = status
		this.code = code
	}
}
