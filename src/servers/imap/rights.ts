import { ANYONE, Flag, type MayFlag } from '../../store/index.ts'
import { bad, no, Rejected } from './done.ts'
import type { Session } from './session.ts'

/** All rights of RFC 4314 section 2.1, which an owner always has. */
export const ALL_RIGHTS = 'lrswipkxtea'

/** Rights of RFC 2086 and what they stand for now (section 2.1.1). */
const OBSOLETE: Record<string, string> = { c: 'kx', d: 'te' }

/** Rights as a client names them, each once, in order. @throws Rejected for what is none */
export function readRights(text: string): string {
	const named = [...text].map(right => OBSOLETE[right] ?? right).join('')
	for (const right of named)
		if (!ALL_RIGHTS.includes(right)) throw new Rejected(bad(`no such right: ${right}`))
	return [...ALL_RIGHTS].filter(right => named.includes(right)).join('')
}

/** With the obsolete ones, for clients that know no others. */
export function formatRights(rights: string): string {
	const old = Object.keys(OBSOLETE).filter(one => [...OBSOLETE[one]!].some(right => rights.includes(right)))
	return rights + old.join('')
}

export function hasAll(rights: string, needs: string): boolean {
	return [...needs].every(right => rights.includes(right))
}

export function hasAny(rights: string, needs: string): boolean {
	return [...needs].some(right => rights.includes(right))
}

/** Whose rights the session's account has: its own, those of its groups and units, and of anyone. */
export function identifiersOf({ house, account }: Session): string[] {
	const { id } = account!
	return [id, ANYONE, ...(house.crowds?.of(id) ?? [])]
}

/** What the session's account may do in a mailbox: all rights it has in one way or another, together. */
export function rightsIn(session: Session, { id, account }: { id: string; account: string }): string {
	if (account === session.account!.id) return ALL_RIGHTS
	const rights = session.house.reader.rights(id)
	if (rights.length === 0) return ''
	const identifiers = identifiersOf(session)
	const granted = rights
		.filter(([identifier]) => identifiers.includes(identifier))
		.map(([, rights]) => rights)
		.join('')
	return [...ALL_RIGHTS].filter(right => granted.includes(right)).join('')
}

/** What the client may do in the selected mailbox, at this moment. @throws Rejected when a right is missing */
export function mustHave(session: Session, needs: string): string {
	const rights = rightsIn(session, session.view!)
	if (!hasAll(rights, needs)) throw notAllowed()
	return rights
}

export function notAllowed(): Rejected {
	return new Rejected(no('its owner does not let you do that', 'NOPERM'))
}

/** Which flags may be set or taken away (section 4). */
export function mayFlag(rights: string): MayFlag {
	let flags = 0
	if (rights.includes('s')) flags |= Flag.seen
	if (rights.includes('t')) flags |= Flag.deleted
	if (rights.includes('w')) flags |= Flag.answered | Flag.flagged | Flag.draft
	return { flags, keywords: rights.includes('w') }
}

/** What an Op says of who does it: nothing where it is the owner. */
export function doneBy(session: Session, owner: string): { by?: string } {
	return session.account!.id === owner ? {} : { by: session.account!.id }
}
