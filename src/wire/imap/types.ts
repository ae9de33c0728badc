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
	| { key: 'NOT' | 'FUZZY'; of: SearchKey }
	| { key: 'OR'; either: SearchKey; or: SearchKey }
	| { key: 'AND'; all: SearchKey[] }

export const STATUS_ITEMS = [
	'MESSAGES',
	'RECENT',
	'UIDNEXT',
	'UIDVALIDITY',
	'UNSEEN',
	'DELETED',
	'DELETED-STORAGE',
	'SIZE',
	'HIGHESTMODSEQ',
	'MAILBOXID',
	'APPENDLIMIT',
] as const
export type StatusItem = (typeof STATUS_ITEMS)[number]

export const LIST_SELECTIONS = ['SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE'] as const
export const LIST_RETURNS = ['SUBSCRIBED', 'CHILDREN', 'SPECIAL-USE', 'MYRIGHTS'] as const
export type ListSelection = (typeof LIST_SELECTIONS)[number]
export type ListReturn = (typeof LIST_RETURNS)[number]

export const SEARCH_RETURNS = ['MIN', 'MAX', 'ALL', 'COUNT', 'SAVE', 'RELEVANCY'] as const
export type SearchReturn = (typeof SEARCH_RETURNS)[number]
/** RFC 9394: both count from the first result (1) or both from the last (-1), in the order they were written. */
export type PartialRange = [from: number, to: number]
/** What RETURN (…) of SEARCH and SORT asks for. */
export type ReturnOptions = { items: SearchReturn[]; partial: PartialRange | null }

export const SORT_FIELDS = [
	'ARRIVAL',
	'CC',
	'DATE',
	'DISPLAYFROM',
	'DISPLAYTO',
	'FROM',
	'RELEVANCY',
	'SIZE',
	'SUBJECT',
	'TO',
] as const
export type SortField = (typeof SORT_FIELDS)[number]
export type SortCriterion = { field: SortField; reverse: boolean }

export const THREAD_ALGORITHMS = ['ORDEREDSUBJECT', 'REFERENCES'] as const
export type ThreadAlgorithm = (typeof THREAD_ALGORITHMS)[number]

/** The mailboxes that NOTIFY (RFC 5465 section 6) and ESEARCH (RFC 7377) speak of. */
export type MailboxFilter =
	| { is: 'selected' | 'selected-delayed' | 'inboxes' | 'personal' | 'subscribed' }
	| { is: 'subtree' | 'subtree-one' | 'mailboxes'; names: string[] }

export const NOTIFY_EVENTS = [
	'MESSAGENEW',
	'MESSAGEEXPUNGE',
	'FLAGCHANGE',
	'ANNOTATIONCHANGE',
	'MAILBOXNAME',
	'SUBSCRIPTIONCHANGE',
	'MAILBOXMETADATACHANGE',
	'SERVERMETADATACHANGE',
] as const
/** One of NOTIFY_EVENTS, or a word nobody here knows: that is answered with BADEVENT (RFC 5465 section 3.1). */
export type NotifyEvent = string
export type NotifyGroup = {
	filter: MailboxFilter
	/** Empty = NONE. In upper case. */
	events: NotifyEvent[]
	/** What MessageNew of the selected mailbox brings along. */
	items: FetchItem[]
}

/** How deep GETMETADATA looks below the entries it names. */
export type Depth = 0 | 1 | 'infinity'

export type QresyncParameters = {
	uidValidity: number
	modseq: number
	known: Range[] | null
	/** Sequence numbers and the uids they had (RFC 7162 section 3.2.5.2). */
	match: { sequence: Range[]; uids: Range[] } | null
}

/** What CATENATE (RFC 4469) puts together: octets that come along, and what lies here already. */
export type CatenatePart = { octets: number } | { url: string }
/**
 * A message of APPEND without its octets; `date` in milliseconds since 1970. With `catenate` the octets are those of
 * its parts, in order, and `octets` is 0.
 */
export type AppendMessage = {
	flags: FlagList
	date: number | null
	octets: number
	utf8: boolean
	catenate: CatenatePart[] | null
}

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
	| 'UNAUTHENTICATE'
	| 'GETJMAPACCESS'

