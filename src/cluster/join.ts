import { createPublicKey, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import type { Clock, Log } from '../kit/index.ts'
import { commonName, publicKeyOf, signedBy } from './certificates.ts'
import type { CurrentCode, Verdict } from './join-code.ts'
import { clusterIdOf, type Keys, memberShape } from './keys.ts'
import type { Member } from './types.ts'

/*
 * The handshake by which a node joins, both requests sent by a member to the newcomer's web port:
 *   POST /cluster/join/hello   "I know your secret; who are you?"
 *   POST /cluster/join/accept  "here is your certificate, the CA, and who we are"
 * The member has compared the fingerprint in the code with the newcomer's key before the first of them.
 * The code is spent when accept is on the newcomer's disk, so a join that broke half-way can be done again.
 */

export type JoinFailure =
	/** Nothing listens at that address and port. */
	| 'closed'
	/** The address gives no answer at all. */
	| 'unreachable'
	/** Something else answers. */
	| 'not-panpipe'
	| 'wrong-code'
	| 'code-used'
	/** It is too old, or too many wrong ones were tried. */
	| 'code-ended'
	| 'clock'
	| 'version'
	/** Of another cluster. */
	| 'already-member'
	/** Of ours. */
	| 'in-this-cluster'
	| 'same-node'
	| 'same-name'
	| 'no-engine'

/** A join did not come about; the message is a sentence for the admin that says what to do. */
export class JoinFailed extends Error {
	readonly code: JoinFailure
	/** Figures of it: `seconds` the clock is off, `version` and `ours`, `ip` and `port` that give no answer. */
	readonly more: Record<string, unknown>

	constructor(code: JoinFailure, sentence: string, more: Record<string, unknown> = {}) {
		super(sentence)
		this.code = code
		this.more = more
	}
}

export const HELLO = '/cluster/join/hello'
export const ACCEPT = '/cluster/join/accept'
/** The TLS name (SNI) under which every web port shows its own key, whatever certificate browsers get. */
export const JOIN_NAME = 'join.panpipe'

const port = z.int().min(1).max(65535)

export const helloShape = z.object({
	secret: z.string().max(64),
	now: z.number(),
	version: z.string().max(64),
	clusterId: z.string().max(64),
	memberId: z.string().max(64),
})

export const helloAnswerShape = z.object({
	nodeId: z.string().regex(/^[0-9a-z]{1,64}$/),
	hostname: z.string().min(1).max(255),
	publicKey: z.string().max(1000),
	webPort: port,
	clusterPort: port,
	version: z.string().max(64),
	now: z.number(),
	/** It has no other members beside it. */
	alone: z.boolean(),
	/** The cluster it is in, '' = none. */
	clusterId: z.string().max(64),
	/** Is nats-server installed there? */
	engine: z.boolean(),
	description: z.string().max(1000),
	site: z.string().max(255),
})
export type HelloAnswer = z.infer<typeof helloAnswerShape>

export const acceptShape = z.object({
	secret: z.string().max(64),
	certificate: z.string().max(10_000),
	caCertificate: z.string().max(10_000),
	caKey: z.string().max(10_000),
	members: z.array(memberShape).max(10_000),
	you: memberShape,
})

/** What a refusal says to somebody who knows the secret. */
export const refusalShape = z.object({ why: z.enum(['used', 'expired', 'void', 'already-member']) })

/** What this node says of itself to whoever knows the secret. */
export type AboutUs = {
	nodeId: string
	hostname: string
	webPort: number
	clusterPort: number
	version: string
	description: string
	site: string
}

export type Newcomer = {
	keys: Keys
	code: CurrentCode
	clock: Clock
	log: Log
	about(): AboutUs
	/** Other members we know of. */
	others(): Member[]
	engineInstalled(): boolean
	/** Called when membership is on disk. */
	joined(members: Member[], you: Member): void
}

export type JoinAnswer = { status: number; body: unknown }

// A stranger is told what any page that does not exist is told.
const NOTHING: JoinAnswer = { status: 404, body: {} }

/** The newcomer's side of both requests. `from` is the asker's address. */
export function answerJoin(us: Newcomer, path: string, body: unknown, from: string): JoinAnswer {
	if (path === HELLO) return answerHello(us, body, from)
	if (path === ACCEPT) return answerAccept(us, body, from)
	return NOTHING
}

function answerHello(us: Newcomer, body: unknown, from: string): JoinAnswer {
	const hello = helloShape.safeParse(body)
	if (!hello.success) return NOTHING
	const refused = refusal(us.code.judge(Buffer.from(hello.data.secret, 'base64url'), from))
	if (refused) return refused
	const answer: HelloAnswer = {
		...us.about(),
		publicKey: publicKeyOf(us.keys.key),
		now: us.clock.now(),
		alone: us.others().length === 0,
		clusterId: us.keys.clusterId,
		engine: us.engineInstalled(),
	}
	return { status: 200, body: answer }
}

function answerAccept(us: Newcomer, body: unknown, from: string): JoinAnswer {
	const parsed = acceptShape.safeParse(body)
	if (!parsed.success) return NOTHING
	const accept = parsed.data
	const refused = refusal(us.code.judge(Buffer.from(accept.secret, 'base64url'), from))
	if (refused) return refused
	const { nodeId } = us.about()
	if (us.others().length > 0 && us.keys.clusterId !== clusterIdOf(accept.caCertificate)) {
		return { status: 409, body: { why: 'already-member' } }
	}
	if (!fits(accept, nodeId, publicKeyOf(us.keys.key))) {
		us.log.warn({ from }, 'a join was refused: the certificate it brought is not for this node')
		return { status: 400, body: {} }
	}
	const introduced = accept.members.filter(member => member.id !== nodeId)
	us.keys.store({
		nodeId,
		ca: { certificate: accept.caCertificate, key: accept.caKey },
		certificate: accept.certificate,
		self: accept.you,
		introduced,
	})
	us.code.spend()
	us.log.info({ from, members: introduced.length }, 'joined the cluster')
	us.joined(introduced, accept.you)
	return { status: 200, body: { nodeId } }
}

function refusal(verdict: Verdict): JoinAnswer | null {
	if (verdict === 'right') return null
	return verdict === 'wrong' ? NOTHING : { status: 403, body: { why: verdict } }
}

function fits(accept: z.infer<typeof acceptShape>, nodeId: string, ourPublicKey: string): boolean {
	try {
		const certificate = new X509Certificate(accept.certificate)
		const ca = new X509Certificate(accept.caCertificate)
		return (
			accept.you.id === nodeId &&
			commonName(certificate) === nodeId &&
			createPublicKey(ourPublicKey).equals(certificate.publicKey) &&
			signedBy(certificate, accept.caCertificate) &&
			createPublicKey(publicKeyOf(accept.caKey)).equals(ca.publicKey)
		)
	} catch {
		return false
	}
}
