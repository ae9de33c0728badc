import { z } from 'zod'
import type { Op, Role } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { read } from './arguments.ts'
import { type Call, idOf, MAX_MAILBOX_DEPTH, type Responses } from './call.ts'
import { type Mailbox, mailboxesOf, mailboxRecords, mailboxState, RIGHTS } from './mailbox-get.ts'
import { changed, oneByOne, readSet, set } from './standard.ts'

const ROLES: readonly string[] = ['drafts', 'sent', 'junk', 'trash', 'archive'] satisfies Role[]
/** What the server says of every new mailbox. */
const FRESH = { totalEmails: 0, unreadEmails: 0, totalThreads: 0, unreadThreads: 0, myRights: RIGHTS }
const SETTABLE = ['name', 'parentId', 'role', 'sortOrder', 'isSubscribed']
/** What may be otherwise once the other patches are done. */
const MAY_PASS = ['invalidProperties', 'alreadyExists']
const extraShape = z.object({ onDestroyRemoveEmails: z.boolean().default(false) })

/** RFC 8621 section 2.5. */
export async function setMailboxes(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const { onDestroyRemoveEmails = false, ...rest } = args
	const extra = read(extraShape, { onDestroyRemoveEmails })
	const answer = await set(call, readSet(call, rest), {
		state: () => mailboxState(call),
		create: objects => inOrder(call, objects),
		update: patches => updateAll(call, patches),
		destroy: ids => destroyAll(call, ids, extra.onDestroyRemoveEmails),
	})
	return [['Mailbox/set', answer]]
}

/**
 * What only the end has to be like is not refused for what lies between: a name or role that another patch sets free is
 * taken after it (RFC 8620 section 5.3).
 */
async function updateAll(call: Call, patches: [string, Record<string, unknown>][]) {
	let left = patches
	const outcome: Awaited<ReturnType<typeof round>> = new Map()
	const round = () =>
		oneByOne(
			left,
			([id]) => id,
			([id, patch]) => update(call, id, patch),
		)
	for (let before = Number.POSITIVE_INFINITY; left.length > 0 && left.length < before; ) {
		before = left.length
		for (const [id, done] of await round()) outcome.set(id, done)
		left = left.filter(([id]) => {
			const done = outcome.get(id)
			return done instanceof jmap.RecordRefused && MAY_PASS.includes(done.error.type)
		})
	}
	return outcome
}

/** A mailbox may be made within one that the same request makes: those above first. */
async function inOrder(call: Call, objects: [string, Record<string, unknown>][]) {
	const rank = new Map<string, number>()
	const byId = new Map(objects)
	const rankOf = (creationId: string, seen: Set<string>): number => {
		const known = rank.get(creationId)
		if (known !== undefined) return known
		const parent = byId.get(creationId)?.parentId
		const above = typeof parent === 'string' && parent.startsWith('#') ? parent.slice(1) : null
		if (above === null || !byId.has(above) || seen.has(above)) return 0
		const found = rankOf(above, seen.add(above)) + 1
		rank.set(creationId, found)
		return found
	}
	const sorted = objects.toSorted(([a], [b]) => rankOf(a, new Set([a])) - rankOf(b, new Set([b])))
	return oneByOne(
		sorted,
		([creationId]) => creationId,
		async ([creationId, object]) => {
			const made = await create(call, object)
			call.createdIds.set(creationId, made.id)
			return made
		},
	)
}

type Settings = {
	name: string
	parentId: string | null
	role: string | null
	sortOrder: number
	isSubscribed: boolean
}

async function create(call: Call, object: Record<string, unknown>) {
	checkSettable(changed(FRESH, object))
	const wanted: Settings = {
		name: '',
		parentId: null,
		role: null,
		sortOrder: 0,
		isSubscribed: true,
		...pickSettable(object),
	}
	const all = mailboxesOf(call)
	const settings = checkSettings(call, all, wanted, null)
	const path = pathOf(all, settings)
	await write(call, [
		{ do: 'mailbox.create', account: call.account.id, name: path },
		...(settings.isSubscribed ? [subscribe(call, path, true)] : []),
		...(settings.role !== null || settings.sortOrder !== 0 ? [change(call, path, settings)] : []),
	])
	const made = mailboxesOf(call).find(box => box.row.name === path)!
	return {
		id: made.id,
		...('parentId' in object ? null : { parentId: null }),
		...('role' in object ? null : { role: null }),
		...('sortOrder' in object ? null : { sortOrder: 0 }),
		...('isSubscribed' in object ? null : { isSubscribed: true }),
		...FRESH,
	}
}

