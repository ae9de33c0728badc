import type { Fields, Stamp, Value } from './types.ts'

/**
 * The newest writing of each field. Commutative, associative, idempotent: the order in which nodes hear of
 * things, and how often, does not matter. Returns `a` itself when `b` brings nothing new.
 *
 * One field has a rule of its own: an account's `home` is written "epoch:node", and the higher epoch wins
 * before stamps are asked. A move raises it, so that a node that was away cannot take an account back by
 * writing later.
 */
export function merge(a: Fields, b: Fields): Fields {
	let out = a
	for (const name in b) {
		const theirs = b[name]!
		const ours = a[name]
		if (ours && !isNewer(name, theirs, ours)) continue
		if (out === a) out = { ...a }
		out[name] = theirs
	}
	return out
}

function isNewer(
	name: string,
	[value, stamp]: [Value, Stamp],
	[oldValue, oldStamp]: [Value, Stamp],
): boolean {
	if (name === 'home') {
		const epoch = homeOf(value).epoch
		const oldEpoch = homeOf(oldValue).epoch
		if (epoch !== oldEpoch) return epoch > oldEpoch
	}
	if (stamp !== oldStamp) return stamp > oldStamp
	// No node gives a stamp twice; if a damaged file did, all nodes still choose the same.
	return value !== oldValue && JSON.stringify(value) > JSON.stringify(oldValue)
}

/** The value of the field `home`. */
export function homeValue(node: string, epoch: number): string {
	return `${epoch}:${node}`
}

export function homeOf(value: Value | undefined): { node: string; epoch: number } {
	if (typeof value !== 'string') return { node: '', epoch: 0 }
	const colon = value.indexOf(':')
	const epoch = Number(value.slice(0, colon))
	return colon > 0 && Number.isSafeInteger(epoch)
		? { node: value.slice(colon + 1), epoch }
		: { node: '', epoch: 0 }
}
