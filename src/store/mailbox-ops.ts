import { newId } from '../kit/index.ts'
import { type Box, boxById, boxByName, boxesOf, properName } from './boxes.ts'
import { forgetHistory, type Moment, mailboxGone, mailboxMade, momentOf, touchMailbox } from './history.ts'
import type { MailFile } from './mail-file.ts'
import { removeMessages } from './message-ops.ts'
import type { Logged, Op, OpResult, Role } from './types.ts'

/*
 * An Op goes two steps: *decide* looks at the store and settles what is open (ids, uids, modseqs), *enact* does
 * what was decided. Live, both happen and the decision is logged; a replay enacts the logged decision. So there
 * is one way only in which a mailbox changes.
 */

export const STANDARD: readonly { name: string; role: Role }[] = [
	{ name: 'INBOX', role: 'inbox' },
	{ name: 'Drafts', role: 'drafts' },
	{ name: 'Sent', role: 'sent' },
	{ name: 'Junk', role: 'junk' },
	{ name: 'Trash', role: 'trash' },
	{ name: 'Archive', role: 'archive' },
]

/** Levels between `/`, none of them empty, no control characters; at most 255 characters and 20 levels. */
function validName(name: string): boolean {
	if (name.length === 0 || name.length > 255 || /[\x00-\x1f\x7f]/.test(name)) return false
	const levels = name.split('/')
	return levels.length <= 20 && levels.every(level => level.length > 0)
}

/** A program that keeps mailboxes as folders would leave its own (mbsync then refuses all of them): made no more. */
function climbs(name: string): boolean {
	return name.split('/').some(level => level === '.' || level === '..')
}

/** Whom a mailbox is shared with. @param mailbox its id */
function rightsOn(file: MailFile, mailbox: string): [identifier: string, rights: string][] {
	const rows = file.all<{ identifier: string; rights: string }>(
		'SELECT identifier, rights FROM rights WHERE mailbox = ?',
		mailbox,
	)
	return rows.map(({ identifier, rights }) => [identifier, rights])
}

function nextUidValidity(file: MailFile): number {
	const last = Number(file.fact('uidValidity') ?? 0)
	const next = Math.max(last + 1, Math.floor(file.clock.now() / 1000))
	file.setFact('uidValidity', String(next))
	return next
}

export type AccountCreated = Logged<
	'account.create',
	{ account: string; mailboxes: { id: string; name: string; role: Role | null; uidValidity: number }[] }
>
export type MailboxCreated = Logged<
	'mailbox.create',
	{
		account: string
		id: string
		name: string
		role: Role | null
		uidValidity: number
		/** Taken over from the mailbox above. */
		rights?: [identifier: string, rights: string][]
	}
>

export function decideAccount(file: MailFile, account: string): AccountCreated | OpResult {
	if (file.get('SELECT 1 FROM account WHERE id = ?', account)) return { ok: false, error: 'exists' }
	const mailboxes = STANDARD.map(({ name, role }) => ({
		id: newId(),
		name,
		role,
		uidValidity: nextUidValidity(file),
	}))
	return { do: 'account.create', account, mailboxes }
}

export function enactAccount(file: MailFile, op: AccountCreated): OpResult {
	file.run('INSERT INTO account (id, epoch) VALUES (?, 1)', op.account)
	const moment = momentOf(file, op.account)
	for (const box of op.mailboxes) {
		insertBox(file, moment, box)
		file.run('INSERT OR IGNORE INTO subscription VALUES (?, ?)', op.account, box.name)
	}
	file.changed(op.account, null)
	return { ok: true }
}

export function holdsMail(file: MailFile, account: string): boolean {
	return file.get('SELECT 1 FROM mailbox WHERE account = ? AND messages > 0', account) !== undefined
}

export function enactAccountRemoval(
	file: MailFile,
	op: Logged<'account.remove', { account: string }>,
): OpResult {
	const moment = momentOf(file, op.account)
	for (const { key } of file.all<{ key: number }>('SELECT key FROM mailbox WHERE account = ?', op.account)) {
		dropBox(file, moment, key)
		file.changed(op.account, key)
	}
	forgetHistory(file, op.account)
	file.run('DELETE FROM subscription WHERE account = ?', op.account)
	file.run('DELETE FROM metadata WHERE account = ?', op.account)
	file.run('DELETE FROM rights WHERE identifier = ?', op.account)
	const { changes } = file.run('DELETE FROM account WHERE id = ?', op.account)
	file.changed(op.account, null)
	return changes ? { ok: true } : { ok: false, error: 'nonexistent' }
}

