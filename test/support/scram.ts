import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { formatClientFinal, formatClientFirst } from '../../src/wire/index.ts'

type Flag = Parameters<typeof formatClientFirst>[0]['flag']

const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** A client of SCRAM-SHA-256 (RFC 5802 section 3), as careless as a test wants it. */
export class ScramClient {
	#login: string
	#password: string
	#flag: Flag
	#bound: Buffer
	#first = ''
	#nonce: string
	#signature = ''

	constructor(
		login: string,
		password: string,
		{
			flag = { is: 'n' },
			bound = Buffer.alloc(0),
			nonce = randomBytes(12).toString('base64'),
		}: {
			flag?: Flag
			bound?: Buffer
			nonce?: string
		} = {},
	) {
		this.#login = login
		this.#password = password
		this.#flag = flag
		this.#bound = bound
		this.#nonce = nonce
	}

	first(authzid = ''): Buffer {
		this.#first = formatClientFirst({ flag: this.#flag, authzid, login: this.#login, nonce: this.#nonce })
		return Buffer.from(this.#first)
	}

	/** @throws when the server's message is none, or not an answer to ours */
	final(challenge: Buffer): Buffer {
		const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(String(challenge))!
		if (!nonce!.startsWith(this.#nonce) || nonce === this.#nonce) throw new Error('not our nonce')
		const salted = pbkdf2Sync(this.#password, Buffer.from(salt!, 'base64'), Number(iterations), 32, 'sha256')
		const clientKey = hmac(salted, 'Client Key')
		const gs2 = /^[^,]*,[^,]*,/.exec(this.#first)![0]
		const binding = Buffer.concat([Buffer.from(gs2), this.#bound])
		const bare = formatClientFinal({ binding, nonce: nonce!, proof: Buffer.alloc(0) }).slice(0, -',p='.length)
		const said = `${this.#first.slice(gs2.length)},${challenge},${bare}`
		const signature = hmac(createHash('sha256').update(clientKey).digest(), said)
		this.#signature = hmac(hmac(salted, 'Server Key'), said).toString('base64')
		const proof = Buffer.from(clientKey.map((octet, at) => octet ^ signature[at]!))
		return Buffer.from(formatClientFinal({ binding, nonce: nonce!, proof }))
	}

	/** Has the server shown that it knows the password's key, too? */
	isServer(final: Buffer): boolean {
		return String(final) === `v=${this.#signature}`
	}
}
