import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Grounds, openGrounds } from './fuzz/houses.ts'
import { converse, healthy } from './fuzz/session.ts'

/*
 * Conversations that begin well and go wrong, in every state of every protocol: nothing ends the process, nobody waits
 * for ever, no stranger sees our inside, and who comes next is served. Each has a seed, told when it fails:
 *
 *   FUZZ_SEED=123 node --test test/fuzz.test.ts      that conversation alone, in every protocol
 *   FUZZ_SECONDS=600 node --test test/fuzz.test.ts   ten minutes of new ones for each protocol
 */

const SEED = process.env.FUZZ_SEED
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 0)
/** Without a time: as many as these, always the same. */
const CONVERSATIONS = 3000
const AT_ONCE = 16
const MOST_GROWN = 200 * 1024 * 1024

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void
const memory = () => {
	gc()
	const { heapUsed, external } = process.memoryUsage()
	return heapUsed + external
}

let grounds: Grounds
before(async () => {
	grounds = await openGrounds()
})
after(() => grounds.close())

/** Runs conversations until there is no next seed; several at once. */
async function all(
	atOnce: number,
	next: () => number | null,
	one: (seed: number) => Promise<void>,
): Promise<number> {
	let count = 0
	const worker = async () => {
		for (let seed = next(); seed !== null; seed = next()) {
			await one(seed)
			count++
		}
	}
	await Promise.all(Array.from({ length: atOnce }, worker))
	return count
}

for (const name of ['imap', 'pop3', 'smtp', 'submission', 'lmtp'] as const) {
	test(`${name} survives whatever is said, in every state`, {
		timeout: SECONDS * 1000 + 120_000,
	}, async t => {
		const ground = grounds.all.find(one => one.name === name)!
		await healthy(ground)
		const before = memory()
		const first = SEED ? Number(SEED) : SECONDS ? Date.now() % 0x100000000 : 1
		const end = Date.now() + SECONDS * 1000
		let seed = first
		const next = () => {
			const goesOn = SEED ? seed === first : SECONDS ? Date.now() < end : seed < first + CONVERSATIONS
			return goesOn ? seed++ : null
		}
		// One program at a time reads a maildrop.
		const count = await all(name === 'pop3' ? 1 : AT_ONCE, next, async seed => {
			await converse(ground, seed)
			const faults = grounds.faults()
			assert.deepEqual(faults, [], `at about seed ${seed}`)
		})
		await healthy(ground)
		const grown = memory() - before
		assert.ok(grown < MOST_GROWN, `${Math.round(grown / 1e6)} MB more than before`)
		t.diagnostic(`${count} conversations from seed ${first}, ${Math.round(grown / 1e6)} MB more than before`)
	})
}