function insertBox(
	file: MailFile,
	moment: Moment,
	box: { id: string; name: string; role: Role | null; uidValidity: number },
): number {
	const { lastInsertRowid: key } = file.run(
		'INSERT INTO mailbox (id, account, name, role, uid_validity) VALUES (?, ?, ?, ?, ?)',
		box.id,
		moment.account,
		box.name,
		box.role,
		box.uidValidity,
	)
	mailboxMade(file, moment, key)
	return key
}

function dropBox(file: MailFile, moment: Moment, key: number): void {
	removeMessages(file, moment, key)
	file.run('DELETE FROM expunged WHERE mailbox = ?', key)
	file.run('DELETE FROM stretch WHERE box = ?', key)
	file.run('DELETE FROM seen WHERE mailbox = ?', key)
	const id = file.get<{ id: string }>('SELECT id FROM mailbox WHERE key = ?', key)?.id ?? ''
	file.run('DELETE FROM metadata WHERE mailbox = ?', id)
	for (const [identifier] of rightsOn(file, id)) file.changed(identifier, null)
	file.run('DELETE FROM rights WHERE mailbox = ?', id)
	file.run('DELETE FROM mailbox WHERE key = ?', key)
}

/** For those below a name it is another thing whether there is a mailbox of that name. */
function touchBelow(file: MailFile, moment: Moment, name: string): void {
	for (const box of boxesOf(file, moment.account))
		if (box.name.startsWith(`${name}/`)) touchMailbox(file, moment, box.key)
}

/** Decides the mailbox and every superior level that is not there yet (RFC 9051 section 6.3.4). */
export function decideMailbox(
	file: MailFile,
	account: string,
	wanted: string,
	role: Role | null,
): MailboxCreated[] | OpResult {
	const name = properName(wanted)
	if (!validName(name) || climbs(name)) return { ok: false, error: 'invalid' }
	if (!file.get('SELECT 1 FROM account WHERE id = ?', account)) return { ok: false, error: 'nonexistent' }
	if (boxByName(file, account, name)) return { ok: false, error: 'exists' }
	const levels = name.split('/')
	const made: MailboxCreated[] = []
	let above: Box | undefined
	for (let depth = 1; depth <= levels.length; depth++) {
		const level = levels.slice(0, depth).join('/')
		const there = depth < levels.length ? boxByName(file, account, level) : undefined
		if (there) {
			above = there
			continue
		}
		const rights = above ? rightsOn(file, above.id) : []
		made.push({
			do: 'mailbox.create',
			account,
			id: newId(),
			name: level,
			role: depth === levels.length ? role : null,
			uidValidity: nextUidValidity(file),
			...(rights.length > 0 ? { rights } : null),
		})
	}
	return made
}

export function enactMailbox(file: MailFile, op: MailboxCreated): OpResult {
	const moment = momentOf(file, op.account)
	const mailbox = insertBox(file, moment, op)
	touchBelow(file, moment, op.name)
	for (const [identifier, rights] of op.rights ?? [])
		file.run('INSERT INTO rights VALUES (?, ?, ?)', op.id, identifier, rights)
	file.changed(op.account, null)
	return { ok: true, mailbox, uidValidity: op.uidValidity }
}

export type MailboxRenamed = Logged<'mailbox.rename', { account: string; names: [id: string, to: string][] }>

/** The mailbox and all below it; INBOX itself is not renamed here (its messages move: see decideRename in apply). */
export function decideRename(
	file: MailFile,
	account: string,
	from: string,
	to: string,
): MailboxRenamed | OpResult {
	const name = properName(from)
	const target = properName(to)
	if (!validName(target) || climbs(target) || target.startsWith(`${name}/`))
		return { ok: false, error: 'invalid' }
	const boxes = boxesOf(file, account).filter(box => box.name === name || box.name.startsWith(`${name}/`))
	if (boxes.length === 0) return { ok: false, error: 'nonexistent' }
	const names: [string, string][] = boxes.map(box => [box.id, target + box.name.slice(name.length)])
	if (names.some(([, to]) => !validName(to))) return { ok: false, error: 'invalid' }
	if (names.some(([, to]) => boxByName(file, account, to))) return { ok: false, error: 'exists' }
	return { do: 'mailbox.rename', account, names }
}

