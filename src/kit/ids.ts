import { randomBytes } from 'node:crypto'

// Crockford's alphabet in lower case: sorts like the numbers it stands for.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

let pool = Buffer.alloc(0)
let used = 0

/** 80 random bits taken from a pool: randomBytes per id would cost more than the rest of a queue row. */
function random16(): string {
	if (used === pool.length) {
		pool = randomBytes(16 * 256)
		for (let i = 0; i < pool.length; i++) pool[i] = ALPHABET.charCodeAt(pool[i]! & 31)
		used = 0
	}
	used += 16
	return pool.toString('latin1', used - 16, used)
}

/** A 26-character id that sorts by the time it was made (the shape of a ULID): 10 of time, 16 of chance. */
export function newId(now: number = Date.now()): string {
	let time = ''
	let rest = now
	for (let i = 0; i < 10; i++) {
		time = ALPHABET[rest % 32] + time
		rest = Math.floor(rest / 32)
	}
	return time + random16()
}
