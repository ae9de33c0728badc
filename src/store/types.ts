import type { Envelope, Part, Scanned } from '../message/index.ts'
import type { Emails } from './emails.ts'
import type { Queued } from './queue-reader.ts'
import type { UidRuns } from './uid-runs.ts'

/** System flags as bits of one number (RFC 9051 section 2.3.2; \Recent is not kept). */
export const Flag = { seen: 1, answered: 2, flagged: 4, deleted: 8, draft: 16 } as const

/** The attributes of RFC 6154 a mailbox may have, without the backslash, lower case. */
export type Role = 'inbox' | 'drafts' | 'sent' | 'junk' | 'trash' | 'archive'

/** A body that is ready to be named by an Op: hashed, scanned, compressed; large ones already on disk. */
export type StagedBody = {
	/** SHA-256 of the octets, hex. */
	hash: string
	/** Octets. */
	size: number
	scanned: Scanned
	/** The octets when small, null when in a file. */
	data: Uint8Array | null
	/** Name of the file in `blobs/`, zstd-compressed and fsynced; null when small. */
	file: string | null
}

/** A body that is here already: of a message, or uploaded. */
export type KnownBody = { known: string }

/** A body on its way in: hashed, scanned and compressed as it streams. */
export type BodyStage = {
	/** A promise when the disk has to be waited for. */
	write(chunk: Buffer): void | Promise<void>
	/** A promise only when the body went to a file. */
	end(): StagedBody | Promise<StagedBody>
	/** Nothing remains. */
	abort(): void
}

/**
 * Everything that happens to mail (law 5). Accounts are named by their id, mailboxes by account and name
 * (create, rename, delete, subscribe, deliver) or by `mailbox`: the number of the row at this node.
 * Names are Unicode with `/` between levels; INBOX is written `INBOX`.
 * Times are milliseconds since 1970.
 */
export type Op =
	| { do: 'account.create'; account: string }
	/** `empty`: only if there is no message in it, else `exists`. */
	| { do: 'account.remove'; account: string; empty?: true }
	| { do: 'mailbox.create'; account: string; name: string; role?: Role | null }
	| { do: 'mailbox.rename'; account: string; name: string; to: string }
	| { do: 'mailbox.delete'; account: string; name: string }
	| { do: 'mailbox.subscribe'; account: string; name: string; on: boolean }
	/** RFC 4314: what `identifier` (an account's id, or ANYONE) may do there from now on; '' = nothing. */
	| { do: 'mailbox.rights'; account: string; name: string; identifier: string; rights: string }
	/** A role that another mailbox has answers `exists`. */
	| { do: 'mailbox.change'; account: string; name: string; role?: Role | null; sortOrder?: number }
	| {
			do: 'message.add'
			account: string
			/** Name; a missing mailbox answers `nonexistent` unless `create` is set. */
			mailbox: string
			create?: boolean
			/** A known one that is known no more answers `nonexistent`. */
			body: StagedBody | KnownBody
			flags: number
			keywords: string[]
			internalDate: number
			/** RFC 8508: this message goes when the new one comes; without it `nonexistent`, and nothing is added. */
			replaces?: { account: string; mailbox: number; uid: number }
			by?: By
			within?: Room
			/** Filed once for each value of `once` in an account: the hand-over id. */
			once?: string
	  }
	| {
			do: 'message.flags'
			account: string
			mailbox: number
			uids: number[]
			how: 'add' | 'remove' | 'set'
			flags: number
			keywords: string[]
			/** RFC 7162: messages whose modseq is higher are left alone and named in `unchanged`. */
			unchangedSince?: number
			by?: By
			/** What may be changed; absent = everything. */
			only?: MayFlag
	  }
	| {
			do: 'message.copy' | 'message.move'
			account: string
			mailbox: number
			uids: number[]
			to: string
			/** Whose mailbox `to` is, when it is not of the same account. */
			toAccount?: string
			by?: By
			/** Flags that may come along; absent = all. */
			only?: MayFlag
			within?: Room
	  }
	/** Without `uids`: all that bear \Deleted. With: those of them that bear it (RFC 4315). `any`: whether they bear it or not. */
	| { do: 'message.expunge'; account: string; mailbox: number; uids?: number[]; any?: boolean }
	/** RFC 5464: `mailbox` is a name, '' the account itself; a value of null takes the entry away. */
	| {
			do: 'metadata.set'
			account: string
			/** Whose mailbox it is, when it is another's. */
			owner?: string
			mailbox: string
			entries: [entry: string, value: string | null][]
	  }
	/** Whatever else an account has; null takes it away, `nonexistent` when it is not there. */
	| { do: 'object.set'; account: string; kind: string; id: string; value: unknown }
	/** A body for later use, kept for a day. Of this node, so never in the log. */
	| { do: 'upload.add'; account: string; body: StagedBody | KnownBody }
	/** The queue of this node: not replayed at other nodes, so never in the log. */
	| { do: 'queue.add'; item: NewQueueItem }
	| { do: 'queue.result'; results: QueueResult[] }
	| { do: 'queue.drop'; ids: string[] }
	| { do: 'queue.hold'; ids: string[]; on: boolean }
	| { do: 'queue.retry'; ids: string[] | null; route?: string }

