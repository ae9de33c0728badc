import { execFileSync } from 'node:child_process'
import { createDecipheriv, createECDH, type ECDH, hkdfSync, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from './jmap.ts'

type Post = { path: string; headers: Record<string, unknown>; body: Buffer }

/** Where pushes are brought to (RFC 8030), and the devices they are for. */
export class PushService {
	readonly ip: string
	/** Nodes must trust this (PEM file): NODE_EXTRA_CA_CERTS. */
	readonly trust: string
	readonly posts: Post[] = []
	/** What is answered. */
	status = 201
	readonly #folder = mkdtempSync(join(tmpdir(), 'panpipe-push-'))
	readonly #server: Server

	constructor(ip: string) {
		this.ip = ip
		this.trust = join(this.#folder, 'tls.crt')
		const key = join(this.#folder, 'tls.key')
		execFileSync(
			'openssl',
			[
				...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3'],
				...['-keyout', key, '-out', this.trust, '-subj', '/CN=push', '-addext', `subjectAltName=IP:${ip}`],
			],
			{ stdio: 'ignore' },
		)
		const tls = { key: readFileSync(key), cert: readFileSync(this.trust) }
		this.#server = createServer(tls, async (request, response) => {
			const pieces: Buffer[] = []
			for await (const piece of request) pieces.push(piece)
			this.posts.push({ path: request.url!, headers: request.headers, body: Buffer.concat(pieces) })
			response.writeHead(this.status).end()
		})
	}

	start(): Promise<void> {
		return new Promise(resolve => this.#server.listen(8443, this.ip, () => resolve()))
	}

	url(path: string): string {
		return `https://${this.ip}:8443${path}`
	}

	/** What came to a path, in order. */
	at(path: string): Post[] {
		return this.posts.filter(post => post.path === path)
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections()
		await new Promise(resolve => this.#server.close(resolve))
		rmSync(this.#folder, { recursive: true })
	}
}

/** Has keys, and reads what is sealed for them (RFC 8291, RFC 8188). */
export class Device {
	readonly #ecdh: ECDH = createECDH('prime256v1')
	readonly #auth = randomBytes(16)
	readonly keys: { p256dh: string; auth: string }

	constructor() {
		const p256dh = this.#ecdh.generateKeys().toString('base64url')
		this.keys = { p256dh, auth: this.#auth.toString('base64url') }
	}

	read(body: Buffer): Json {
		const salt = body.subarray(0, 16)
		const length = body[20]!
		const theirs = body.subarray(21, 21 + length)
		const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#ecdh.getPublicKey(), theirs])
		const secret = Buffer.from(hkdfSync('sha256', this.#ecdh.computeSecret(theirs), this.#auth, info, 32))
		const of = (what: string, octets: number) =>
			Buffer.from(hkdfSync('sha256', secret, salt, `Content-Encoding: ${what}\0`, octets))
		const decipher = createDecipheriv('aes-128-gcm', of('aes128gcm', 16), of('nonce', 12))
		decipher.setAuthTag(body.subarray(-16))
		const plain = Buffer.concat([decipher.update(body.subarray(21 + length, -16)), decipher.final()])
		if (plain.at(-1) !== 2) throw new Error('this is not the last record')
		return JSON.parse(plain.subarray(0, -1).toString())
	}
}
