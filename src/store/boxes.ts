import type { MailFile } from './mail-file.ts'
import type { MailboxRow } from './types.ts'

/** A mailbox, as those who change it look at it. */
export type Box = Pick<
	MailboxRow,
	'key' | 'id' | 'account' | 'name' | 'role' | 'uidValidity' | 'uidNext' | 'modseq'
>

const BOX =
	'SELECT key, id, account, name, role, uid_validity AS uidValidity, uid_next AS uidNext, modseq FROM mailbox'

export function boxByKey(file: MailFile, key: number): Box | undefined {
	return file.get<Box>(`${BOX} WHERE key = ?`, key)
}

export function boxById(file: MailFile, id: string): Box | undefined {
	return file.get<Box>(`${BOX} WHERE id = ?`, id)
}

export function boxByName(file: MailFile, account: string, name: string): Box | undefined {
	return file.get<Box>(`${BOX} WHERE account = ? AND name = ?`, account, properName(name))
}

export function boxesOf(file: MailFile, account: string): Box[] {
	return file.all<Box>(`${BOX} WHERE account = ?`, account)
}

/**
 * INBOX is INBOX in any case (RFC 9051 section 5.1), as the first level of a name too. What is put together of several
 * characters is the same as in one (NFC): Macs write it so, others do not.
 */
export function properName(name: string): string {
	if (name.length >= 5 && /^inbox(?=\/|$)/i.test(name)) return `INBOX${name.slice(5)}`.normalize('NFC')
	return name.normalize('NFC')
}
