import type { Socket } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'
import type { Receiver } from '../delivery/index.ts'
import type { Account, SignIn } from '../directory/index.ts'
import type { Emitter, Log } from '../kit/index.ts'
import type { BodyStage, Change, Op, OpResult, Reader } from '../store/index.ts'
import type { BearerError, ScramKeys } from '../wire/index.ts'

/** What every protocol server is given; made once by `main`. */
export type House = {
	hostname: string
	/** Node id of this node. */
	self: string
	version: string
	log: Log
	/** The certificate of this moment, for STARTTLS and implicit TLS (it may be replaced while we run). */
	secureContext(): SecureContext
	/** `login` is an address; `client` the real client's address. Slow (argon2id); counts failures per address. */
	authenticate(login: string, password: string, client: string): Promise<SignIn>
	/** The same for a person at a page: his own password, and the TOTP code or a recovery code where he has them ('' = none). */
	signIn(
		login: string,
		password: string,
		code: string,
		client: string,
	): Promise<SignIn | { ok: false; why: 'too-many'; seconds: number }>
	/** The same where the password is proved, not told; absent = not offered. Failures count alike. */
	scram?(login: string, client: string): ScramKeys & { signIn(key: number | null): SignIn | Promise<SignIn> }
	/** Bearer tokens of the organisation's own sign-in; absent = not offered. `error` is for whose token is not good. */
	bearer?: { check(login: string, token: string, client: string): Promise<SignIn>; error: BearerError }
	/** For EXTERNAL of our own nodes: the account of that id or address, if there is one. */
	accountOf(idOrAddress: string): Account | null
	/** Groups and units, to which rights can be given like to accounts; absent = there are none. */
	crowds?: {
		/** Of a group's address, or `unit:` and the path of a unit. */
		id(name: string): string | null
		/** How it is named now; null when it is no more. */
		name(id: string): string | null
		/** Ids of those an account is in. */
		of(account: string): readonly string[]
	}
	/** A connection to another node's web port, for walking there. @throws Unreachable */
	connect(node: string, protocol: 'imap' | 'pop3' | 'http/1.1'): Promise<TLSSocket>
	/** The JMAP session as clients reach it; absent = there is no web port. */
	jmapUrl?: string
	reader: Reader
	/** One transaction, answered when it is on disk. One result for each Op. */
	write(ops: Op[]): Promise<OpResult[]>
	changes: Emitter<Change>
	/** For a body that streams in. */
	stage(): BodyStage
	receiver: Receiver
	/** What an account may hold, null = without limit; absent where nothing is limited. */
	quota?(account: string): { octets: number | null; messages: number | null } | null
	limits: Limits
}

export type Limits = {
	/** Connections at one time from one address; loopback is not counted unless `countLoopback`. */
	connectionsPerAddress: number
	/** Failed sign-ins from one address within ten minutes before we stop listening to it. */
	authFailuresPerAddress: number
	countLoopback: boolean
	/** Milliseconds without a byte from the client. */
	idleMs: number
	/** Octets. */
	maxMessageSize: number
	maxRecipients: number
	/** Messages that one IMAP command works on. */
	messagesPerCommand: number
	/** Pushes of JMAP may go to addresses of networks of one's own. */
	pushToPrivate?: boolean
}

/** How a connection came in. */
export type Entrance = {
	socket: Socket | TLSSocket
	/** TLS from the first byte. */
	implicitTls: boolean
	/** The id of our node at the other end (by its certificate, on the web port), else null. */
	node: string | null
}
