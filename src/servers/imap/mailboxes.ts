import type { MailboxRow, OpError, OpResult, Role } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { type Done, no, Rejected } from './done.ts'
import type { Session } from './session.ts'

/** Attributes of RFC 6154 for the roles of mailboxes. INBOX has none. */
export const USES: Record<Exclude<Role, 'inbox'>, string> = {
	drafts: '\\Drafts',
	sent: '\\Sent',
	junk: '\\Junk',
	trash: '\\Trash',
	archive: '\\Archive',
}

export function useOf(box: MailboxRow): string | null {
	return box.role && box.role !== 'inbox' ? USES[box.role] : null
}

/** The mailbox of that name. @throws Rejected with `code` when there is none */
export function mailboxNamed(session: Session, name: string, code = 'NONEXISTENT'): MailboxRow {
	mustBeNamed(name)
	const box = session.house.reader.mailbox(session.account!.id, name)
	if (!box) throw new Rejected(no('there is no such mailbox', code))
	return box
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
			return box.unseen
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
