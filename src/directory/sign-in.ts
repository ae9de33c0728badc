import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Clock, saslprep } from '../kit/index.ts'
import type { AppPasswords } from './app-passwords.ts'
import { COST, hashPassword, scramOf, verifyPassword } from './password.ts'
import { nobodysScram, type ScramLogin } from './scram.ts'
import type { Secrets } from './secrets.ts'
import type { SecondFactor } from './totp.ts'
import type { Account, SignIn } from './types.ts'

/** An account a login may mean, and what its owner can show. */
export type Candidate = { account: Account; secrets: Secrets }

export type SignInsOptions = {
	clock: Clock
	/** Those the login may mean, the likeliest first. */
	candidates(login: string): Candidate[]
	appPasswords: Pick<AppPasswords, 'match' | 'used'>
	secondFactor: Pick<SecondFactor, 'accepts'>
	/** The right password of an account whose hash is not as we make them today. */
	onOldHash(account: Account, password: string): Promise<void>
	/** Known to all nodes and nobody else. */
	scramSecret(): string
	tokens: TokenChecker | null
	/** Whom this node does not know may well exist. */
	isIncomplete(): boolean
}

/** Where an organisation has its own sign-in (OAuth 2.0): whose is a bearer token? */
export type TokenChecker = {
	/** The address it was given to; null when it is not good (any more). */
	ownerOf(token: string): Promise<string | null>
	/** For clients whose token is not good (RFC 7628 section 3.2.2): the provider's discovery document, and the scope. */
	configuration?: string
	scope?: string
}

const REMEMBERED_MS = 5 * 60_000
const REMEMBERED_MOST = 20_000

/**
 * Who is it? Every login, known or not, costs one password hash, so that the time tells nobody which exist.
 * A password that was right is remembered for some minutes (as an HMAC under a key of this process, and only as
 * long as the account's hash stays the same): clients that connect all day do not cost 30 ms each time.
 */
export class SignIns {
	#options: SignInsOptions
	#key = randomBytes(32)
	#right = new Map<string, { hash: string; mac: Buffer; until: number }>()
	/** The same check asked for at the same time (a client opens five connections) is made once. */
	#under = new Map<string, Promise<boolean>>()
	#nobody: Promise<string> | null = null

	constructor(options: SignInsOptions) {
		this.#options = options
	}

	/** A mail program: an app password, or the account's own where no second factor is asked. */
	async program(login: string, password: string): Promise<SignIn> {
		const { appPasswords } = this.#options
		const candidates = this.#options.candidates(login)
		for (const { account, secrets } of candidates) {
			const id = appPasswords.match(secrets, password)
			if (id === null) continue
			if (!account.disabled) appPasswords.used(account.id, id)
			return enter(account, true)
		}
		const refusal = this.#refusal(candidates)
		const found = await this.#byPassword(candidates, password)
		if (!found) return refusal
		return found.secrets.totp === '' ? enter(found.account) : { ok: false, why: 'app-password' }
	}

	/** A person at a page: the account's own password, and the code when there is a second factor. */
	async person(login: string, password: string, code: string): Promise<SignIn> {
		const candidates = this.#options.candidates(login)
		const refusal = this.#refusal(candidates)
		const found = await this.#byPassword(candidates, password)
		if (!found) return refusal
		if (found.account.disabled) return enter(found.account)
		return this.#options.secondFactor.accepts(found.account.id, code)
			? enter(found.account)
			: { ok: false, why: 'code' }
	}

	/**
	 * SCRAM: the login comes before anything is shown. It is told one salt, so of two accounts it may mean the first
	 * that can is meant, and of its passwords those are taken that share the salt (all that were made here).
	 */
	scram(login: string): ScramLogin {
		const { candidates, appPasswords, scramSecret } = this.#options
		for (const { account, secrets } of candidates(login)) {
			const own = { id: null, verifier: scramOf(secrets.passwordHash) }
			const all = [own, ...secrets.appPasswords.map(({ id, scram }) => ({ id, verifier: scram }))]
			const first = all.find(({ verifier }) => verifier)?.verifier
			if (!first) continue
			const { salt, iterations } = first
			const usable = all.flatMap(({ id, verifier }) =>
				verifier?.salt.equals(salt) && verifier.iterations === iterations ? [{ id, ...verifier }] : [],
			)
			return {
				salt,
				iterations,
				keys: usable,
				signIn(key) {
					const proved = key === null ? undefined : usable[key]
					if (!proved) return WRONG
					if (proved.id === null) {
						return secrets.totp === '' ? enter(account) : { ok: false, why: 'app-password' }
					}
					if (!account.disabled) appPasswords.used(account.id, proved.id)
					return enter(account, true)
				},
			}
		}
		const refusal = this.#refusal([])
		return { ...nobodysScram(scramSecret(), login), signIn: () => refusal }
	}

	/** Who brings a token of the organisation's own sign-in; `login` may be '', else it must be the token's owner. */
	async token(login: string, token: string): Promise<SignIn> {
		const { tokens, candidates } = this.#options
		const owner = await tokens?.ownerOf(token)
		const account = owner ? candidates(owner)[0]?.account : undefined
		if (!account) return WRONG
		const meant = login === '' || candidates(login).some(one => one.account.id === account.id)
		return meant ? enter(account) : WRONG
	}

	/** A login that nobody has may be somebody's whom we have not heard of yet: as it is when he is looked for. */
	#refusal(candidates: Candidate[]): SignIn {
		return candidates.length === 0 && this.#options.isIncomplete() ? NOT_NOW : WRONG
	}

	async #byPassword(candidates: Candidate[], password: string): Promise<Candidate | null> {
		const able = candidates.filter(({ account }) => account.passwordHash !== '')
		for (const candidate of able) if (await this.#isRight(candidate.account, password)) return candidate
		if (able.length === 0) await verifyPassword(await this.#hashOfNobody(), password)
		return null
	}

	async #isRight(account: Account, password: string): Promise<boolean> {
		const { id, passwordHash } = account
		const mac = createHmac('sha256', this.#key)
			.update(`${id}\0${saslprep(password) ?? ''}`)
			.digest()
		const known = this.#right.get(id)
		if (
			known &&
			known.hash === passwordHash &&
			known.until > this.#options.clock.now() &&
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
		if (!scramOf(passwordHash)) await this.#options.onOldHash(account, password)
		return true
	}

	#remember(id: string, hash: string, mac: Buffer): void {
		this.#right.delete(id)
		if (this.#right.size >= REMEMBERED_MOST) this.#right.delete(this.#right.keys().next().value!)
		this.#right.set(id, { hash, mac, until: this.#options.clock.now() + REMEMBERED_MS })
	}

	#hashOfNobody(): Promise<string> {
		return (this.#nobody ??= hashPassword(randomBytes(16).toString('hex'), COST))
	}
}

const WRONG: SignIn = { ok: false, why: 'wrong' }
const NOT_NOW: SignIn = { ok: false, why: 'not-now' }

function enter(account: Account, program = false): SignIn {
	if (account.disabled) return { ok: false, why: 'disabled' }
	return program ? { ok: true, account, program } : { ok: true, account }
}
