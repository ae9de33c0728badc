import { isIP } from 'node:net'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type Clock, Emitter, type Log, normalAddress, systemClock } from '../kit/index.ts'
import { Acme } from './acme.ts'
import { fingerprint } from './certificates.ts'
import { connectToNode } from './connect.ts'
import { Engine, engineInstalled } from './engine.ts'
import { type Invitation, type Invited, inviteNode } from './invite.ts'
import { answerJoin, type JoinAnswer } from './join.ts'
import { CurrentCode } from './join-code.ts'
import { Keys, memberShape } from './keys.ts'
import { NatsLinks } from './links.ts'
import { PublicCertificate } from './public-certificate.ts'
import { type LogStream, NodeLog } from './streams.ts'
import { type Links, type Member, Unreachable } from './types.ts'
import { WebPorts } from './web-ports.ts'
import { WebContexts, type WebTls } from './web-tls.ts'

export type ClusterOptions = {
	/** The node's data directory; `keys/` and `engine/` in it are ours. */
	dataDir: string
	/** The node's id. */
	self: string
	hostname: string
	version: string
	/** The address we listen at; may be 0.0.0.0 or ::. */
	listen: string
	webPort: number
	clusterPort: number
	/** The address peers reach us at when it is not the one we listen at. */
	advertise?: string | null
	/** What else the identity certificate shall be good for. */
	addresses?: string[]
	/** PEM files of the certificate that people's programs shall see. */
	certificateFiles?: { certificate: string; key: string } | null
	log: Log
	clock?: Clock
	/** What the admin wrote about this node, asked when somebody lets it join. */
	about?: () => { description: string; site: string }
}

/** Membership has just been stored: fetch the directory from these, they do not name us to anyone yet. */
export type Joined = { members: Member[]; self: Member }

const CONNECT_WITHIN = 5_000

/** Opens the cluster side of a node: reads its keys (or makes them). The engine starts when there are peers. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
	const addresses = [options.advertise, options.listen, ...(options.addresses ?? [])].filter(isOne)
	const folder = join(options.dataDir, 'keys')
	const keys = await Keys.open(folder, options.self, options.hostname, [...new Set(addresses)])
	return new Cluster(options, keys, new CurrentCode(join(folder, 'join.json'), options.clock ?? systemClock))
}

/** This node among the others. One alone has one too: it has no peers, and says and hears nothing. */
export class Cluster {
	readonly links: Links
	readonly webTls: WebTls
	/** What people's programs see. */
	readonly certificate: PublicCertificate
	readonly acme: Acme
	readonly logStream: LogStream
	#options: ClusterOptions
	#clock: Clock
	#self: string
	#keys: Keys
	#code: CurrentCode
	#engine: Engine
	#links: NatsLinks
	#web: WebContexts
	#webPorts = new WebPorts(node => this.#tryWebPort(node))
	#stream: NodeLog
	#joined: Emitter<Joined>
	#given: Member[] = []
	#answering: Promise<unknown> = Promise.resolve()
	#inviting: Promise<unknown> = Promise.resolve()

	constructor(options: ClusterOptions, keys: Keys, code: CurrentCode) {
		this.#options = options
		this.#clock = options.clock ?? systemClock
		this.#self = options.self
		this.#keys = keys
		this.#code = code
		this.#joined = new Emitter(error => options.log.error({ err: error }, 'after joining'))
		const folder = join(options.dataDir, 'keys')
		this.certificate = new PublicCertificate({
			folder,
			files: options.certificateFiles ?? null,
			selfSigned: keys.identity,
			log: options.log,
		})
		this.acme = new Acme(folder, this.certificate, this.#clock, options.log)
		const isMember = (id: string) => this.#others().some(member => member.id === id)
		this.webTls = this.#web = new WebContexts(keys, this.certificate, this.acme, isMember)
		this.logStream = this.#stream = new NodeLog(options.self, options.log)
		this.links = this.#links = new NatsLinks({
			self: options.self,
			version: options.version,
			clock: this.#clock,
			log: options.log,
			connect: (node, protocol, timeoutMs) => this.#connect(node, protocol, timeoutMs),
			webPort: node => this.#webPorts.problem(node),
			connected: nats => this.#stream.use(nats, this.#self),
			hung: () => this.#engine.hung(),
		})
		// Not only when there is mail for it: who administers is to know before people do.
		this.#links.onPeerUp(node => void this.#tryWebPort(node))
		this.#engine = new Engine(join(options.dataDir, 'engine'), options.log)
		this.#engine.up.on(access => this.#links.engineUp(access))
		this.#engine.down.on(() => this.#links.engineDown())
		// Without anyone to go to we wait for setMembers: only the directory knows that we are alone.
		if (this.#others().length > 0) void this.#apply()
	}

	/** Names the cluster, '' outside of any. */
	get id(): string {
		return this.#keys.clusterId
	}

	/** Why the engine does not run though it should, as a sentence; null = all is well. */
	get problem(): string | null {
		return this.#engine.problem
	}

	/**
	 * The active nodes by the directory, ourselves among them or not. Resolves when the engine has taken it over.
	 * @param removed ids of those the directory says were taken out
	 */
	async setMembers(members: Member[], removed: string[] = []): Promise<void> {
		this.#given = members.map(member => ({ ...member }))
		this.#remember(removed)
		await this.#apply()
	}