/** Who renames a mailbox looks at the same ones as before. */
export function subscriptionsAlong(file: MailFile, { account, names }: MailboxRenamed): Subscribed[] {
	const sql = 'SELECT 1 FROM subscription WHERE account = ? AND name = ?'
	return names.flatMap(([id, to]): Subscribed[] => {
		const from = boxById(file, id)!.name
		if (!file.get(sql, account, from)) return []
		return [
			{ do: 'mailbox.subscribe', account, name: from, on: false },
			{ do: 'mailbox.subscribe', account, name: to, on: true },
		]
	})
}

export function enactRename(file: MailFile, op: MailboxRenamed): OpResult {
	const moment = momentOf(file, op.account)
	for (const [id, to] of op.names) {
		file.run('UPDATE mailbox SET name = ? WHERE id = ?', to, id)
		touchBelow(file, moment, to)
		const box = boxById(file, id)
		if (box) touchMailbox(file, moment, box.key)
	}
	file.changed(op.account, null)
	return { ok: true }
}

export type MailboxDeleted = Logged<'mailbox.delete', { account: string; id: string }>

export function decideDelete(file: MailFile, account: string, name: string): MailboxDeleted | OpResult {
	const box = boxByName(file, account, name)
	if (!box) return { ok: false, error: 'nonexistent' }
	if (box.name === 'INBOX') return { ok: false, error: 'reserved' }
	return { do: 'mailbox.delete', account, id: box.id }
}

export function enactDelete(file: MailFile, op: MailboxDeleted): OpResult {
	const box = boxById(file, op.id)
	if (!box) return { ok: false, error: 'nonexistent' }
	const moment = momentOf(file, op.account)
	mailboxGone(file, moment, box)
	touchBelow(file, moment, box.name)
	dropBox(file, moment, box.key)
	file.changed(op.account, box.key)
	file.changed(op.account, null)
	return { ok: true, mailbox: box.key }
}

export type Subscribed = Logged<'mailbox.subscribe', { account: string; name: string; on: boolean }>

export function enactSubscribe(file: MailFile, op: Subscribed): OpResult {
	const name = properName(op.name)
	if (op.on) file.run('INSERT OR IGNORE INTO subscription VALUES (?, ?)', op.account, name)
	else file.run('DELETE FROM subscription WHERE account = ? AND name = ?', op.account, name)
	const box = boxByName(file, op.account, name)
	if (box) touchMailbox(file, momentOf(file, op.account), box.key)
	file.changed(op.account, null)
	return { ok: true }
}

export type MailboxChanged = Logged<
	'mailbox.change',
	{ account: string; id: string; role?: Role | null; sortOrder?: number }
>

export function decideChange(
	file: MailFile,
	{ account, name, role, sortOrder }: Extract<Op, { do: 'mailbox.change' }>,
): MailboxChanged | OpResult {
	const box = boxByName(file, account, name)
	if (!box) return { ok: false, error: 'nonexistent' }
	const taken = 'SELECT 1 FROM mailbox WHERE account = ? AND role = ? AND key <> ?'
	if (role && file.get(taken, account, role, box.key)) return { ok: false, error: 'exists' }
	return {
		do: 'mailbox.change',
		account,
		id: box.id,
		...(role !== undefined ? { role } : null),
		...(sortOrder !== undefined ? { sortOrder } : null),
	}
}

export function enactChange(file: MailFile, { account, id, role, sortOrder }: MailboxChanged): OpResult {
	const box = boxById(file, id)
	if (!box) return { ok: false, error: 'nonexistent' }
	if (role !== undefined) file.run('UPDATE mailbox SET role = ? WHERE key = ?', role, box.key)
	if (sortOrder !== undefined) file.run('UPDATE mailbox SET sort_order = ? WHERE key = ?', sortOrder, box.key)
	touchMailbox(file, momentOf(file, account), box.key)
	file.changed(account, null)
	return { ok: true }
}