/** The account that does it, when a mailbox is not its own: there \Seen is kept for each such account apart. */
export type By = string

/** System flags as bits, and whether keywords too. */
export type MayFlag = { flags: number; keywords: boolean }

/** What the account may hold in all, null = without limit: what would go beyond is refused with `overquota`. */
export type Room = { octets: number | null; messages: number | null }

/** The identifier of RFC 4314 that stands for every account. */
export const ANYONE = 'anyone'

/** Why an Op changed nothing. */
export type OpError =
	| 'nonexistent' // no such account or mailbox
	| 'exists' // a mailbox of that name is there
	| 'haschildren' // RFC 5530 CANNOT: kept for \Noselect deletion
	| 'reserved' // INBOX cannot be deleted
	| 'invalid' // a name nobody can use
	| 'overquota' // no room in the account

export type OpResult =
	| { ok: false; error: OpError }
	| {
			ok: true
			/** message.add, mailbox.create: where it is now. */
			mailbox?: number
			uidValidity?: number
			uid?: number
			modseq?: number
			/** message.add with `once`: it was here already. */
			duplicate?: boolean
			/** message.flags: uids changed; message.expunge: uids gone; copy and move: uids taken, in order. */
			uids?: number[]
			/** copy and move: the new uids, one for each of `uids`. */
			newUids?: number[]
			/** message.flags: the modseqs that `uids` had before. */
			was?: number[]
			/** message.flags with unchangedSince: uids left alone. */
			unchanged?: number[]
	  }

/** What a commit changed, emitted once after it. */
export type Change = {
	account: string
	/** Rows of the mailboxes whose messages changed. */
	mailboxes: number[]
	/** Mailboxes were made, renamed, deleted, (un)subscribed. */
	list: boolean
	/** Entries of METADATA that were set or taken away; mailbox '' = the account's. */
	metadata?: [mailbox: string, entry: string][]
	/** Kinds of objects that were set or taken away. */
	objects?: string[]
}

export type MailboxRow = {
	/** Row at this node; what Ops call `mailbox`. */
	key: number
	/** RFC 8474 MAILBOXID, the same at every node for ever. */
	id: string
	account: string
	name: string
	role: Role | null
	/** 1…2^32-1; never changes for an existing mailbox. */
	uidValidity: number
	uidNext: number
	/** RFC 7162 HIGHESTMODSEQ. */
	modseq: number
	/** Counts and octets. */
	messages: number
	unseen: number
	deleted: number
	size: number
	subscribed: boolean
	sortOrder: number
	/** Without \Deleted: different emails, and threads of which some email is here. */
	emails: number
	threads: number
}

export type FlagsRow = { uid: number; modseq: number; flags: number; keywords: string[] }

/** What is asked of messages most often; one range scan. */
export type MessageRow = FlagsRow & {
	internalDate: number
	saveDate: number
	size: number
	/** Row of the body at this node. */
	blob: number
	/** See threadId. */
	thread: number
}

