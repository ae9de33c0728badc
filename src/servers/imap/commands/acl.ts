import { ANYONE } from '../../../store/index.ts'
import { imap } from '../../../wire/index.ts'
import { bad, type Done, no, ok, Rejected } from '../done.ts'
import { type Box, findMailbox, mailboxNamed, write } from '../mailboxes.ts'
import { ALL_RIGHTS, formatRights, hasAny, readRights } from '../rights.ts'
import type { Session } from '../session.ts'

/** RFC 4314 section 3.1. The owner's rights are not to be changed. */
export async function setAcl(session: Session, command: imap.CommandOf<'SETACL'>): Promise<Done> {
	const rights = readRights(command.rights)
	const box = mailboxNamed(session, command.mailbox, 'a')
	const identifier = identified(session, command.identifier)
	if (identifier === box.account) return no('an owner has all rights, always', 'CANNOT')
	const before = granted(session, box, identifier)
	const kept = [...ALL_RIGHTS].filter(right => {
		if (command.how === 'set') return rights.includes(right)
		return command.how === 'add'
			? before.includes(right) || rights.includes(right)
			: before.includes(right) && !rights.includes(right)
	})
	await share(session, box, identifier, kept.join(''))
	return ok('SETACL completed')
}

export async function deleteAcl(
	session: Session,
	{ mailbox, identifier: name }: imap.CommandOf<'DELETEACL'>,
): Promise<Done> {
	const box = mailboxNamed(session, mailbox, 'a')
	const identifier = identified(session, name)
	if (identifier === box.account) return no('an owner has all rights, always', 'CANNOT')
	await share(session, box, identifier, '')
	return ok('DELETEACL completed')
}

export function getAcl(session: Session, { mailbox }: imap.CommandOf<'GETACL'>): Done {
	const box = mailboxNamed(session, mailbox, 'a')
	const all: [string, string][] = [[box.account, ALL_RIGHTS], ...session.house.reader.rights(box.id)]
	const list = all.flatMap(([identifier, rights]) => {
		const name = nameOf(session, identifier)
		return name ? [` ${imap.formatString(name, session.utf8)} ${formatRights(rights)}`] : []
	})
	session.out.text(`* ACL ${imap.formatMailbox(box.name, session.utf8)}${list.join('')}\r\n`)
	return ok('GETACL completed')
}

/** Every right may be given apart from every other. */
export function listRights(
	session: Session,
	{ mailbox, identifier: name }: imap.CommandOf<'LISTRIGHTS'>,
): Done {
	const box = mailboxNamed(session, mailbox, 'a')
	const owner = identified(session, name) === box.account
	const rights = owner ? formatRights(ALL_RIGHTS) : `"" ${[...formatRights(ALL_RIGHTS)].join(' ')}`
	const who = imap.formatString(name, session.utf8)
	session.out.text(`* LISTRIGHTS ${imap.formatMailbox(box.name, session.utf8)} ${who} ${rights}\r\n`)
	return ok('LISTRIGHTS completed')
}

export function myRights(session: Session, { mailbox }: imap.CommandOf<'MYRIGHTS'>): Done {
	const box = findMailbox(session, mailbox)
	if (!box || !hasAny(box.rights, 'lrikxa')) return no('there is no such mailbox', 'NONEXISTENT')
	session.out.text(myRightsResponse(session, box))
	return ok('MYRIGHTS completed')
}

/** Also for LIST (RFC 8440). */
export function myRightsResponse(session: Session, { name, rights }: Pick<Box, 'name' | 'rights'>): string {
	return `* MYRIGHTS ${imap.formatMailbox(name, session.utf8)} ${formatRights(rights) || '""'}\r\n`
}

/**
 * The id behind an identifier: the address of an account or a group, `unit:` and the path of a unit; `anyone` is
 * everybody. Rights are only ever granted.
 */
function identified(session: Session, name: string): string {
	if (name === ANYONE) return ANYONE
	if (name.startsWith('-')) throw new Rejected(bad('rights are given here, never denied'))
	const { house } = session
	const account = name.includes('@') ? house.accountOf(name) : null
	if (!account) {
		const crowd = house.crowds?.id(name)
		if (crowd) return crowd
		throw new Rejected(no('there is nobody of that address, and no such group or unit', 'NONEXISTENT'))
	}
	if (account.home !== house.self) {
		throw new Rejected(no('mailboxes are shared with people of the same node only', 'CANNOT'))
	}
	return account.id
}

/** Null for whom there is no more. */
function nameOf({ house }: Session, identifier: string): string | null {
	if (identifier === ANYONE) return ANYONE
	return house.accountOf(identifier)?.address ?? house.crowds?.name(identifier) ?? null
}

function granted(session: Session, box: Box, identifier: string): string {
	return session.house.reader.rights(box.id).find(([one]) => one === identifier)?.[1] ?? ''
}

async function share(session: Session, box: Box, identifier: string, rights: string): Promise<void> {
	await write(session, { do: 'mailbox.rights', account: box.account, name: box.inside, identifier, rights })
}