export type CommandBody =
	| { name: BareName }
	| { name: 'ID'; fields: [string, string | null][] | null }
	| { name: 'LOGIN'; login: string; password: string }
	/** `initial` is the base64 text of SASL-IR, '=' = empty; null = none came. */
	| { name: 'AUTHENTICATE'; mechanism: string; initial: string | null }
	| { name: 'ENABLE'; extensions: string[] }
	| { name: 'SELECT' | 'EXAMINE'; mailbox: string; condstore: boolean; qresync: QresyncParameters | null }
	| { name: 'CREATE'; mailbox: string; use: string[] }
	| { name: 'DELETE' | 'SUBSCRIBE' | 'UNSUBSCRIBE' | 'GETACL' | 'MYRIGHTS'; mailbox: string }
	| { name: 'RENAME'; mailbox: string; to: string }
	| {
			name: 'LIST'
			reference: string
			patterns: string[]
			select: ListSelection[]
			returns: ListReturn[]
			/** Items of RETURN (STATUS (…)); null = not asked. */
			status: StatusItem[] | null
			/** Entries of RETURN (METADATA (…)) (RFC 9590); null = not asked. */
			metadata: string[] | null
			/** Written the RFC 5258 way: answers differ a little. */
			extended: boolean
	  }
	| { name: 'LSUB'; reference: string; pattern: string }
	| { name: 'STATUS'; mailbox: string; items: StatusItem[] }
	| { name: 'APPEND'; mailbox: string; messages: AppendMessage[] }
	| { name: 'EXPUNGE'; uids: SequenceSet | null }
	| { name: 'SEARCH'; uid: boolean; charset: string | null; returns: ReturnOptions | null; key: SearchKey }
	| {
			name: 'SORT'
			uid: boolean
			criteria: SortCriterion[]
			charset: string
			returns: ReturnOptions | null
			key: SearchKey
	  }
	| { name: 'THREAD'; uid: boolean; algorithm: ThreadAlgorithm; charset: string; key: SearchKey }
	/** RFC 7377; `sources` null = the selected mailbox. */
	| {
			name: 'ESEARCH'
			sources: MailboxFilter[] | null
			charset: string | null
			returns: ReturnOptions | null
			key: SearchKey
	  }
	| {
			name: 'FETCH'
			uid: boolean
			set: SequenceSet
			items: FetchItem[]
			changedSince: number | null
			vanished: boolean
			/** RFC 9394: only these of the messages. */
			partial: PartialRange | null
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
	/** RFC 8508: APPEND of `message` and expunge of `number` at once. */
	| { name: 'REPLACE'; uid: boolean; number: number; mailbox: string; message: AppendMessage }
	| { name: 'COMPRESS'; mechanism: string }
	/** RFC 4314. */
	| {
			name: 'SETACL'
			mailbox: string
			identifier: string
			how: 'set' | 'add' | 'remove'
			rights: string
	  }
	| { name: 'DELETEACL' | 'LISTRIGHTS'; mailbox: string; identifier: string }
	| { name: 'GETQUOTA'; root: string }
	| { name: 'GETQUOTAROOT'; mailbox: string }
	| { name: 'SETQUOTA'; root: string; limits: [resource: string, limit: number][] }
	/** RFC 5464. The mailbox '' is the server (here: the account). Entry names in lower case. */
	| { name: 'GETMETADATA'; mailbox: string; entries: string[]; depth: Depth; maxSize: number | null }
	/** Values are octets as a binary string; null takes the entry away. */
	| { name: 'SETMETADATA'; mailbox: string; entries: [name: string, value: string | null][] }
	/** RFC 5465; `groups` null = NONE. */
	| { name: 'NOTIFY'; status: boolean; groups: NotifyGroup[] | null }

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
	/** It was a search that would have saved what it found. */
	readonly saves: boolean

	constructor(
		tag: string,
		message: string,
		status: 'BAD' | 'NO' = 'BAD',
		code: string | null = null,
		saves = false,
	) {
		super(message)
		this.tag = tag
		this.status = status
		this.code = code
		this.saves = saves
	}
}
