import { ask } from '../../shared/api.ts'
import { allOf, BASE, listOf } from './list.ts'

export const SENDERS = ['anyone', 'inside', 'members', 'named'] as const
export type Senders = (typeof SENDERS)[number]
export type Group = {
	id: string
	address: string
	name: string
	/** How many. */
	members: number
	/** Who may send to it; `named` = the addresses in `named`. */
	senders: Senders
	named: string[]
	/** Gets the reports of what cannot be delivered; '' = the sender does. */
	owner: string
	conflict: boolean
	claimed?: string
}
export type GroupChanges = { name: string; senders: Senders; named: string[]; owner: string }

const path = (id: string) => `${BASE}/groups/${encodeURIComponent(id)}`

export const listGroups = (
	filter: { q: string; limit: number; cursor: string | null },
	signal: AbortSignal,
) => listOf<Group>('/groups', filter, signal)
export const conflictingGroups = (signal?: AbortSignal) =>
	allOf<Group>('/groups', { state: 'conflict' }, signal)
export const addGroup = (body: GroupChanges & { address: string; members: string[] }) =>
	ask<Group>('POST', `${BASE}/groups`, { body })
export const editGroup = (id: string, body: Partial<GroupChanges> & { address?: string }) =>
	ask<Group>('PATCH', path(id), { body })
export const removeGroup = (id: string) => ask<void>('DELETE', path(id))
export const membersOf = (id: string, signal?: AbortSignal) =>
	allOf<{ address: string }>(`/groups/${encodeURIComponent(id)}/members`, {}, signal).then(all =>
		all.map(({ address }) => address),
	)
export const changeMembers = (id: string, change: { add?: string[]; remove?: string[] }) =>
	ask<{ members: number }>('POST', `${path(id)}/members`, { body: change })

/** Addresses as people paste them: by lines, commas, semicolons or spaces. */
export const addressesIn = (text: string): string[] => [
	...new Set(text.split(/[\s,;，；、]+/).filter(address => address !== '')),
]