/** RFC 8474 EMAILID is `M` + hash. */
export type BlobHead = {
	readonly hash: string
	readonly size: number
	readonly envelope: Envelope
	readonly structure: Part
	readonly preview: string
}

/** Where a text is looked for: `text` is header and body (IMAP TEXT), `body` the body without it. */
export type SearchField = 'text' | 'body' | 'header' | 'subject' | 'from' | 'to' | 'cc' | 'messageId'

/**
 * What the index knows of a text. Messages with a uid from `below` on it does not know yet. Of those below, the ones in
 * `uids` have it (true) or may have it (false: look); all others do not. Expunged messages may be among them.
 */
export type TextFound = { below: number; uids: Map<number, boolean> }

/** Messages as one account sees them. */
export type Messages = {
	/** The lowest uid without \Seen. */
	firstUnseen(mailbox: Pick<MailboxRow, 'key' | 'modseq'>): number | null
	/** Uids of messages whose system flags that are in `mask` are `flags`, ascending. */
	uidsFlagged(mailbox: number, mask: number, flags: number): readonly number[]
	/** Nothing but the flags of messages with from ≤ uid ≤ to, ascending. @param few without modseq (0): sooner there */
	flags(mailbox: number, from: number, to: number, few?: boolean): FlagsRow[]
	/** Messages with from ≤ uid ≤ to, ascending. @param few without modseq, save date and thread (0): sooner there */
	messages(mailbox: number, from: number, to: number, few?: boolean): MessageRow[]
	has(mailbox: number, uid: number): boolean
	/** Messages with a modseq above `modseq`, ascending by uid. */
	messagesSince(mailbox: number, modseq: number): MessageRow[]
	/** Messages without \Seen. */
	countUnseen(mailbox: number): number
}

/** Reading: synchronous, committed data only, indexed. Every thread has its own. */
export type Reader = Messages & {
	hasAccount(account: string): boolean
	mailboxes(account: string): MailboxRow[]
	/** All of an account without their counts, in order of their names: a fraction of what the rows cost. */
	mailboxNames(account: string): Pick<MailboxRow, 'id' | 'name' | 'role'>[]
	/** INBOX in any case finds INBOX; other names are exact. */
	mailbox(account: string, name: string): MailboxRow | null
	mailboxByKey(key: number): MailboxRow | null
	/** Names subscribed to, existing or not (RFC 3501 section 6.3.6). */
	subscriptions(account: string): string[]
	/** Entries of METADATA with their values, by name. @param mailbox its MAILBOXID, '' = the account's own */
	metadata(account: string, mailbox: string): [entry: string, value: string][]
	/** Octets of the messages that bear \Deleted. */
	deletedSize(mailbox: number): number
	/** Keywords that messages of the mailbox have, as they are written, each once; some hundred at most. Often remembered. */
	keywords(mailbox: MailboxRow): readonly string[]
	/** All uids, ascending. */
	uids(mailbox: number): number[]
	/** The same as runs, of the mailbox as the row says; cheap, most of it is remembered. */
	uidRuns(mailbox: MailboxRow): UidRuns
	/** What POP3 lists of all messages, ascending by uid. */
	columns(mailbox: number): { uids: number[]; sizes: number[]; blobs: number[] }
	/** The same messages, with the \Seen of an account whose mailbox it is not. */
	seenBy(account: string): Messages
	/** RFC 4314: who may do what in a mailbox, its owner aside. @param mailbox its MAILBOXID */
	rights(mailbox: string): [identifier: string, rights: string][]
	/** Mailboxes of others in which one of these may do something. @param identifiers of the account and what it is in */
	sharedWith(account: string, identifiers: string[]): MailboxRow[]
	/** Uids expunged with a modseq above `modseq`, ascending. */
	expungedSince(mailbox: number, modseq: number): number[]
	/** Envelope, structure and preview of a body. */
	head(blob: number): BlobHead
	/** Of many; those that are gone are missing. @param only whoever asks for nothing else gets it sooner */
	heads(blobs: number[], only?: 'envelope' | 'structure'): Map<number, BlobHead>
	/** Bodies that are kept in SQLite (all that are not large). Others, and those that are gone, are missing. */
	bodies(blobs: number[]): Map<number, Buffer>
	/** A whole body. For large ones use `bodyStream`. */
	body(blob: number): Buffer
	/** Octets from `start` up to, not including, `end`; in pieces, without the whole in memory when it is large. */
	bodyStream(blob: number, start?: number, end?: number): AsyncIterable<Buffer>
	/**
	 * Which messages of a mailbox hold `text` as a piece of that field, as search/text.ts makes it: decoded, folded.
	 * Null when the index cannot tell, and all have to be looked through.
	 */
	searchText(mailbox: number, field: SearchField, text: string): Promise<TextFound | null>
	/** Octets of all messages of an account, and their number. */
	usage(account: string): { size: number; messages: number }
	/** Mail as JMAP sees it. */
	emails: Emails

	/** Mail of this node that is on its way. */
	queue: Queued
	totals(): { accounts: number; messages: number; size: number; queued: number }
}

