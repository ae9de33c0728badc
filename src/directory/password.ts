import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { saslprep } from '../kit/index.ts'
import { DirectoryError } from './error.ts'
import { formatScram, newScramSalt, parseScram, type ScramVerifier, scramVerifier } from './scram.ts'
import { inTurn } from './slow.ts'

/** Argon2id, RFC 9106: memory in KiB, passes, lanes. */
export type Cost = { memory: number; passes: number; parallelism: number }

/** OWASP's minimum: some 30 ms of one core, so that a node can take hundreds of first sign-ins a minute. */
export const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 }

const TAG = 32
const SALT = 16
// A hash from elsewhere must not be able to take all memory or a minute of a core.
const MOST: Cost = { memory: 1024 * 1024, passes: 64, parallelism: 16 }

/**
 * The PHC string `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, and behind it what SCRAM needs (scram.ts): two ways to check
 * one password, written and merged as one value. Runs on the thread pool.
 * @param scramSalt the one app passwords of the account have, so that SCRAM can take either
 * @throws DirectoryError when it can be no password
 */
export async function hashPassword(
	password: string,
	cost: Cost = COST,
	scramSalt: Buffer = newScramSalt(),
): Promise<string> {
	const prepared = preparedPassword(password)
	const salt = randomBytes(SALT)
	const tag = await derive(prepared, salt, TAG, cost)
	const phc = `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(tag)}`
	return phc + formatScram(await scramVerifier(prepared, scramSalt))
}

/** False also for a hash that is not understood: nobody can sign in with it. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
	const parsed = parsePhc(hash)
	const prepared = saslprep(password)
	if (!parsed || prepared === null) return false
	const tag = await derive(prepared, parsed.salt, parsed.tag.length, parsed.cost)
	return timingSafeEqual(tag, parsed.tag)
}

/** What SCRAM needs of a hash; null when it was made without (elsewhere, or long ago). */
export function scramOf(hash: string): ScramVerifier | null {
	const match = PHC.exec(hash)
	return match ? parseScram(match[6]!) : null
}

/** One password, one string, however it was typed. @throws DirectoryError */
function preparedPassword(password: string): string {
	const prepared = saslprep(password)
	if (prepared !== null) return prepared
	throw new DirectoryError(
		'invalid-password',
		password === '' ? 'a password is wanted' : 'there are control characters in the password; choose another',
	)
}

const PHC =
	/^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,128})\$([A-Za-z0-9+/]{16,128})(|\$scram.*)$/

function parsePhc(hash: string): { cost: Cost; salt: Buffer; tag: Buffer } | null {
	const match = PHC.exec(hash)
	if (!match) return null
	const cost = { memory: Number(match[1]), passes: Number(match[2]), parallelism: Number(match[3]) }
	if (cost.memory < 8 * cost.parallelism || cost.passes < 1 || cost.parallelism < 1) return null
	if (cost.memory > MOST.memory || cost.passes > MOST.passes || cost.parallelism > MOST.parallelism)
		return null
	return { cost, salt: Buffer.from(match[4]!, 'base64'), tag: Buffer.from(match[5]!, 'base64') }
}

/** The PHC format's base64 has no padding. */
function base64(bytes: Buffer): string {
	return bytes.toString('base64').replace(/=+$/, '')
}

function derive(prepared: string, nonce: Buffer, tagLength: number, cost: Cost): Promise<Buffer> {
	return inTurn(done =>
		argon2('argon2id', { message: Buffer.from(prepared), nonce, tagLength, ...cost }, done),
	)
}
