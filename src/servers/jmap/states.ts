import type { Account } from '../../directory/index.ts'
import type { House } from '../types.ts'
import { watch } from '../watch.ts'
import { quotaState } from './quota.ts'

/** Kinds of objects that are kept as such. */
const OBJECTS = ['Identity', 'EmailSubmission', 'VacationResponse', 'ContactCard', 'Preferences'] as const

/** The state of every type of data a client may be told of. */
export function statesOf(house: House, account: string): Record<string, string> {
	const { emails } = house.reader
	const known = emails.states(account)
	const states: Record<string, number> = {
		Mailbox: known?.mailbox ?? 0,
		Email: known?.email ?? 0,
		EmailDelivery: known?.delivery ?? 0,
		Thread: known?.thread ?? 0,
	}
	for (const kind of OBJECTS) states[kind] = emails.objectState(account, kind)
	const quota = quotaState({ house, account: { id: account } })
	return {
		...Object.fromEntries(Object.entries(states).map(([type, state]) => [type, String(state)])),
		Quota: quota,
	}
}

export type Tell = (changed: Record<string, string>, all: Record<string, string>) => void

/**
 * Tells of new states until the returned function is called; what changes at one time is told at once.
 * @param types names of types; null = all
 * @param known what the listener knows; what is otherwise it is told at once
 */
export function watchStates(
	house: House,
	account: Pick<Account, 'id'>,
	types: string[] | null,
	known: Record<string, string> | null,
	tell: Tell,
): () => void {
	let last = known ?? statesOf(house, account.id)
	let waiting = false
	let ended = false
	const look = () => {
		waiting = false
		if (ended) return
		const now = statesOf(house, account.id)
		const changed = Object.entries(now).filter(
			([type, state]) => state !== last[type] && (!types || types.includes(type)),
		)
		last = now
		if (changed.length > 0) tell(Object.fromEntries(changed), now)
	}
	const unwatch = watch(house, account.id, () => {
		if (!waiting) setImmediate(look)
		waiting = true
	})
	if (known) setImmediate(look)
	return () => {
		ended = true
		unwatch()
	}
}

/** The states a client knows, as one string it may give back. */
export function knownStates(all: Record<string, string>): string {
	return Object.entries(all)
		.map(pair => pair.join(':'))
		.join(',')
}

/** Null: not a string of ours. */
export function readKnownStates(text: string | undefined): Record<string, string> | null {
	const pairs = text?.match(/[A-Za-z]+:[a-z\d.-]+/g)
	return pairs ? Object.fromEntries(pairs.map(pair => pair.split(':'))) : null
}

export function stateChange(
	account: Pick<Account, 'id'>,
	changed: Record<string, string>,
): Record<string, unknown> {
	return { '@type': 'StateChange', changed: { [account.id]: changed } }
}
