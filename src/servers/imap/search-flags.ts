import type { imap } from '../../wire/index.ts'
import { readFlags } from './flags.ts'
import { messagesIn } from './mailboxes.ts'
import type { Session } from './session.ts'
import type { View } from './view.ts'

export type FlagsAsked = {
	/** System flags the messages have to have or must not have. */
	mask: number
	/** Those of them they have to have. */
	flags: number
	/** The key asks for nothing else. */
	only: boolean
}

/** What a key demands of system flags; null when it is nothing, or cannot be. */
export function flagsAsked(key: imap.SearchKey): FlagsAsked | null {
	const asked: FlagsAsked = { mask: 0, flags: 0, only: true }
	for (const one of key.key === 'AND' ? key.all : [key]) {
		const bit = one.key === 'flag' ? readFlags([one.flag], () => [one.flag]).flags : 0
		if (one.key !== 'flag' || bit === 0) {
			asked.only = false
			continue
		}
		const flags = one.is ? bit : 0
		if ((asked.flags ^ flags) & asked.mask & bit) return null
		asked.mask |= bit
		asked.flags |= flags
	}
	return asked.mask === 0 ? null : asked
}

/** Where the messages with such flags are, ascending. */
export function placesFlagged(session: Session, view: View, { mask, flags }: FlagsAsked): number[] {
	const places: number[] = []
	for (const uid of messagesIn(session, view).uidsFlagged(view.mailbox, mask, flags)) {
		const place = view.place(uid)
		if (place >= 0) places.push(place)
	}
	return places
}
