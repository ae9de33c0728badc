import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'

/** Argon2id, RFC 9106: memory in KiB, passes, lanes. */
export type Cost = { memory: number; passes: number; parallelism: number }

/** OWASP's minimum: some 30 ms of one core, so that a node can take hundreds of first sign-ins a minute. */
export const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 }

const TAG = 32
const SALT = 16
// A hash from elsewhere must not be able to take all memory or a minute of a core.
const MOST: Cost = { memory: 1024 * 1024, passes: 64, parallelism: 16 }

// Each takes a thread of the pool that files and compression need too.
const AT_ONCE = 2
let running = 0
const waiting: (() => void)[] = []

/** The PHC string `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. Runs on the thread pool. */
export async function hashPassword(password: string, cost: Cost = COST): Promise<string> {
	const salt = randomBytes(SALT)
	const tag = await derive(password, salt, TAG, cost)
	return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(tag)}`
}

/** False also for a hash that is not understood: nobody can sign in with it. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
	const parsed = parsePhc(hash)
	if (!parsed) return false
	const tag = await derive(password, parsed.salt, parsed.tag.length, parsed.cost)
	return timingSafeEqual(tag, parsed.tag)
}

const PHC =
	/^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,128})\$([A-Za-z0-9+/]{16,128})$/

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

async function derive(password: string, nonce: Buffer, tagLength: number, cost: Cost): Promise<Buffer> {
	while (running >= AT_ONCE) await new Promise<void>(turn => waiting.push(turn))
	running++
	try {
		return await new Promise((resolve, reject) =>
			argon2(
				'argon2id',
				// One password, one byte string, however the keyboard composed it (RFC 8265 section 4.2.2).
				{ message: Buffer.from(password.normalize('NFC')), nonce, tagLength, ...cost },
				(error, tag) => (error ? reject(error) : resolve(tag)),
			),
		)
	} finally {
		running--
		waiting.shift()?.()
	}
}
