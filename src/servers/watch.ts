import type { Change } from '../store/index.ts'
import type { House } from './types.ts'

type Hear = (change: Change) => void

/*
 * Thousands of idle sessions must not all be asked about every commit: one listener for a house,
 * and the sessions by the account they watch.
 */
const watched = new WeakMap<House, Map<string, Set<Hear>>>()

/** Hears of the account's changes until the returned function is called. */
export function watch(house: House, account: string, hear: Hear): () => void {
	let accounts = watched.get(house)
	if (!accounts) {
		const fresh = new Map<string, Set<Hear>>()
		house.changes.on(change => {
			for (const hear of fresh.get(change.account) ?? []) hear(change)
		})
		watched.set(house, fresh)
		accounts = fresh
	}
	const all = accounts
	const hearers = all.get(account) ?? new Set<Hear>()
	all.set(account, hearers.add(hear))
	return () => {
		hearers.delete(hear)
		if (hearers.size === 0 && all.get(account) === hearers) all.delete(account)
	}
}
