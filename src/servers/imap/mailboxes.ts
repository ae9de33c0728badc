import type { MailboxRow, Messages, OpError, OpResult, Role } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { type Done, no, Rejected } from './done.ts'
import { ALL_RIGHTS, hasAll, identifiersOf, notAllowed, rightsIn } from './rights.ts'
import type { Session } from './session.ts'

/** What mailboxes of other accounts are called begins so, then comes the owner's address (RFC 2342). */
export const OTHERS = 'Other Users/'

/** A mailbox as this session's account sees it: `name` is what it is called here. */
export type Box = MailboxRow & {
	/** What its owner calls it. */
	inside: string
	/** RFC 4314. */
	rights: string
}

/** What there is to know of a mailbox without its counts. */
export type Listed = Pick<Box, 'id' | 'account' | 'name' | 'role' | 'rights'>

/** Attributes of RFC 6154 for the roles of mailboxes. INBOX has none. */
export const USES: Record<Exclude<Role, 'inbox'>, string> = {
	drafts: '\\Drafts',
	sent: '\\Sent',
	junk: '\\Junk',
	trash: '\\Trash',
	archive: '\\Archive',
}

export function useOf(box: Pick<MailboxRow, 'role'>): string | null {
	return box.role && box.role !== 'inbox' ? USES[box.role] : null
}

/** Whose mailbox a name means, and what its owner calls it; null = nobody's. @throws Rejected when it lies elsewhere */
export function whose({ house, account }: Session, name: string): { owner: string; inside: string } | null {
	if (!name.startsWith(OTHERS)) return { owner: account!.id, inside: name }
	// There may be a slash before the "@" too.
	const [, address, inside] = /^([^@]+@[^/]+)\/(.+)$/s.exec(name.slice(OTHERS.length)) ?? []
	const owner = address ? house.accountOf(address) : null
	if (!owner || owner.id === account!.id) return null
	if (owner.home !== house.self) {
		throw new Rejected(no('mail of people who live at another node cannot be opened from here', 'CANNOT'))
	}
	return { owner: owner.id, inside: inside! }
}

/** A row as the session's account sees it; null when the owner is no more. */
export function asSeen(session: Session, row: MailboxRow): Box | null {
	const rights = rightsIn(session, row)
	if (row.account === session.account!.id) return { ...row, inside: row.name, rights }
	const owner = session.house.accountOf(row.account)
	if (owner?.home !== session.house.self) return null
	// What an owner uses a mailbox for is not what it is for others.
	return { ...row, inside: row.name, name: `${OTHERS}${owner.address}/${row.name}`, role: null, rights }
}

/** All that may be listed: the account's own mailboxes, and those of others that are shared with it. */
export function mailboxesOf(session: Session): Box[] {
	const { reader } = session.house
	const account = session.account!.id
	return [...reader.mailboxes(account).map(row => asSeen(session, row)!), ...sharedBoxes(session)]
}

/** The same without their counts. */
export function listedFor(session: Session): Listed[] {
	const account = session.account!.id
	const own = session.house.reader.mailboxNames(account)
	return [
		...own.map(({ id, name, role }) => ({ id, account, name, role, rights: ALL_RIGHTS })),
		...sharedBoxes(session),
	]
}

function sharedBoxes(session: Session): Box[] {
	const { reader } = session.house
	const account = session.account!.id
	const shared = reader.sharedWith(account, identifiersOf(session))
	if (shared.length === 0) return []
	const subscribed = new Set(reader.subscriptions(account))
	return shared.flatMap(row => {
		const box = asSeen(session, row)
		return box?.rights.includes('l') ? [{ ...box, subscribed: subscribed.has(box.name) }] : []
	})
}

/** Is there any mailbox of somebody else's? */
export function seesOthers(session: Session): boolean {
	const shared = session.house.reader.sharedWith(session.account!.id, identifiersOf(session))
	return shared.some(row => asSeen(session, row)?.rights.includes('l'))
}

/** The mailbox of that name, if it is there and the account knows of it. */
export function findMailbox(session: Session, name: string): Box | null {
	const found = whose(session, name)
	const row = found && session.house.reader.mailbox(found.owner, found.inside)
	return row ? asSeen(session, row) : null
}

