import type { Op } from '../store/index.ts'
import type { By, Reply } from '../wire/index.ts'

/** Who is talking: made by the server when a connection opens, filled in as it goes. */
export type Client = {
	/** Of the connection, for the log. */
	id: string
	protocol: 'smtp' | 'submission' | 'lmtp'
	/** The real client's address (forwarded by a node of ours where the connection came through one). */
	address: string
	/** EHLO argument. */
	helo: string
	/** ESMTP or HELO, TLS, for the Received field's `with` (RFC 3848). */
	extended: boolean
	tls: boolean
	/** Account id and address after AUTH. */
	account: { id: string; address: string } | null
	/** LMTP: the node at the other end, by its certificate. */
	node: string | null
}

/** RFC 5321 section 3.3, with the parameters of RFC 1870, 2852, 3461, 4865, 6152, 6531, 6710, 8689. */
export type Transaction = {
	/** '' is the null reverse path. */
	reversePath: string
	size: number | null
	body: '7BIT' | '8BITMIME' | 'BINARYMIME'
	smtputf8: boolean
	ret: 'FULL' | 'HDRS' | null
	envelopeId: string | null
	/** RFC 4865: seconds, or milliseconds since 1970. */
	holdFor: number | null
	holdUntil: number | null
	/** RFC 2852, counted from now (from its release when it is held). */
	by: By | null
	/** RFC 6710. */
	priority: number
	/** RFC 8689. */
	requireTls: boolean
	/** LMTP between nodes: the message's id at the node that hands it over. */
	handOver: string | null
	recipients: Recipient[]
}

export type Recipient = {
	/** As the client wrote it. */
	address: string
	notify: string | null
	originalRecipient: string | null
}

/** What a message was taken as: its id, the parts of it that are queued, and the recipients it was filed for at once. */
export type Taken = { id: string; queued: string[]; filed: string[] }

/** A message on its way in. Bytes as they are to be stored: dot-unstuffed, every line ended by CRLF. */
export type Incoming = {
	/** Resolves when more may come (disk, memory). */
	write(chunk: Buffer): void | Promise<void>
	/**
	 * The end of the data. Resolves when whoever must be answerable has it on disk.
	 * SMTP: one reply. LMTP: one for each recipient, in order (RFC 2033 section 4.2).
	 * @param also what is to happen in the same transaction, when the message is taken
	 */
	end(also?: (taken: Taken) => Op[]): Promise<Reply[]>
	/** The client went away or broke the rules: nothing remains. */
	abort(): void
}

/** The seam between the protocol and the way of a message. A reply refuses, null accepts. */
export type Receiver = {
	/** Octets; what SIZE announces. */
	maxSize: number
	maxRecipients: number
	/** How long a message may be held back (RFC 4865). */
	maxHoldSeconds: number
	/** Is it an address of whoever is signed in? */
	mayWriteAs(client: Client, address: string): boolean
	/** What holds for whoever is signed in: his units may allow him less. */
	limitsOf(client: Client): { maxSize: number; maxRecipients: number }
	judgeSender(client: Client, transaction: Transaction): Reply | null
	judgeRecipient(client: Client, transaction: Transaction, recipient: Recipient): Reply | null
	open(client: Client, transaction: Transaction): Incoming
}