/** Where a recipient goes from here: `node:<id>` a node of ours, `mx:<domain>` the world. */
export type Route = string

export type NewQueueItem = {
	/** The message's id on all nodes, from first contact to mailbox. */
	id: string
	/** '' is the null reverse path. */
	reversePath: string
	/** RFC 3461. */
	envelopeId: string | null
	ret: 'FULL' | 'HDRS' | null
	/** RFC 6531: needs SMTPUTF8. */
	smtputf8: boolean
	body: StagedBody
	/** Times: arrived now; give up after. */
	arrived: number
	expires: number
	/** Node of ours it came from, account that submitted it, for the log and the lists. */
	source: string
	recipients: {
		address: string
		route: Route
		originalRecipient: string | null
		notify: string | null
		/** When the sender is to be told that it takes long. */
		warn?: number | null
	}[]
	/** Queued once for each value, as messages are filed once: a report that follows from a hand-over. */
	once?: string
} & Partial<Wishes>

/** What a message asks for beside being delivered. */
export type Wishes = {
	/** RFC 6710: -9 to 9, usually 0. */
	priority: number
	/** RFC 8689: never goes where TLS cannot be relied on. */
	requireTls: boolean
	/** RFC 2852: the time, and what happens after it (T: the sender hears of each relaying). */
	deliverBy: number | null
	byMode: 'N' | 'R' | 'NT' | 'RT' | null
	/** RFC 4865: not before. */
	release: number | null
}

/** Of the mail that waits for a route: messages of more than 1 MiB, the others, or both. */
export type QueuePart = 'all' | 'small' | 'large'

/** One recipient of one message in the queue. */
export type QueueItem = {
	/** Row: what QueueResult and the verbs name it by is `id` + `recipient`. */
	key: number
	id: string
	reversePath: string
	envelopeId: string | null
	ret: 'FULL' | 'HDRS' | null
	smtputf8: boolean
	recipient: string
	route: Route
	originalRecipient: string | null
	notify: string | null
	arrived: number
	expires: number
	attempts: number
	/** Not before this time. */
	due: number
	held: boolean
	/** The last answer in words, '' before the first try. */
	lastReply: string
	blob: number
	size: number
	source: string
	/** When the sender is to be told that it takes long; null: never, or done. */
	warn: number | null
} & Wishes

export type QueueResult =
	/** The sender was told that it takes long; again at `warn`. */
	| { key: number; is: 'warned'; warn: number | null }
	| { key: number; is: 'done' }
	| { key: number; is: 'later'; due: number; reply: string; route?: Route }

/** One row of the log: what followers replay. */
export type LogRow = {
	node: string
	seq: number
	account: string
	epoch: number
	stamp: number
	op: LoggedOp
}

/** An Op as it is logged: bodies by hash and size, what the store decided beside it (uid, uidValidity, ids). */
export type LoggedOp = Record<string, unknown> & { do: Op['do'] }

/** One that is decided: what it is called, and what it says. */
export type Logged<T extends Op['do'], F> = { do: T } & F