/** The mailbox of that name. @param needs rights @throws Rejected with `code` when there is none */
export function mailboxNamed(session: Session, name: string, needs: string, code = 'NONEXISTENT'): Box {
	mustBeNamed(name)
	const box = findMailbox(session, name)
	if (box && hasAll(box.rights, needs)) return box
	// Who may not list it does not learn that it is there (RFC 4314 section 6).
	if (box?.rights.includes('l')) throw notAllowed()
	throw new Rejected(no('there is no such mailbox', code))
}

/** The nearest mailbox above a name to be, and whether mailboxes may be made below it (RFC 4314 section 4). */
export function mustBeRoomFor(session: Session, name: string): { owner: string; inside: string } {
	const place = whose(session, name)
	if (!place || `${name}/` === OTHERS) throw new Rejected(no('no mailbox can have that name', 'CANNOT'))
	if (place.owner === session.account!.id) return place
	for (let at = name.lastIndexOf('/'); at > OTHERS.length; at = name.lastIndexOf('/', at - 1)) {
		const above = findMailbox(session, name.slice(0, at))
		if (!above) continue
		if (above.rights.includes('k')) return place
		break
	}
	throw notAllowed()
}

/** Messages of a mailbox as the account sees them: \Seen in others' mailboxes is its own. */
export function messagesIn({ house, account: own }: Session, { account }: { account: string }): Messages {
	return account === own!.id ? house.reader : house.reader.seenBy(own!.id)
}

/** How many messages the account has not seen. */
export function unseenIn(session: Session, box: MailboxRow): number {
	const own = box.account === session.account!.id
	return own ? box.unseen : messagesIn(session, box).countUnseen(box.key)
}

/** The empty name is no mailbox. */
export function mustBeNamed(name: string): void {
	if (name === '') throw new Rejected(no('a mailbox has a name', 'CANNOT'))
}

const REFUSALS: Record<OpError, [text: string, code: string]> = {
	nonexistent: ['there is no such mailbox', 'NONEXISTENT'],
	exists: ['there is a mailbox of that name already', 'ALREADYEXISTS'],
	haschildren: ['that name has mailboxes below it', 'HASCHILDREN'],
	reserved: ['INBOX stays', 'CANNOT'],
	invalid: ['no mailbox can have that name', 'CANNOT'],
	overquota: ['there is no room for that', 'OVERQUOTA'],
}

/** @param target the missing mailbox is one to put messages in: creating it would help */
export function opRefusal(error: OpError, target = false): Done {
	const [text, code] = REFUSALS[error]
	return no(text, target && error === 'nonexistent' ? 'TRYCREATE' : code)
}

/** OLDNAME of a LIST response, where the name is not what the client called it (RFC 9051 section 6.3.9.7). */
export function oldName(session: Session, name: string, before: string): string {
	// INBOX is INBOX in any case.
	return name === before || name === 'INBOX'
		? ''
		: ` ("OLDNAME" (${imap.formatMailbox(before, session.utf8)}))`
}

/** Writes one Op. @throws Rejected when it changed nothing */
export async function write(
	session: Session,
	op: Parameters<Session['house']['write']>[0][number],
): Promise<Extract<OpResult, { ok: true }>> {
	const [result] = await session.house.write([op])
	if (!result!.ok) throw new Rejected(opRefusal(result!.error))
	return result!
}

/** The data of a STATUS response, without the mailbox. */
export function statusOf(session: Session, box: MailboxRow, items: imap.StatusItem[]): string {
	return items.map(item => `${item} ${statusItem(session, box, item)}`).join(' ')
}

function statusItem(session: Session, box: MailboxRow, item: imap.StatusItem): string | number {
	switch (item) {
		case 'MESSAGES':
			return box.messages
		case 'RECENT':
			return 0
		case 'UIDNEXT':
			return box.uidNext
		case 'UIDVALIDITY':
			return box.uidValidity
		case 'UNSEEN':
			return unseenIn(session, box)
		case 'DELETED':
			return box.deleted
		case 'DELETED-STORAGE':
			return box.deleted === 0 ? 0 : session.house.reader.deletedSize(box.key)
		case 'SIZE':
			return box.size
		case 'HIGHESTMODSEQ':
			return box.modseq
		case 'MAILBOXID':
			return `(${box.id})`
		case 'APPENDLIMIT':
			return session.house.limits.maxMessageSize
	}
}

export function statusResponse(session: Session, box: MailboxRow, items: imap.StatusItem[]): string {
	return `* STATUS ${imap.formatMailbox(box.name, session.utf8)} (${statusOf(session, box, items)})\r\n`
}
