import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { saslprep } from '../../kit/index.ts'
import { decodeBase64 } from '../smtp/command.ts'
import { octetText } from './text.ts'

/** What is known of a login: one salt, and the keys of all passwords that were salted with it. */
export type ScramKeys = {
	salt: Buffer
	iterations: number
	keys: { storedKey: Buffer; serverKey: Buffer }[]
}

/** `p`: bound to the channel by that type; `y`: the client could, but was not offered it; `n`: it cannot. */
export type ChannelFlag = { is: 'n' | 'y' } | { is: 'p'; type: string }

export type ClientFirst = { flag: ChannelFlag; authzid: string; login: string; nonce: string }
export type ClientFinal = { binding: Buffer; nonce: string; proof: Buffer }

const MOST = 6000 // octets of one message
const KEY = 32 // octets of SHA-256
// RFC 5802 section 7: an attribute's name, `=`, a value without commas.
const GS2 = /^(n|y|p=([A-Za-z0-9.-]{1,64})),(?:a=([^,]{1,1024}))?,/
const FIRST_BARE = /^n=([^,]{1,1024}),r=([\x21-\x2b\x2d-\x7e]{1,512})(?:,[A-Za-z]=[^,]+)*$/
const FINAL = /^c=([^,]{1,2048}),r=([\x21-\x2b\x2d-\x7e]{1,1024})(?:,[A-Za-z]=[^,]+)*,p=([^,]{1,64})$/

/** Null when it is no client-first-message; an extension that must be understood (`m=`) is none we know. */
export function parseClientFirst(message: string): (ClientFirst & { gs2: string; bare: string }) | null {
	const header = GS2.exec(message)
	if (!header) return null
	const gs2 = header[0]
	const bare = message.slice(gs2.length)
	const match = FIRST_BARE.exec(bare)
	const login = match && unescaped(match[1]!)
	const authzid = unescaped(header[3] ?? '')
	if (!match || !login || authzid === null) return null
	const flag: ChannelFlag =
		header[2] === undefined ? { is: header[1] as 'n' | 'y' } : { is: 'p', type: header[2] }
	return { flag, authzid, login, nonce: match[2]!, gs2, bare }
}

export function formatClientFirst({ flag, authzid, login, nonce }: ClientFirst): string {
	const channel = flag.is === 'p' ? `p=${flag.type}` : flag.is
	return `${channel},${authzid === '' ? '' : `a=${escaped(authzid)}`},n=${escaped(login)},r=${nonce}`
}

export function parseClientFinal(message: string): (ClientFinal & { withoutProof: string }) | null {
	const match = FINAL.exec(message)
	const binding = match && decodeBase64(match[1]!)
	const proof = match && decodeBase64(match[3]!)
	if (!binding || proof?.length !== KEY) return null
	return { binding, nonce: match[2]!, proof, withoutProof: message.slice(0, message.lastIndexOf(',p=')) }
}

export function formatClientFinal({ binding, nonce, proof }: ClientFinal): string {
	return `c=${binding.toString('base64')},r=${nonce},p=${proof.toString('base64')}`
}

function escaped(name: string): string {
	return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

/** Null when an equals sign stands for nothing. */
function unescaped(name: string): string | null {
	if (/=(?!2C|3D)/.test(name)) return null
	return name.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

/** The client's fault in form. */
type Refusal = { is: 'refused'; why: string }

const refused = (why: string): Refusal => ({ is: 'refused', why })

/** The server's half of SCRAM-SHA-256 (RFC 5802, RFC 7677): `first`, then `challenge`, then `final`. */
export class ScramExchange {
	#plus: boolean
	/** What the channel is bound to by a type; null = that type cannot be had here. */
	#bindings: ReadonlyMap<string, Buffer>
	#nonce: string
	#gs2 = ''
	#bound: Buffer = Buffer.alloc(0)
	#said = ''
	#keys: ScramKeys['keys'] = []

	#announced: boolean

	/**
	 * @param plus SCRAM-SHA-256-PLUS was chosen
	 * @param announced the client was told that it may choose that
	 * @param nonce ours, of printable ASCII without commas
	 */
	constructor(
		plus: boolean,
		bindings: ReadonlyMap<string, Buffer>,
		{ announced, nonce }: { announced: boolean; nonce: string },
	) {
		this.#plus = plus
		this.#bindings = bindings
		this.#announced = announced
		this.#nonce = nonce
	}

	first(response: Buffer): { is: 'login'; login: string; authzid: string } | Refusal {
		const message = octetText(response, MOST)
		const first = message && parseClientFirst(message)
		if (!first) return refused('malformed SCRAM message')
		const { flag, authzid, gs2, bare, nonce } = first
		if ((flag.is === 'p') !== this.#plus) return refused('channel binding and mechanism do not fit together')
		// RFC 5802 section 6: somebody between us took PLUS out of what we offered.
		if (flag.is === 'y' && this.#announced) return refused('channel binding is offered here')
		if (flag.is === 'p') {
			const bound = this.#bindings.get(flag.type)
			if (!bound) return refused('that type of channel binding is not known here')
			this.#bound = bound
		}
		const login = saslprep(first.login)
		if (login === null) return refused('the name has characters that no name has')
		this.#gs2 = gs2
		this.#nonce = nonce + this.#nonce
		this.#said = bare
		return { is: 'login', login, authzid }
	}

	/** server-first-message. */
	challenge({ salt, iterations, keys }: ScramKeys): Buffer {
		const message = `r=${this.#nonce},s=${salt.toString('base64')},i=${iterations}`
		this.#said += `,${message}`
		this.#keys = keys
		return Buffer.from(message)
	}

	final(response: Buffer): { is: 'proved'; key: number; final: Buffer } | { is: 'unproved' } | Refusal {
		const message = octetText(response, MOST)
		const final = message && parseClientFinal(message)
		if (!final) return refused('malformed SCRAM message')
		if (final.nonce !== this.#nonce) return refused('the nonce is another')
		if (!final.binding.equals(Buffer.concat([Buffer.from(this.#gs2), this.#bound]))) {
			return refused('the channel is another')
		}
		const said = `${this.#said},${final.withoutProof}`
		let proved = -1
		// All are tried, so that the time does not tell which.
		for (const [at, { storedKey }] of this.#keys.entries())
			if (proves(storedKey, said, final.proof)) proved = at
		if (proved < 0) return { is: 'unproved' }
		const signature = createHmac('sha256', this.#keys[proved]!.serverKey).update(said).digest('base64')
		return { is: 'proved', key: proved, final: Buffer.from(`v=${signature}`) }
	}
}

/** RFC 5802 section 3: the client has shown that it knows the key whose hash is ours. */
function proves(storedKey: Buffer, said: string, proof: Buffer): boolean {
	const signature = createHmac('sha256', storedKey).update(said).digest()
	const clientKey = Buffer.alloc(KEY)
	for (let i = 0; i < KEY; i++) clientKey[i] = proof[i]! ^ signature[i]!
	return timingSafeEqual(createHash('sha256').update(clientKey).digest(), storedKey)
}
