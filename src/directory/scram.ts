import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { inTurn } from './slow.ts'
import type { SignIn } from './types.ts'

/** What SCRAM-SHA-256 (RFC 5802 section 3, RFC 7677) checks a password with; the password cannot be had from it. */
export type ScramVerifier = { iterations: number; salt: Buffer; storedKey: Buffer; serverKey: Buffer }

/** One exchange: what the client is told, the keys it may prove, and who it is when it has proved one. */
export type ScramLogin = {
	iterations: number
	salt: Buffer
	keys: { storedKey: Buffer; serverKey: Buffer }[]
	/** @param key index of the key that was proved, null = none was */
	signIn(key: number | null): SignIn
}

// RFC 7677 asks for 4096 at least. This costs whoever holds a stolen directory about half of what argon2id does.
const ITERATIONS = 50_000
const SALT = 16
const KEY = 32

export function newScramSalt(): Buffer {
	return randomBytes(SALT)
}

/** @param prepared a password after SASLprep */
export async function scramVerifier(prepared: string, salt: Buffer): Promise<ScramVerifier> {
	const salted = await inTurn<Buffer>(done => pbkdf2(prepared, salt, ITERATIONS, KEY, 'sha256', done))
	const clientKey = createHmac('sha256', salted).update('Client Key').digest()
	return {
		iterations: ITERATIONS,
		salt,
		storedKey: createHash('sha256').update(clientKey).digest(),
		serverKey: createHmac('sha256', salted).update('Server Key').digest(),
	}
}

export function formatScram({ iterations, salt, storedKey, serverKey }: ScramVerifier): string {
	const parts = [salt, storedKey, serverKey].map(part => part.toString('base64').replace(/=+$/, ''))
	return `$scram-sha-256$i=${iterations}$${parts.join('$')}`
}

const SHAPE =
	/^\$scram-sha-256\$i=(\d{4,7})\$([A-Za-z0-9+/]{11,128})\$([A-Za-z0-9+/]{43})\$([A-Za-z0-9+/]{43})$/

export function parseScram(text: string): ScramVerifier | null {
	const match = SHAPE.exec(text)
	if (!match) return null
	const [salt, storedKey, serverKey] = match.slice(2).map(part => Buffer.from(part, 'base64'))
	return { iterations: Number(match[1]), salt: salt!, storedKey: storedKey!, serverKey: serverKey! }
}

/**
 * For a login that cannot sign in by SCRAM: the same answer each time, at every node, and nobody can tell it from a
 * true one. No key of it can be proved.
 * @param secret known to all nodes and nobody else
 */
export function nobodysScram(secret: string, login: string): ScramLogin {
	return {
		iterations: ITERATIONS,
		salt: createHmac('sha256', secret).update(login).digest().subarray(0, SALT),
		keys: [{ storedKey: randomBytes(KEY), serverKey: randomBytes(KEY) }],
		signIn: () => ({ ok: false, why: 'wrong' }),
	}
}
