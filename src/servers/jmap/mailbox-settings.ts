import type { Op, Role } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { type Call, idOf, MAX_MAILBOX_DEPTH } from './call.ts'
import type { Mailbox } from './mailbox-get.ts'

/* What a client may say of a mailbox, and how that is written down. */

const ROLES: readonly string[] = ['drafts', 'sent', 'junk', 'trash', 'archive'] satisfies Role[]
const SETTABLE = ['name', 'parentId', 'role', 'sortOrder', 'isSubscribed']

export type Settings = {
	name: string
	parentId: string | null
	role: string | null
	sortOrder: number
	isSubscribed: boolean
}

export function checkSettable(object: Record<string, unknown>): void {
	const wrong = Object.keys(object).filter(property => !SETTABLE.includes(property))
	if (wrong.length > 0) throw jmap.invalidProperties(wrong, 'these are set by the server, or not known')
}

export function pickSettable(object: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(object).filter(([property]) => SETTABLE.includes(property)))
}

/** @throws RecordRefused */
export function checkSettings(
	call: Call,
	all: Mailbox[],
	wanted: Settings,
	box: Mailbox | null,
	inTheWay: Mailbox[],
): Settings {
	const wrong: string[] = []
	const { name, role, sortOrder, isSubscribed } = wanted
	let { parentId } = wanted
	const renamed = name !== box?.name
	if (typeof name !== 'string' || (renamed && !isName(name))) wrong.push('name')
	if (role !== null && role !== box?.role && !ROLES.includes(role)) wrong.push('role')
	if (role !== box?.role && box?.role === 'inbox') wrong.push('role')
	if (role && inTheWay.some(one => one.role === role && one.id !== box?.id)) wrong.push('role')
	if (!Number.isInteger(sortOrder) || sortOrder < 0 || sortOrder >= 2 ** 31) wrong.push('sortOrder')
	if (typeof isSubscribed !== 'boolean') wrong.push('isSubscribed')
	if (parentId !== null) {
		parentId = typeof parentId === 'string' ? idOf(call, parentId) : null
		const parent = all.find(one => one.id === parentId)
		// Nothing lies within itself.
		if (!parent || (box && `${parent.row.name}/`.startsWith(`${box.row.name}/`))) wrong.push('parentId')
	}
	if (wrong.length > 0) throw jmap.invalidProperties([...new Set(wrong)], 'these cannot have that value')
	const sibling = inTheWay.find(
		one => one.parentId === parentId && one.name === name.normalize('NFC') && one.id !== box?.id,
	)
	if (sibling) throw alreadyExists(sibling)
	return { name: renamed ? name.normalize('NFC') : name, parentId, role, sortOrder, isSubscribed }
}

/** Net-Unicode (RFC 5198), without what parts levels. */
function isName(name: string): boolean {
	return (
		name.length > 0 &&
		Buffer.byteLength(name) <= 255 &&
		!/[/\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(name) &&
		name.isWellFormed() &&
		name.trim() === name
	)
}

function alreadyExists({ id }: Mailbox): jmap.RecordRefused {
	return new jmap.RecordRefused({
		type: 'alreadyExists',
		existingId: id,
		properties: ['name'],
		description: 'there is a mailbox of that name',
	})
}

export function pathOf(all: Mailbox[], { name, parentId }: Settings, inTheWay = all): string {
	const parent = all.find(one => one.id === parentId)
	const path = parent ? `${parent.row.name}/${name}` : name
	if (path.split('/').length > MAX_MAILBOX_DEPTH)
		throw jmap.invalidProperties(['parentId'], `mailboxes lie at most ${MAX_MAILBOX_DEPTH} deep`)
	if (!parent && /^inbox$/i.test(name) && name !== 'INBOX')
		throw jmap.invalidProperties(['name'], 'there is only one inbox')
	const there = inTheWay.find(one => one.row.name === path && one.name !== name)
	if (there) throw alreadyExists(there)
	return path
}

export function subscribe(call: Call, name: string, on: boolean) {
	return { do: 'mailbox.subscribe', account: call.account.id, name, on } satisfies Op
}

export function change(
	call: Call,
	name: string,
	{ role, sortOrder }: Pick<Settings, 'role' | 'sortOrder'>,
): Op {
	return { do: 'mailbox.change', account: call.account.id, name, role: role as Role | null, sortOrder }
}

export async function write(call: Call, ops: Op[]): Promise<void> {
	for (const result of await call.house.write(ops)) {
		if (result.ok) continue
		if (result.error === 'nonexistent') throw new jmap.RecordRefused({ type: 'notFound' })
		throw jmap.invalidProperties(['name'], 'a mailbox cannot have that name')
	}
}
