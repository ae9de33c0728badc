import { isDeepStrictEqual } from 'node:util'
import { backOff } from '../../kit/index.ts'
import type { House } from '../types.ts'
import { post } from './push-post.ts'
import type { PushKeys } from './push-sealed.ts'
import { stateChange, watchStates } from './states.ts'

/* Pushes to the URLs that clients gave us (RFC 8620 section 7.2): those of the accounts that live here. */

export const KIND = 'PushSubscription'

/** As the store keeps it. */
export type KeptPush = {
	deviceClientId: string
	/** What its maker showed: it is nobody else's, and goes when that is taken back. */
	credential: string
	url: string
	keys: PushKeys | null
	/** Null = all. */
	types: string[] | null
	/** Milliseconds since 1970. */
	expires: number
	/** What the client has to say before anything is pushed. */
	code: string
	verified: boolean
}

function allOf(house: House, account: string): { id: string; value: KeptPush }[] {
	return house.reader.emails.objects(account, KIND) as { id: string; value: KeptPush }[]
}

/** Those that have not expired. */
export function pushesOf(house: House, account: string): { id: string; value: KeptPush }[] {
	const now = Date.now()
	return allOf(house, account).filter(({ value }) => value.expires > now)
}

/** Takes away those that have. */
export async function forgetExpired(house: House, account: string): Promise<void> {
	const now = Date.now()
	const old = allOf(house, account).filter(({ value }) => value.expires <= now)
	if (old.length === 0) return
	await house.write(
		old.map(({ id }) => ({ do: 'object.set' as const, account, kind: KIND, id, value: null })),
	)
}

/** Has what somebody showed not been taken back? */
type IsGood = (account: string, credential: string) => boolean

const TRIES = 5
const FIRST_WAIT_MS = 5_000
const MOST_WAIT_MS = 10 * 60_000

/** One subscription while it is pushed to: one request at a time, and what changes meanwhile goes together. */
class Push {
	readonly #house: House
	readonly #account: string
	readonly #id: string
	readonly #types: string[] | null
	readonly #isGood: IsGood
	readonly #unwatch: () => void
	#waiting: Record<string, string> = {}
	#busy = false
	#ended = false

	/** @param known states the client was told of, or null = those of now */
	constructor(
		house: House,
		account: string,
		id: string,
		{ types }: KeptPush,
		known: Record<string, string> | null,
		isGood: IsGood,
	) {
		this.#isGood = isGood
		this.#house = house
		this.#account = account
		this.#id = id
		this.#types = types
		this.#unwatch = watchStates(house, { id: account }, types, known, changed => {
			Object.assign(this.#waiting, changed)
			void this.#go()
		})
	}

	is(id: string, { types }: KeptPush): boolean {
		return !this.#ended && id === this.#id && isDeepStrictEqual(types, this.#types)
	}

	#kept(): KeptPush | null {
		return pushesOf(this.#house, this.#account).find(one => one.id === this.#id)?.value ?? null
	}

	end(): void {
		this.#ended = true
		this.#unwatch()
	}

	async #go(): Promise<void> {
		if (this.#busy) return
		this.#busy = true
		while (!this.#ended && Object.keys(this.#waiting).length > 0) {
			const changed = this.#waiting
			this.#waiting = {}
			await this.#tell(changed)
		}
		this.#busy = false
	}

	async #tell(changed: Record<string, string>): Promise<void> {
		const { limits, log } = this.#house
		for (let attempt = 1; attempt <= TRIES && !this.#ended; attempt++) {
			// It may have expired, been taken away, or moved to another node meanwhile.
			const kept = this.#kept()
			const lives = this.#house.accountOf(this.#account)
			if (!kept) return this.end()
			if (!this.#isGood(this.#account, kept.credential)) return await this.#forget()
			if (!lives || lives.disabled || lives.home !== this.#house.self) return
			const value = stateChange({ id: this.#account }, { ...changed, ...this.#waiting })
			this.#waiting = {}
			try {
				const status = await post(kept.url, kept.keys, value, limits.pushToPrivate ?? false)
				if (status < 400) return
				if (status !== 503 && status !== 429) return await this.#forget()
			} catch (error) {
				log.debug({ err: error, account: this.#account }, 'a push did not arrive')
			}
			await new Promise(resolve => setTimeout(resolve, backOff(attempt, FIRST_WAIT_MS, MOST_WAIT_MS)).unref())
		}
	}

	/** Refused once is refused for ever (section 7.2): the client has to come again. */
	async #forget(): Promise<void> {
		this.end()
		await this.#house.write([
			{ do: 'object.set', account: this.#account, kind: KIND, id: this.#id, value: null },
		])
	}
}

/** From now on whoever asked for it is told. */
export function startPushes(house: House, isGood: IsGood): void {
	const pushes = new Map<string, Push[]>()
	house.changes.on(({ account, objects }) => {
		const before = pushes.get(account)
		if (before && !objects?.includes(KIND)) return
		const running: Push[] = []
		for (const { id, value } of pushesOf(house, account)) {
			if (!value.verified) continue
			const same = before?.find(push => push.is(id, value))
			// What happened before we looked for the first time, whoever was here before us may not have told.
			running.push(same ?? new Push(house, account, id, value, before ? null : {}, isGood))
		}
		for (const push of before ?? []) if (!running.includes(push)) push.end()
		pushes.set(account, running.length > 0 ? running : NONE)
	})
}

const NONE: Push[] = []
