import { randomBytes } from 'node:crypto'

// Crockford's alphabet in lower case: sorts like the numbers it stands for.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

let pool = Buffer.alloc(0)
let used = 0

/** 80 random bits taken from a pool: randomBytes per id would cost more than the rest of a queue row. */
function random16(): string {
	if (used + 16 > pool.length) {
		pool = randomBytes(16 * 256)
		used = 0
	}
	let out = ''
	for (let i = 0; i < 16; i++) out += ALPHABET[pool[used + i]! & 31]
	used += 16
	return out
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
