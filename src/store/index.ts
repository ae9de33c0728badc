/**
 * The mail of this node: Ops, the writer, mailboxes, messages, bodies, queue rows, the log. All SQL about mail.
 *
 * Promises: an Op that was answered is on disk; it happened wholly or not at all; UIDs only rise and never come
 * again; UIDVALIDITY of a mailbox never changes; a body is byte for byte what was staged, stored once;
 * after a commit its changes are emitted once. Reading never waits for writing. Searching text is complete at any
 * time: the index (search/, a file and a thread of its own) only says where it need not be looked for.
 * Beside it the journal (journal/, a file and a thread of its own): what happened to mail here, for 30 days.
 *
 * Does not: know addresses, other nodes, protocols; decide what is to be done with a message.
 */

export { properName } from './boxes.ts'
export type { EmailRow, Emails, Gone } from './emails.ts'
export { Journal } from './journal/journal.ts'
export type { Alert, Figure, TraceQuery, TraceRow } from './journal/types.ts'
export {
	bodyText,
	envelopeText,
	fold,
	headerText,
	LARGE_MESSAGE,
	largeBodyText,
	partsText,
} from './search/text.ts'
export { moveInSlices, removeInSlices } from './slices.ts'
export { DiskFull, openStore, type Store } from './store.ts'
export { threadId, threadOf } from './threads.ts'
export {
	ANYONE,
	type BlobHead,
	type BodyStage,
	type Change,
	Flag,
	type FlagsRow,
	type KnownBody,
	type LoggedOp,
	type LogRow,
	type MailboxRow,
	type MayFlag,
	type MessageRow,
	type Messages,
	type NewQueueItem,
	type Op,
	type OpError,
	type OpResult,
	type QueueItem,
	type QueuePart,
	type QueueResult,
	type Reader,
	type Role,
	type Room,
	type Route,
	type SearchField,
	type StagedBody,
	type TextFound,
} from './types.ts'
export { UidRuns } from './uid-runs.ts'
