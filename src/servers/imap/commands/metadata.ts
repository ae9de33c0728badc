import { imap } from '../../../wire/index.ts'
import { bad, type Done, no, ok } from '../done.ts'
import { mailboxNamed, write } from '../mailboxes.ts'
import {
	allEntries,
	entriesOf,
	formatEntries,
	isShared,
	MOST_ENTRIES,
	MOST_OCTETS,
	validEntry,
	validTop,
} from '../metadata.ts'
import type { Session } from '../session.ts'

/** RFC 5464 section 4.2. */
export function getMetadata(session: Session, command: imap.CommandOf<'GETMETADATA'>): Done {
	const { mailbox, entries, depth, maxSize } = command
	if (!entries.every(depth === 0 ? validEntry : validTop)) return badEntry()
	const box = mailbox === '' ? null : mailboxNamed(session, mailbox, 'lr')
	const found = entriesOf(session, box, entries, depth)
	const kept = maxSize === null ? found : found.filter(([, value]) => (value?.length ?? 0) <= maxSize)
	// Entries without a value are only told of when they were asked for by name.
	if (kept.length > 0) {
		const name = box ? imap.formatMailbox(box.name, session.utf8) : '""'
		session.out.text(`* METADATA ${name} ${formatEntries(kept)}\r\n`)
	}
	if (kept.length === found.length) return ok('GETMETADATA completed')
	const longest = Math.max(...found.map(([, value]) => value?.length ?? 0))
	return ok('GETMETADATA completed but for what is too long', `METADATA LONGENTRIES ${longest}`)
}

/** RFC 5464 section 4.3: all of the entries or none. */
export async function setMetadata(
	session: Session,
	{ mailbox, entries }: imap.CommandOf<'SETMETADATA'>,
): Promise<Done> {
	for (const [entry, value] of entries) {
		if (!validEntry(entry)) return badEntry()
		if (value === null) continue
		if (value.length > MOST_OCTETS) return no('that value is too long', `METADATA MAXSIZE ${MOST_OCTETS}`)
		if (value.includes('\0')) return bad('a value has no NUL in it')
	}
	const shared = entries.filter(([entry]) => isShared(entry))
	const needs = shared.length > 0 ? 'lrw' : 'lr'
	const box = mailbox === '' ? null : mailboxNamed(session, mailbox, needs)
	const account = session.account!.id
	const names = new Set(allEntries(session, box).map(([entry]) => entry))
	for (const [entry, value] of entries) {
		if (value === null) names.delete(entry)
		else names.add(entry)
	}
	if (names.size > MOST_ENTRIES) return no('so many entries are not kept', 'METADATA TOOMANY')
	if (!box || box.account === account) {
		await write(session, { do: 'metadata.set', account, mailbox: box?.name ?? '', entries })
	} else {
		const own = entries.filter(([entry]) => !isShared(entry))
		const at = { do: 'metadata.set', owner: box.account, mailbox: box.inside } as const
		if (own.length > 0) await write(session, { ...at, account, entries: own })
		if (shared.length > 0) await write(session, { ...at, account: box.account, entries: shared })
	}
	session.tidings.notification?.ownMetadata(
		box?.id ?? '',
		entries.map(([entry]) => entry),
	)
	return ok('SETMETADATA completed')
}

function badEntry(): Done {
	return bad('entries are called /private/... or /shared/...')
}
