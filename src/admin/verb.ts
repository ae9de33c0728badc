import type { z } from 'zod'
import type { Cluster } from '../cluster/index.ts'
import type { Queue } from '../delivery/index.ts'
import type { Directory, Grant } from '../directory/index.ts'
import type { Clock, Log } from '../kit/index.ts'
import type { Journal, Store } from '../store/index.ts'
import type { AuditLog } from './audit-log.ts'
import type { Act, Place } from './may.ts'

/** From where on something is a trouble. */
export type Thresholds = { diskFreeMiB: number; queueLength: number }

/** What watch.ts keeps for those who ask what is not well. */
export type Watched = {
	readonly thresholds: Thresholds
	/** Recipients that wait; null = the queue does not grow. */
	readonly growing: { before: number; now: number } | null
	/** Mail here that belongs to nobody; null = there is none. */
	readonly unowned: { accounts: string[]; messages: number } | null
}

/** What the verbs work on: the node they are said to. */
export type Office = {
	self: string
	hostname: string
	version: string
	dataDir: string
	/** Milliseconds since 1970. */
	started: number
	/** Address other nodes reach us by, as configured; null = found out at the first join. */
	address: string | null
	/** 0 = it is switched off. */
	ports: Record<
		'submission' | 'submissions' | 'imap' | 'imaps' | 'pop3' | 'pop3s' | 'web' | 'cluster',
		number
	>
	/** Empty = the system's. */
	dnsServers: readonly string[]
	directory: Directory
	cluster: Cluster
	store: Store
	queue: Queue
	journal: Journal
	watch: Watched
	audit: AuditLog
	clock: Clock
	log: Log
	/** Directory, mail and routes agree again after something big happened. */
	leaveCluster(): Promise<void>
}

/** Who says a verb, and how far that reaches. */
export type Actor = {
	/** Account id; 'root' for whoever may open the node's data directory. */
	id: string
	/** For people: the account's address, or 'root'. */
	name: string
	grants: Pick<Grant, 'role' | 'domain' | 'unit'>[]
	/** Of the API token he came with; null = as far as the grants. */
	scopes: string[] | null
	/** `root` the command line, `setup` the first start, else how he signed in. */
	via: 'root' | 'setup' | 'session' | 'password' | 'token'
	/** Where from: an IP address, '' for the machine itself. */
	client: string
}

/** How far something that takes long has come: so many of so many. */
export type Progress = (done: number, total: number) => void

/** What a verb is about to act on. */
export type Target = {
	place: Place
	/** For the audit log: what it is called, and how it is now (null = it is not there). No secrets. */
	object: string
	state?: unknown
	/** The account it is, where it is one. */
	account?: string
}

/** One thing an operator can say. `run` is given input that was checked. */
export type Verb<Input = never, Output = unknown> = {
	/** One line of help. */
	about: string
	input: z.ZodType
	/** What right it takes; null = being signed in is enough, it is about one's own things. */
	act: Act | null
	/** On what; asked before (may he? how was it?) and after (how is it now?). Absent: on the whole. */
	on?(office: Office, input: Input, by: Actor): Target | Target[]
	/** The right is wanted somewhere only: `run` shows what is in reach of who asks. */
	inReach?: boolean
	/** It changes something though it takes no right: it is written down. */
	writes?: boolean
	/** The owner of the account it acts on may say it too. */
	own?: boolean
	/** It may take minutes, also when all is well: another node is waited for that long. */
	slow?: boolean
	run(office: Office, input: Input, by: Actor, progress: Progress): Promise<Output> | Output
}

/** Ties `run`'s input to its check. */
export function verb<Schema extends z.ZodType, Output>(definition: {
	about: string
	input: Schema
	act: Act | null
	on?(office: Office, input: z.infer<Schema>, by: Actor): Target | Target[]
	inReach?: boolean
	writes?: boolean
	own?: boolean
	slow?: boolean
	run(office: Office, input: z.infer<Schema>, by: Actor, progress: Progress): Promise<Output> | Output
}) {
	return definition
}

/** The operator asked for something that cannot be; the message says what to do, the code is for programs. */
export class CannotBeDone extends Error {
	readonly code: string
	readonly more: Record<string, unknown>

	constructor(message: string, code = 'cannot-be-done', more: Record<string, unknown> = {}) {
		super(message)
		this.code = code
		this.more = more
	}
}
