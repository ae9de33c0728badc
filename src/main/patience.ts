import type { SignIn } from '../directory/index.ts'
import { type Clock, isLoopback, Limiter, networkOf } from '../kit/index.ts'

/** Seconds to wait before it is worth trying again. */
export type TooMany = { ok: false; why: 'too-many'; seconds: number }

// Failed sign-ins are remembered this long.
const WINDOW_MS = 10 * 60_000
// A login with so many failures, from wherever, answers one at a time and ever more slowly, up to so long.
const LOGIN_FREE = 10
const LOGIN_MOST_MS = 15_000
const LOGIN_WAITING = 5
// Where somebody signed in lately, strangers who guess at his login do not slow him.
const KNOWN_MS = 24 * 3_600_000

/** Whoever guesses passwords, over whatever protocol, is made to wait: by his address, and by the login he tries. */
export class Patience {
	#byAddress: Limiter
	#byLogin: Limiter
	#known: Limiter
	#turns = new Map<string, { last: Promise<unknown>; waiting: number }>()
	#most: number
	#countLoopback: boolean

	constructor(options: { clock: Clock; failuresPerAddress: number; countLoopback: boolean }) {
		this.#byAddress = new Limiter(WINDOW_MS, options.clock)
		this.#byLogin = new Limiter(WINDOW_MS, options.clock)
		this.#known = new Limiter(KNOWN_MS, options.clock)
		this.#most = options.failuresPerAddress
		this.#countLoopback = options.countLoopback
	}

	async attempt(login: string, client: string, check: () => Promise<SignIn>): Promise<SignIn | TooMany> {
		const counted = this.#countLoopback || !isLoopback(client)
		if (!counted) return check()
		const name = login.toLowerCase()
		const from = networkOf(client)
		const friend = this.#known.count(`${name} ${from}`) > 0
		// A whole office comes from one address: a telephone there with an old password locks nobody else out.
		const crowded = this.#byAddress.count(from) >= this.#most
		if (crowded && !friend) return tooMany(WINDOW_MS)
		const failures = this.#byLogin.count(name) - LOGIN_FREE
		const result =
			failures < 0 || (friend && !crowded)
				? await check()
				: await this.#inTurn(name, Math.min(LOGIN_MOST_MS, 500 * 2 ** Math.min(failures, 10)), check)
		if (result.ok) this.#known.add(`${name} ${from}`)
		else if (result.why === 'wrong') {
			this.#byAddress.add(from)
			this.#byLogin.add(name)
		}
		return result
	}

	async #inTurn(name: string, delayMs: number, check: () => Promise<SignIn>): Promise<SignIn | TooMany> {
		const turn = this.#turns.get(name) ?? { last: Promise.resolve(), waiting: 0 }
		if (turn.waiting >= LOGIN_WAITING) return tooMany(delayMs)
		this.#turns.set(name, turn)
		turn.waiting++
		const mine = turn.last.then(async () => {
			await new Promise(resolve => setTimeout(resolve, delayMs).unref())
			return check()
		})
		turn.last = mine.catch(() => {})
		try {
			return await mine
		} finally {
			if (--turn.waiting === 0) this.#turns.delete(name)
		}
	}
}

function tooMany(ms: number): TooMany {
	return { ok: false, why: 'too-many', seconds: Math.ceil(ms / 1000) }
}