	/** A node whose directory was lost gets it from the others: so it must not know them by the directory alone. */
	#remember(removed: string[]): void {
		const membership = this.#keys.membership
		if (!membership) return
		const others = this.#othersGiven().filter(member => memberShape.safeParse(member).success)
		const introduced = (others.length > 0 ? others : membership.introduced)
			.filter(({ id }) => !removed.includes(id))
			.map(({ id, ip, webPort, clusterPort }) => ({ id, ip, webPort, clusterPort }))
		if (!isDeepStrictEqual(introduced, membership.introduced)) this.#keys.store({ ...membership, introduced })
	}

	/** A new code, to be typed in at a member; the one before is void. */
	async joinCode(): Promise<string> {
		return this.#code.make(fingerprint(this.#keys.identity.certificate))
	}

	/** Lets a newcomer in. The caller then writes it into the directory and calls `setMembers`. @throws JoinFailed */
	async invite(invitation: Invitation): Promise<Invited> {
		// One after the other: the first of them makes the CA.
		const invited = this.#inviting.then(() =>
			inviteNode(
				{
					keys: this.#keys,
					clock: this.#clock,
					self: this.#self,
					version: this.#options.version,
					others: () => this.#others().filter(member => memberShape.safeParse(member).success),
					engineInstalled,
				},
				invitation,
			).finally(() => this.#web.renew()),
		)
		this.#inviting = invited.catch(() => {})
		return await invited
	}

	/** What the web port answers to a POST below /cluster/join/. `body` is the parsed JSON, whatever it is. */
	async answerJoin(path: string, body: unknown, remoteAddress: string): Promise<JoinAnswer> {
		// One after the other: a code lets one in.
		const answer = this.#answering.then(() =>
			answerJoin(
				{
					keys: this.#keys,
					code: this.#code,
					clock: this.#clock,
					log: this.#options.log,
					about: () => this.#about(),
					others: () => this.#others().filter(member => memberShape.safeParse(member).success),
					engineInstalled,
					joined: (members, self) => {
						this.#web.renew()
						void this.#apply()
						this.#joined.emit({ members, self })
					},
				},
				path,
				body,
				normalAddress(remoteAddress),
			),
		)
		this.#answering = answer.catch(() => {})
		return await answer
	}

	/** Called when this node has just been let into a cluster. */
	onJoined(hear: (joined: Joined) => void): () => void {
		return this.#joined.on(hear)
	}

	/** Forgets the cluster; from now on we are `newId`, alone. */
	async leave(newId: string): Promise<void> {
		this.#keys.forget()
		this.#given = []
		this.#self = newId
		this.#links.setMembers([])
		this.#web.renew()
		await this.#engine.forget()
		this.#links.self = newId
	}

	/** Makes JetStream's state anew. */
	async rebuild(): Promise<void> {
		await this.#engine.rebuild()
	}

	async close(): Promise<void> {
		this.certificate.close()
		this.acme.close()
		this.#webPorts.close()
		await this.#links.close()
		await this.#engine.apply(null)
	}

	#othersGiven(): Member[] {
		return this.#given.filter(member => member.id !== this.#self)
	}

	#others(): Member[] {
		const given = this.#othersGiven()
		return given.length > 0 ? given : (this.#keys.membership?.introduced ?? [])
	}

	/** The address peers dial us at, null when nobody has told yet. */
	#ourAddress(): string | null {
		const known = this.#given.find(member => member.id === this.#self) ?? this.#keys.membership?.self
		return [known?.ip, this.#options.advertise, this.#options.listen].find(isOne) ?? null
	}

	#about() {
		const { hostname, webPort, clusterPort, version, about } = this.#options
		return { nodeId: this.#self, hostname, webPort, clusterPort, version, ...(about?.() ?? NO_WORDS) }
	}

	/** Brings links and engine to what members and keys say now. Does not throw: it is called in passing. */
	async #apply(): Promise<void> {
		try {
			const known = this.#others()
			this.#links.setMembers(known.map(member => member.id))
			this.#webPorts.membersChanged(known)
			const address = this.#ourAddress()
			if (address && (await this.#keys.coverAddress(address))) this.#web.renew()
			// Read after the await: of two calls at one time the later must win.
			const others = this.#others()
			const membership = this.#keys.membership
			if (others.length === 0 || !membership) return await this.#engine.forget()
			await this.#engine.apply({
				self: this.#self,
				clusterId: this.#keys.clusterId,
				listen: this.#options.listen,
				clusterPort: this.#options.clusterPort,
				advertise: address,
				certificate: membership.certificate,
				key: this.#keys.key,
				ca: membership.ca.certificate,
				// A node whose address is not known yet dials us.
				routes: others.filter(member => member.ip && member.clusterPort),
			})
		} catch (error) {
			this.#options.log.error({ err: error }, 'the change of members could not be carried out')
		}
	}

	async #connect(node: string, protocol: string, timeoutMs = CONNECT_WITHIN) {
		const member = this.#others().find(other => other.id === node)
		if (!member) throw new Unreachable(`${node} is not a member of the cluster`)
		const membership = this.#keys.membership
		if (!membership) throw new Unreachable('this node is in no cluster')
		try {
			const socket = await connectToNode(member, { membership, key: this.#keys.key }, protocol, timeoutMs)
			this.#webPorts.opened(node)
			return socket
		} catch (error) {
			this.#webPorts.failed(node, error)
			throw error
		}
	}

	/** One that is not heard either is a matter of its silence; it is tried again when it is back. */
	async #tryWebPort(node: string): Promise<void> {
		if (!this.#links.isUp(node)) return this.#webPorts.opened(node)
		await this.#connect(node, 'http/1.1').then(
			socket => socket.destroy(),
			() => {},
		)
	}
}

const NO_WORDS = { description: '', site: '' }

/** An address one can go to, not a wildcard. */
function isOne(address: string | null | undefined): address is string {
	return !!address && isIP(address) !== 0 && address !== '0.0.0.0' && address !== '::'
}
