import { createHash, timingSafeEqual } from 'node:crypto'
import { scramOf } from './password.ts'
import { parseScram, type ScramVerifier } from './scram.ts'
import type { Fields, Value } from './types.ts'

/**
 * What an account's record holds for signing in, beside the hash of its password. Each is a field of its own, so that
 * two made at two places are both there after a merge, and one that was taken back stays taken back:
 *
 *   app_<id>       an app password: name, time, digest, SCRAM verifier; null = revoked
 *   totp           the secret in base32; null = off
 *   recovery_<n>   the digest of a recovery code; null = used
 */
export type Secrets = {
	passwordHash: string
	appPasswords: AppSecret[]
	/** '' = off. */
	totp: string
	recovery: { field: string; digest: string }[]
}

export type AppSecret = {
	id: string
	name: string
	created: number
	digest: string
	scram: ScramVerifier | null
}

export function secretsOf(fields: Fields): Secrets {
	const secrets: Secrets = { passwordHash: '', appPasswords: [], totp: '', recovery: [] }
	for (const [field, [value]] of Object.entries(fields)) {
		if (field.startsWith('app_')) {
			const one = appSecret(field.slice(4), value)
			if (one) secrets.appPasswords.push(one)
		} else if (typeof value !== 'string') continue
		else if (field === 'passwordHash' || field === 'totp') secrets[field] = value
		else if (field.startsWith('recovery_')) secrets.recovery.push({ field, digest: value })
	}
	return secrets
}

function appSecret(id: string, value: Value): AppSecret | null {
	if (!Array.isArray(value)) return null
	const [name = '', created, digest = '', scram = ''] = value
	return { id, name, created: Number(created), digest, scram: parseScram(scram) }
}

/** The SCRAM salt an account has had so far: new verifiers are made with it, so that one exchange can take any. */
export function scramSaltOf({ passwordHash, appPasswords }: Secrets): Buffer | undefined {
	return scramOf(passwordHash)?.salt ?? appPasswords.find(({ scram }) => scram)?.scram?.salt
}

/**
 * The digest of a code of our own making. Those have 80 random bits and more: no guessing is to be slowed down.
 * Case, spaces and dashes do not matter: people type them.
 */
export function digestOf(code: string): string {
	const plain = code.replace(/[\s-]/g, '').toLowerCase()
	return createHash('sha256').update(plain).digest('base64')
}

export function sameDigest(one: string, other: string): boolean {
	const [a, b] = [Buffer.from(one), Buffer.from(other)]
	return a.length === b.length && timingSafeEqual(a, b)
}
