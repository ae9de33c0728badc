import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../kit/index.ts'
import { COST, hashPassword, verifyPassword } from './password.ts'
import type { Account, SignIn } from './types.ts'

const REMEMBERED_MS = 5 * 60_000
const REMEMBERED_MOST = 20_000

/**
 * Who is it? Every login, known or not, costs one password hash, so that the time tells nobody which exist.
 * A password that was right is remembered for some minutes (as an HMAC under a key of this process, and only as
 * long as the account's hash stays the same): clients that connect all day do not cost 30 ms each time.
 */
export class SignIns {
	#clock: Clock
	#candidates: (login: string) => Account[]
	#key = randomBytes(32)
	#right = new Map<string, { hash: string; mac: Buffer; until: number }>()
	/** The same check asked for at the same time (a client opens five connections) is made once. */
	#under = new Map<string, Promise<boolean>>()
	#nobody: Promise<string> | null = null

	/** @param candidates accounts the login may mean, the likeliest first */
	constructor(options: { clock: Clock; candidates: (login: string) => Account[] }) {
		this.#clock = options.clock
		this.#candidates = options.candidates
	}

	async authenticate(login: string, password: string): Promise<SignIn> {
		const candidates = this.#candidates(login).filter(account => account.passwordHash !== '')
		for (const account of candidates) {
			if (await this.#isRight(account, password)) {
				return account.disabled ? { ok: false, why: 'disabled' } : { ok: true, account }
			}
		}
		if (candidates.length === 0) await verifyPassword(await this.#hashOfNobody(), password)
		return { ok: false, why: 'wrong' }
	}

	async #isRight({ id, passwordHash }: Account, password: string): Promise<boolean> {
		const mac = createHmac('sha256', this.#key)
			.update(`${id}\0${password.normalize('NFC')}`)
			.digest()
		const known = this.#right.get(id)
		if (
			known &&
			known.hash === passwordHash &&
			known.until > this.#clock.now() &&
			timingSafeEqual(known.mac, mac)
		) {
			return true
		}
		const key = `${mac.toString('base64')}${passwordHash}`
		let under = this.#under.get(key)
		if (!under) {
			under = verifyPassword(passwordHash, password).finally(() => this.#under.delete(key))
			this.#under.set(key, under)
		}
		if (!(await under)) return false
		this.#remember(id, passwordHash, mac)
		return true
	}

	#remember(id: string, hash: string, mac: Buffer): void {
		this.#right.delete(id)
		if (this.#right.size >= REMEMBERED_MOST) this.#right.delete(this.#right.keys().next().value!)
		this.#right.set(id, { hash, mac, until: this.#clock.now() + REMEMBERED_MS })
	}

	#hashOfNobody(): Promise<string> {
		return (this.#nobody ??= hashPassword(randomBytes(16).toString('hex'), COST))
	}
}
