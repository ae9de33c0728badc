import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { base32, type Clock, Limiter } from '../kit/index.ts'
import type { SecretsFile } from './app-passwords.ts'
import { DirectoryError } from './error.ts'
import { digestOf, type Secrets, sameDigest } from './secrets.ts'
import type { Value } from './types.ts'

const PERIOD = 30
// One step to each side: clocks of phones go wrong by half a minute.
const WINDOW = 1
const RECOVERY_CODES = 10
const WRONG_WITHIN_MS = 10 * 60_000
const MOST_WRONG = 10

/**
 * The second factor (RFC 6238: six digits, 30 seconds, SHA-1, as every authenticator app has it) and ten recovery codes
 * for the day the phone is gone. While it is on, mail programs need app passwords.
 */
export class SecondFactor {
	#file: SecretsFile
	#clock: Clock
	/** RFC 6238 section 5.2: a code lets in once. The last step that did, per account. */
	#spent = new Map<string, number>()
	#wrong: Limiter

	constructor(file: SecretsFile, clock: Clock) {
		this.#file = file
		this.#clock = clock
		this.#wrong = new Limiter(WRONG_WITHIN_MS, clock)
	}

	/** @throws DirectoryError when there is no such account */
	status(account: string): { on: boolean; recoveryCodesLeft: number } {
		const { totp, recovery } = this.#file.secretsOf(account)
		return { on: totp !== '', recoveryCodesLeft: totp === '' ? 0 : recovery.length }
	}

	/**
	 * A new secret for the person's app, not yet kept: `turnOn` with it and the first code does that.
	 * `uri` (otpauth:) is what a QR code shows.
	 */
	propose(address: string): { secret: string; uri: string } {
		const secret = new Secret({ size: 20 })
		const issuer = address.slice(address.lastIndexOf('@') + 1)
		return { secret: secret.base32, uri: new TOTP({ issuer, label: address, secret }).toString() }
	}

	/** @param code shows that the app has the secret. Gives the recovery codes, told only now. @throws DirectoryError */
	turnOn(account: string, secret: string, code: string): string[] {
		if (this.#file.secretsOf(account).totp !== '') {
			throw new DirectoryError('exists', 'TOTP is on already; turn it off first')
		}
		// 128 bits at least, as RFC 4226 section 4 asks: nobody chooses a short one.
		if (!/^[A-Z2-7]{26,128}$/.test(secret)) {
			throw new DirectoryError('wrong-code', 'this is no secret of an authenticator app; begin again')
		}
		const step = this.#stepOf(secret, code)
		if (step === null) {
			throw new DirectoryError('wrong-code', 'the code is wrong; is the clock of your phone right?')
		}
		const { codes, values } = newRecoveryCodes()
		this.#file.change(account, { totp: secret, ...values })
		this.#spent.set(account, step)
		return codes
	}

	/** Also an administrator's reset, when phone and recovery codes are lost. */
	turnOff(account: string): void {
		const { recovery } = this.#file.secretsOf(account)
		this.#file.change(account, {
			totp: null,
			...Object.fromEntries(recovery.map(({ field }) => [field, null])),
		})
	}

	/** The former ones are void. @throws DirectoryError */
	renewRecoveryCodes(account: string): string[] {
		if (this.#file.secretsOf(account).totp === '') throw new DirectoryError('nonexistent', 'TOTP is not on')
		const { codes, values } = newRecoveryCodes()
		this.#file.change(account, values)
		return codes
	}

	/** A code of the app, or a recovery code; either counts once. Always true while TOTP is off. */
	accepts(account: string, code: string): boolean {
		const secrets = this.#file.secretsOf(account)
		if (secrets.totp === '') return true
		if (this.#wrong.count(account) >= MOST_WRONG) return false
		if (this.#isCode(account, secrets, code) || this.#isRecoveryCode(account, secrets, code)) return true
		if (code !== '') this.#wrong.add(account)
		return false
	}

	#isCode(account: string, { totp }: Secrets, code: string): boolean {
		const step = this.#stepOf(totp, code)
		if (step === null || step <= (this.#spent.get(account) ?? -1)) return false
		this.#spent.set(account, step)
		return true
	}

	#isRecoveryCode(account: string, { recovery }: Secrets, code: string): boolean {
		const digest = digestOf(code)
		const found = recovery.find(one => sameDigest(one.digest, digest))
		if (found) this.#file.change(account, { [found.field]: null })
		return found !== undefined
	}

	/** The time step whose code this is, or null. */
	#stepOf(secret: string, code: string): number | null {
		const token = code.replace(/\s/g, '')
		if (!/^\d{6}$/.test(token)) return null
		const timestamp = this.#clock.now()
		const totp = new TOTP({ secret, period: PERIOD })
		const delta = totp.validate({ token, timestamp, window: WINDOW })
		return delta === null ? null : Math.floor(timestamp / 1000 / PERIOD) + delta
	}
}

function newRecoveryCodes(): { codes: string[]; values: Record<string, Value> } {
	const codes = Array.from({ length: RECOVERY_CODES }, () => {
		const text = base32(randomBytes(10)).toLowerCase()
		return [0, 4, 8, 12].map(at => text.slice(at, at + 4)).join('-')
	})
	return {
		codes,
		values: Object.fromEntries(codes.map((code, at) => [`recovery_${at}`, digestOf(code)])),
	}
}
