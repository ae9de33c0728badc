import { X509Certificate } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { base32, readIfThere, writeFileAtomic } from '../kit/index.ts'
import {
	fingerprint,
	type KeyPair,
	makeClusterCa,
	makeIdentity,
	makeKey,
	publicKeyOf,
	signNode,
} from './certificates.ts'
import type { Member } from './types.ts'

export const memberShape = z.object({
	id: z.string().min(1).max(64),
	ip: z.string().min(1).max(255),
	webPort: z.int().min(1).max(65535),
	clusterPort: z.int().min(1).max(65535),
})

const keyPairShape = z.object({ certificate: z.string(), key: z.string() })

// One file, so that a node is in the cluster wholly or not at all, whenever the power fails.
const clusterShape = z.object({
	nodeId: z.string(),
	ca: keyPairShape,
	certificate: z.string(),
	/** Our own entry as peers were told it at joining. */
	self: memberShape,
	/** The other members as last known; they count while the directory names none: at joining, and when its file was lost. */
	introduced: z.array(memberShape),
})

/** What makes this node a member. */
export type Membership = z.infer<typeof clusterShape>

/**
 * The folder `keys/`: the node's one private key, its self-signed identity, and its membership.
 * The key never changes, so neither does the fingerprint that join codes and mail clients know.
 */
export class Keys {
	readonly key: string
	readonly identity: KeyPair
	#membership: Membership | null
	#path: string

	private constructor(path: string, identity: KeyPair, membership: Membership | null) {
		this.#path = path
		this.key = identity.key
		this.identity = identity
		this.#membership = membership
	}

	/** Opens the folder, making what is missing. `addresses` and `hostname` are what the identity is good for. */
	static async open(folder: string, self: string, hostname: string, addresses: string[]): Promise<Keys> {
		mkdirSync(folder, { recursive: true, mode: 0o700 })
		let key = readIfThere(join(folder, 'node.key'))
		if (!key) {
			key = await makeKey()
			writeFileAtomic(join(folder, 'node.key'), key)
		}
		let certificate = readIfThere(join(folder, 'identity.crt'))
		if (!certificate || !isGoodFor(certificate, key, hostname, addresses)) {
			certificate = (await makeIdentity(hostname, addresses, key)).certificate
			writeFileAtomic(join(folder, 'identity.crt'), certificate)
		}
		const path = join(folder, 'cluster.json')
		const text = readIfThere(path)
		const membership = text ? clusterShape.parse(JSON.parse(text)) : null
		// A membership of another id is what a leave() left behind when the power failed: the node has gone.
		return new Keys(path, { certificate, key }, membership?.nodeId === self ? membership : null)
	}

	get membership(): Membership | null {
		return this.#membership
	}

	/** Names the cluster: derived from the CA's key, '' outside of any cluster. */
	get clusterId(): string {
		return this.#membership ? clusterIdOf(this.#membership.ca.certificate) : ''
	}

	/** The CA of our cluster; made, with our own certificate, when there is none yet. */
	async found(self: Member): Promise<Membership> {
		if (this.#membership) return this.#membership
		const ca = await makeClusterCa()
		const certificate = await signNode(ca, publicKeyOf(this.key), self.id, [self.ip])
		this.store({ nodeId: self.id, ca, certificate, self, introduced: [] })
		return this.#membership!
	}

	/** Signs our certificate anew when peers dial us at an address it does not have. True when it changed. */
	async coverAddress(address: string): Promise<boolean> {
		const membership = this.#membership
		if (!membership || hasAddress(membership.certificate, address)) return false
		const certificate = await signNode(membership.ca, publicKeyOf(this.key), membership.nodeId, [address])
		this.store({ ...membership, certificate })
		return true
	}

	store(membership: Membership): void {
		writeFileAtomic(this.#path, JSON.stringify(membership))
		this.#membership = membership
	}

	forget(): void {
		rmSync(this.#path, { force: true })
		this.#membership = null
	}
}

export function clusterIdOf(caCertificate: string): string {
	return base32(fingerprint(caCertificate).subarray(0, 15)).toLowerCase()
}

function hasAddress(certificate: string, address: string): boolean {
	return new X509Certificate(certificate).checkIP(address) !== undefined
}

function isGoodFor(certificate: string, key: string, hostname: string, addresses: string[]): boolean {
	try {
		const parsed = new X509Certificate(certificate)
		return (
			parsed.publicKey.export({ format: 'pem', type: 'spki' }) === publicKeyOf(key) &&
			parsed.checkHost(hostname) !== undefined &&
			addresses.every(address => parsed.checkIP(address) !== undefined) &&
			Date.parse(parsed.validTo) > Date.now() + 30 * 86_400_000
		)
	} catch {
		return false
	}
}
