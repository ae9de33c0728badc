import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { base32, type Clock, fromBase32, Limiter, readIfThere, writeFileAtomic } from '../kit/index.ts'

/** The first 16 octets of the SHA-256 of the newcomer's public key, and 10 octets only it and the admin know. */
export type JoinCode = { fingerprint: Buffer; secret: Buffer }

const FINGERPRINT = 16
const SECRET = 10
const CHARACTERS = 42 // 26 octets, 5 bits a character
const GROUP = 6

const GOOD_FOR = 24 * 3_600_000
const MOST_WRONG = 10
// One stranger alone cannot use up the ten wrong tries and so void the admin's code.
const MOST_WRONG_PER_ADDRESS = 5
const ADDRESS_WINDOW = 10 * 60_000

/** As people read it: seven groups of six characters. */
export function formatJoinCode(code: JoinCode): string {
	const text = base32(Buffer.concat([code.fingerprint.subarray(0, FINGERPRINT), code.secret]))
	return text.match(new RegExp(`.{1,${GROUP}}`, 'g'))!.join('-')
}

/** Case, spaces and dashes do not matter, nor O for 0 and I or L for 1. Null when it is no join code. */
export function parseJoinCode(text: string): JoinCode | null {
	const plain = text.replace(/[\s-]/g, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1')
	if (plain.length !== CHARACTERS) return null
	const bytes = fromBase32(plain)
	if (!bytes || bytes.length !== FINGERPRINT + SECRET) return null
	return { fingerprint: bytes.subarray(0, FINGERPRINT), secret: bytes.subarray(FINGERPRINT) }
}

/** `wrong` says nothing more; the others are only told to somebody who knows the secret. */
export type Verdict = 'right' | 'wrong' | 'used' | 'expired' | 'void'

const fileShape = z.object({ hash: z.string(), made: z.number(), wrong: z.number(), used: z.boolean() })

/**
 * The code this node shows at the moment: kept as a hash, good for a day and for one join; ten wrong tries void
 * it. A new one replaces it.
 */
export class CurrentCode {
	#path: string
	#clock: Clock
	#state: z.infer<typeof fileShape> | null
	#wrongFrom: Limiter

	constructor(path: string, clock: Clock) {
		this.#path = path
		this.#clock = clock
		const text = readIfThere(path)
		this.#state = text ? fileShape.parse(JSON.parse(text)) : null
		this.#wrongFrom = new Limiter(ADDRESS_WINDOW, clock)
	}

	/** @param identity SHA-256 of the public key that our web port shows */
	make(identity: Buffer): string {
		const secret = randomBytes(SECRET)
		this.#state = { hash: hashOf(secret).toString('hex'), made: this.#clock.now(), wrong: 0, used: false }
		this.#save()
		return formatJoinCode({ fingerprint: identity, secret })
	}

	judge(secret: Buffer, from: string): Verdict {
		const state = this.#state
		if (!state || this.#wrongFrom.count(from) >= MOST_WRONG_PER_ADDRESS) return 'wrong'
		if (!timingSafeEqual(Buffer.from(state.hash, 'hex'), hashOf(secret))) {
			this.#wrongFrom.add(from)
			if (state.wrong < MOST_WRONG) {
				state.wrong++
				this.#save()
			}
			return 'wrong'
		}
		if (state.used) return 'used'
		if (state.wrong >= MOST_WRONG) return 'void'
		const age = this.#clock.now() - state.made
		return age > GOOD_FOR || age < -GOOD_FOR ? 'expired' : 'right'
	}

	spend(): void {
		if (!this.#state) return
		this.#state.used = true
		this.#save()
	}

	#save(): void {
		writeFileAtomic(this.#path, JSON.stringify(this.#state))
	}
}

function hashOf(secret: Buffer): Buffer {
	return createHash('sha256').update(secret).digest()
}
