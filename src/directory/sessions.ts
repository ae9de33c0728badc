import { createHash, randomBytes } from 'node:crypto'
import { newId } from '../kit/index.ts'
import { DirectoryError } from './error.ts'
import { Keeper } from './keeper.ts'
import { isDeleted, numberOf, textOf } from './records.ts'
import { isSignedBy, readSession, type SessionClaim, signSession } from './session-token.ts'
import type { Account, Fields } from './types.ts'

export type Session = {
	id: string
	account: string
	since: number
	/** When it was last given a new token: to some hours. */
	renewed: number
	ends: number
	/** Where it was begun: node, client address, and what the program calls itself. */
	node: string
	client: string
	program: string
}

export type Opened = { token: string; session: Session; until: number }

/** Unused so long a session ends; and in any case so long after it was begun. Milliseconds. */
const SESSION_IDLE = 12 * 3_600_000
const SESSION_LONGEST = 7 * 24 * 3_600_000
// Sessions of one account that were begun at one node: records are used again, so that their number is bounded for ever.
const SLOTS = 16
// A session in use is given a new token at most so often: each is a write that travels.
const RENEW_AFTER = 3_600_000

/** Who is signed in at a browser, known at every node. */
export class Sessions extends Keeper {
	open({ id }: Account, from: { client: string; program: string }): Opened {
		const account = this.account(id)! // its hash may have been made anew just now
		const now = this.clock.now()
		const slot = this.#slotFor(account.id, now)
		const claim = { slot, id: newId(now), account: account.id, since: now }
		this.put('session', `${account.id}.${slot}`, {
			sid: claim.id,
			account: account.id,
			since: now,
			renewed: now,
			node: this.self(),
			client: from.client,
			program: from.program.slice(0, 200),
			deleted: false,
		})
		return this.#issue(account, claim, now)
	}

	/** The session a cookie stands for, null when it is over. Known at every node that knows the account. */
	of(token: string): { account: Account; session: Session } | null {
		const claim = readSession(token)
		if (!claim) return null
		const account = this.account(claim.account)
		const key = this.file.places.nodes.get(claim.node)?.removed === false ? this.#keyOf(claim.node) : ''
		if (!account || account.disabled || key === '' || !isSignedBy(token, key, account.passwordHash))
			return null
		if (this.clock.now() >= Math.min(claim.until, claim.since + SESSION_LONGEST)) return null
		const fields = this.file.get('session', `${claim.account}.${claim.slot}`)
		if (fields && textOf(fields, 'sid') === claim.id) {
			return isDeleted(fields) ? null : { account, session: sessionOf(fields) }
		}
		// Another was begun in its place; or it is so new that its record has not come yet.
		if (fields && numberOf(fields, 'since') >= claim.since) return null
		return {
			account,
			session: {
				id: claim.id,
				account: account.id,
				since: claim.since,
				renewed: claim.since,
				ends: claim.until,
				node: claim.node,
				client: '',
				program: '',
			},
		}
	}

	/** A new token for a session in use, when it is time for one; or null. */
	renew(token: string): Opened | null {
		const now = this.clock.now()
		const found = this.of(token)
		const claim = readSession(token)
		if (!found || !claim || now < claim.until - SESSION_IDLE + RENEW_AFTER) return null
		if (this.living('session', `${claim.account}.${claim.slot}`)) {
			this.put('session', `${claim.account}.${claim.slot}`, { renewed: now })
		}
		return this.#issue(found.account, claim, now)
	}

	/** Of one account, the latest begun first. */
	list(account: string): Session[] {
		const now = this.clock.now()
		return this.each('session', `${account}.`)
			.map(({ fields }) => sessionOf(fields))
			.filter(({ ends }) => ends > now)
			.sort((a, b) => b.since - a.since)
	}

	end(account: string, id: string): void {
		const found = this.each('session', `${account}.`).find(({ fields }) => textOf(fields, 'sid') === id)
		if (!found) throw new DirectoryError('nonexistent', 'there is no such session')
		this.put('session', found.id, { deleted: true })
	}

	#issue(account: Account, claim: Omit<SessionClaim, 'node' | 'until'>, now: number): Opened {
		const node = this.self()
		const until = Math.min(now + SESSION_IDLE, claim.since + SESSION_LONGEST)
		const token = signSession(
			{ ...claim, node, until },
			this.#keyOf(node) || this.#newKey(),
			account.passwordHash,
		)
		const fields = this.file.get('session', `${account.id}.${claim.slot}`)!
		return { token, until, session: sessionOf(fields) }
	}

	/**
	 * The first that is free, else the one that was begun first. Each node has slots of its own: what is begun at two of
	 * them at the same time, or while they do not hear each other, is two sessions.
	 */
	#slotFor(account: string, now: number): number {
		const first = createHash('sha256').update(this.self()).digest().readUInt32BE() * SLOTS
		let oldest = { slot: first, since: Number.POSITIVE_INFINITY }
		for (let slot = first; slot < first + SLOTS; slot++) {
			const fields = this.living('session', `${account}.${slot}`)
			if (!fields || sessionOf(fields).ends <= now) return slot
			const since = numberOf(fields, 'since')
			if (since < oldest.since) oldest = { slot, since }
		}
		return oldest.slot
	}

	/** The key a node signs sessions with, '' = it has none yet. */
	#keyOf(node: string): string {
		return textOf(this.file.get('key', node) ?? {}, 'session')
	}

	#newKey(): string {
		const session = randomBytes(32).toString('base64url')
		this.put('key', this.self(), { session })
		return session
	}
}

function sessionOf(fields: Fields): Session {
	const since = numberOf(fields, 'since')
	const renewed = numberOf(fields, 'renewed')
	return {
		id: textOf(fields, 'sid'),
		account: textOf(fields, 'account'),
		since,
		renewed,
		ends: Math.min(renewed + SESSION_IDLE, since + SESSION_LONGEST),
		node: textOf(fields, 'node'),
		client: textOf(fields, 'client'),
		program: textOf(fields, 'program'),
	}
}
