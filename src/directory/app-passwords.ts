import { randomBytes } from 'node:crypto'
import { base32, type Clock, newId } from '../kit/index.ts'
import { DirectoryError } from './error.ts'
import { formatScram, newScramSalt, scramVerifier } from './scram.ts'
import { digestOf, type Secrets, sameDigest, scramSaltOf } from './secrets.ts'
import type { Value } from './types.ts'

/** `lastUsed` (ms) as far as this node knows, to a minute or so; null = never here. */
export type AppPassword = { id: string; name: string; created: number; lastUsed: number | null }

/** The accounts' records, as far as secrets are concerned. Ids of no account: @throws DirectoryError */
export type SecretsFile = {
	secretsOf(account: string): Secrets
	change(account: string, values: Record<string, Value>): void
	/** Kept at this node only. */
	usesOf(account: string): Map<string, number>
	saveUse(account: string, appPassword: string, at: number): void
}

const MOST = 50
const GROUPS = 4
const GROUP = 5
const USE_KEPT_EVERY_MS = 60_000

/**
 * One for each mail program or device, made by us: for IMAP, POP3 and SMTP instead of the account's password. A stolen
 * phone costs one of them.
 */
export class AppPasswords {
	#file: SecretsFile
	#clock: Clock

	constructor(file: SecretsFile, clock: Clock) {
		this.#file = file
		this.#clock = clock
	}

	/** Oldest first. @throws DirectoryError */
	list(account: string): AppPassword[] {
		const uses = this.#file.usesOf(account)
		return this.#file
			.secretsOf(account)
			.appPasswords.map(({ id, name, created }) => ({ id, name, created, lastUsed: uses.get(id) ?? null }))
			.sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1))
	}

	/**
	 * The password is told once and never again.
	 * @param name of the device or program, for its owner
	 * @throws DirectoryError
	 */
	async add(account: string, name: string): Promise<{ id: string; password: string }> {
		const plain = name.trim()
		if (plain === '' || plain.length > 100 || /\p{Cc}/u.test(plain)) {
			throw new DirectoryError('invalid-name', 'give the app password a name of up to 100 characters')
		}
		const secrets = this.#file.secretsOf(account)
		if (secrets.appPasswords.length >= MOST) {
			throw new DirectoryError('in-use', `there are ${MOST} app passwords already; remove one first`)
		}
		const password = newAppPassword()
		const scram = await scramVerifier(password, scramSaltOf(secrets) ?? newScramSalt())
		const created = this.#clock.now()
		const id = newId(created)
		const value = [plain, String(created), digestOf(password), formatScram(scram)]
		this.#file.change(account, { [`app_${id}`]: value })
		return { id, password }
	}

	/** Who uses it is not let in again. @throws DirectoryError */
	remove(account: string, id: string): void {
		if (!this.#file.secretsOf(account).appPasswords.some(one => one.id === id)) {
			throw new DirectoryError('nonexistent', 'there is no such app password')
		}
		this.#file.change(account, { [`app_${id}`]: null })
	}

	/** The id of the app password this is, or null. */
	match({ appPasswords }: Secrets, password: string): string | null {
		if (appPasswords.length === 0) return null
		const digest = digestOf(password)
		let found: string | null = null
		for (const one of appPasswords) if (sameDigest(one.digest, digest)) found = one.id
		return found
	}

	/** It let somebody in just now. */
	used(account: string, id: string): void {
		const now = this.#clock.now()
		const last = this.#file.usesOf(account).get(id)
		if (last === undefined || now - last >= USE_KEPT_EVERY_MS) this.#file.saveUse(account, id, now)
	}
}

/** `abcde-fghjk-…`: a hundred random bits in characters that can be read aloud. */
function newAppPassword(): string {
	const text = base32(randomBytes(13)).toLowerCase()
	return Array.from({ length: GROUPS }, (_, at) => text.slice(at * GROUP, (at + 1) * GROUP)).join('-')
}
