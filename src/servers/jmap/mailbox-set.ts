import { z } from 'zod'
import { removeInSlices } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { read } from './arguments.ts'
import type { Call, Responses } from './call.ts'
import { mailboxesOf, mailboxState, RIGHTS } from './mailbox-get.ts'
import {
	change,
	checkSettable,
	checkSettings,
	pathOf,
	pickSettable,
	type Settings,
	subscribe,
	write,
} from './mailbox-settings.ts'
import { MAY_PASS, updateAll } from './mailbox-update.ts'
import { inOrder } from './objects.ts'
import { changed, oneByOne, readSet, type Setting, set } from './standard-set.ts'

/** What the server says of every new mailbox. */
const FRESH = { totalEmails: 0, unreadEmails: 0, totalThreads: 0, unreadThreads: 0, myRights: RIGHTS }
const extraShape = z.object({ onDestroyRemoveEmails: z.boolean().default(false) })

/** RFC 8621 section 2.5. */
export async function setMailboxes(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const { onDestroyRemoveEmails = false, ...rest } = args
	const extra = read(extraShape, { onDestroyRemoveEmails })
	const setting: Setting = {
		state: () => mailboxState(call),
		create: objects => createAll(call, objects),
		update: patches => updateAll(call, patches),
		destroy: ids => destroyAll(call, ids, extra.onDestroyRemoveEmails),
		mayPass: ({ type }) => MAY_PASS.includes(type),
	}
	const answer = await inOrder(call, () => set(call, readSet(call, rest), setting))
	return [['Mailbox/set', answer]]
}

/** A mailbox may be made within one that the same request makes: those above first. */
async function createAll(call: Call, objects: [string, Record<string, unknown>][]) {
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
	const settings = checkSettings(call, all, wanted, null, all)
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
			await write(call, [subscribe(call, box.row.name, false)])
			const { id: account } = call.account
			const gone = await removeInSlices(call.house, { do: 'mailbox.delete', account, name: box.row.name })
			if (!gone.ok) throw new jmap.RecordRefused({ type: 'notFound' })
			return true
		},
	)
}