async function update(call: Call, id: string, patch: Record<string, unknown>): Promise<null> {
	const all = mailboxesOf(call)
	const box = all.find(one => one.id === id)
	if (!box) throw new jmap.RecordRefused({ type: 'notFound' })
	const { row, ...before } = box
	const whole = mailboxRecords(call, [box])[0]!
	const asked = changed(
		whole,
		jmap.applyPatch(whole, patch, { parentId: null, role: null, sortOrder: 0, isSubscribed: true }),
	)
	checkSettable(asked)
	const settings = checkSettings(call, all, { ...before, ...asked }, box)
	const moves = settings.name !== box.name || settings.parentId !== box.parentId
	if (moves && row.name === 'INBOX')
		throw new jmap.RecordRefused({ type: 'forbidden', description: 'the inbox keeps its name and its place' })
	const path = moves ? pathOf(all, settings) : row.name
	const ops: Op[] = []
	if (moves && path !== row.name) {
		ops.push({ do: 'mailbox.rename', account: call.account.id, name: row.name, to: path })
		// Subscriptions are to names: they go along.
		for (const one of all) {
			if (!one.isSubscribed || (one.row.name !== row.name && !one.row.name.startsWith(`${row.name}/`)))
				continue
			const name = path + one.row.name.slice(row.name.length)
			ops.push(subscribe(call, one.row.name, false), subscribe(call, name, true))
		}
	}
	if (settings.isSubscribed !== box.isSubscribed) ops.push(subscribe(call, path, settings.isSubscribed))
	if (settings.role !== box.role || settings.sortOrder !== box.sortOrder)
		ops.push(change(call, path, settings))
	if (ops.length > 0) await write(call, ops)
	return null
}

function checkSettable(object: Record<string, unknown>): void {
	const wrong = Object.keys(object).filter(property => !SETTABLE.includes(property))
	if (wrong.length > 0) throw jmap.invalidProperties(wrong, 'these are set by the server, or not known')
}

function pickSettable(object: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(object).filter(([property]) => SETTABLE.includes(property)))
}

/** @throws RecordRefused */
function checkSettings(call: Call, all: Mailbox[], wanted: Settings, box: Mailbox | null): Settings {
	const wrong: string[] = []
	const { name, role, sortOrder, isSubscribed } = wanted
	let { parentId } = wanted
	const renamed = name !== box?.name
	if (typeof name !== 'string' || (renamed && !isName(name))) wrong.push('name')
	if (role !== null && role !== box?.role && !ROLES.includes(role)) wrong.push('role')
	if (role !== box?.role && box?.role === 'inbox') wrong.push('role')
	if (role && all.some(one => one.role === role && one.id !== box?.id)) wrong.push('role')
	if (!Number.isInteger(sortOrder) || sortOrder < 0 || sortOrder >= 2 ** 31) wrong.push('sortOrder')
	if (typeof isSubscribed !== 'boolean') wrong.push('isSubscribed')
	if (parentId !== null) {
		parentId = typeof parentId === 'string' ? idOf(call, parentId) : null
		const parent = all.find(one => one.id === parentId)
		// Nothing lies within itself.
		if (!parent || (box && `${parent.row.name}/`.startsWith(`${box.row.name}/`))) wrong.push('parentId')
	}
	if (wrong.length > 0) throw jmap.invalidProperties([...new Set(wrong)], 'these cannot have that value')
	const sibling = all.find(
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

function pathOf(all: Mailbox[], { name, parentId }: Settings): string {
	const parent = all.find(one => one.id === parentId)
	const path = parent ? `${parent.row.name}/${name}` : name
	if (path.split('/').length > MAX_MAILBOX_DEPTH)
		throw jmap.invalidProperties(['parentId'], `mailboxes lie at most ${MAX_MAILBOX_DEPTH} deep`)
	if (!parent && /^inbox$/i.test(name) && name !== 'INBOX')
		throw jmap.invalidProperties(['name'], 'there is only one inbox')
	const there = all.find(one => one.row.name === path && one.name !== name)
	if (there) throw alreadyExists(there)
	return path
}

function subscribe(call: Call, name: string, on: boolean): Op {
	return { do: 'mailbox.subscribe', account: call.account.id, name, on }
}

function change(call: Call, name: string, { role, sortOrder }: Settings): Op {
	return { do: 'mailbox.change', account: call.account.id, name, role: role as Role | null, sortOrder }
}

async function write(call: Call, ops: Op[]): Promise<void> {
	for (const result of await call.house.write(ops)) {
		if (result.ok) continue
		if (result.error === 'nonexistent') throw new jmap.RecordRefused({ type: 'notFound' })
		throw jmap.invalidProperties(['name'], 'a mailbox cannot have that name')
	}
}

/** Those below before those above, so that a whole tree can be named. */
async function destroyAll(call: Call, ids: string[], removeEmails: boolean) {
	const depth = new Map(mailboxesOf(call).map(box => [box.id, box.row.name.split('/').length]))
	const sorted = ids.toSorted((a, b) => (depth.get(b) ?? 0) - (depth.get(a) ?? 0))
	return oneByOne(
		sorted,
		one => one,
		async (id): Promise<true> => {
			const all = mailboxesOf(call)
			const box = all.find(one => one.id === id)
			if (!box) throw new jmap.RecordRefused({ type: 'notFound' })
			if (box.row.name === 'INBOX')
				throw new jmap.RecordRefused({ type: 'forbidden', description: 'the inbox stays' })
			if (all.some(one => one.parentId === id)) throw new jmap.RecordRefused({ type: 'mailboxHasChild' })
			if (box.row.emails > 0 && !removeEmails) throw new jmap.RecordRefused({ type: 'mailboxHasEmail' })
			await write(call, [
				subscribe(call, box.row.name, false),
				{ do: 'mailbox.delete', account: call.account.id, name: box.row.name },
			])
			return true
		},
	)
}
