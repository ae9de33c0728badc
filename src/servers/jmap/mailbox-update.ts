import type { Op } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import type { Call } from './call.ts'
import { type Mailbox, mailboxesOf, mailboxRecords } from './mailbox-get.ts'
import {
	change,
	checkSettable,
	checkSettings,
	pathOf,
	type Settings,
	subscribe,
	write,
} from './mailbox-settings.ts'
import { changed, oneByOne } from './standard-set.ts'

/** What may be otherwise once the other patches are done. */
export const MAY_PASS = ['invalidProperties', 'alreadyExists']

/**
 * What only the end has to be like is not refused for what lies between: a name or role that another patch sets free is
 * taken after it (RFC 8620 section 5.3).
 */
export async function updateAll(call: Call, patches: [string, Record<string, unknown>][]) {
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
	for (const id of left.length > 1 ? await updateTogether(call, left) : []) outcome.set(id, null)
	return outcome
}

type Plan = { box: Mailbox; settings: Settings; path: string }

/** @param inTheWay whose names and roles are taken @throws RecordRefused */
function planOf(
	call: Call,
	all: Mailbox[],
	[id, patch]: [string, Record<string, unknown>],
	inTheWay = all,
): Plan {
	const box = all.find(one => one.id === id)
	if (!box) throw new jmap.RecordRefused({ type: 'notFound' })
	const { row, ...before } = box
	const whole = mailboxRecords(call, [box])[0]!
	const asked = changed(
		whole,
		jmap.applyPatch(whole, patch, { parentId: null, role: null, sortOrder: 0, isSubscribed: true }),
	)
	checkSettable(asked)
	const settings = checkSettings(call, all, { ...before, ...asked }, box, inTheWay)
	const moves = settings.name !== box.name || settings.parentId !== box.parentId
	if (moves && row.name === 'INBOX')
		throw new jmap.RecordRefused({ type: 'forbidden', description: 'the inbox keeps its name and its place' })
	return { box, settings, path: moves ? pathOf(all, settings, inTheWay) : row.name }
}

async function update(call: Call, id: string, patch: Record<string, unknown>): Promise<null> {
	const all = mailboxesOf(call)
	const plan = planOf(call, all, [id, patch])
	const { box, path } = plan
	const moves = path !== box.row.name
	const ops: Op[] = [...(moves ? [rename(call, box.row.name, path)] : []), ...settingsOf(call, plan)]
	if (ops.length > 0) await write(call, ops)
	return null
}

/**
 * What waits for each other, as names that go round: all of it in one transaction, by way of names that nobody has.
 * @returns those that could be done
 */
async function updateTogether(call: Call, patches: [string, Record<string, unknown>][]): Promise<string[]> {
	const all = mailboxesOf(call)
	let plans: Plan[] = []
	for (let left = patches; ; left = left.filter(([id]) => plans.some(({ box }) => box.id === id))) {
		const ids = new Set(left.map(([id]) => id))
		plans = left.flatMap(one => {
			const inTheWay = all.filter(({ id }) => id === one[0] || !ids.has(id))
			try {
				return planOf(call, all, one, inTheWay)
			} catch (error) {
				if (error instanceof jmap.RecordRefused) return []
				throw error
			}
		})
		if (plans.length === left.length) break
	}
	const moving = plans.filter(({ box, path }) => path !== box.row.name)
	const roles = plans.flatMap(({ settings }) => settings.role ?? [])
	const apart =
		new Set(plans.map(({ path }) => path)).size === plans.length &&
		new Set(roles).size === roles.length &&
		!moving.some(
			({ box }) =>
				plans.some(
					one =>
						one.box !== box && `${one.path}/`.startsWith(`${box.row.name}/`) && one.path !== box.row.name,
				) || plans.some(one => one.box !== box && one.box.row.name.startsWith(`${box.row.name}/`)),
		)
	if (plans.length < 2 || !apart) return []
	await write(call, [
		...plans
			.filter(({ box, settings }) => settings.role !== box.role)
			.map(({ box }) => change(call, box.row.name, { ...box, role: null })),
		...moving.map(({ box }) => rename(call, box.row.name, box.id)),
		...moving.map(({ box, path }) => rename(call, box.id, path)),
		...plans.flatMap(plan => settingsOf(call, plan)),
	])
	return plans.map(({ box }) => box.id)
}

function rename(call: Call, name: string, to: string): Op {
	return { do: 'mailbox.rename', account: call.account.id, name, to }
}

function settingsOf(call: Call, { box, settings, path }: Plan): Op[] {
	return [
		...(settings.isSubscribed !== box.isSubscribed ? [subscribe(call, path, settings.isSubscribed)] : []),
		...(settings.role !== box.role || settings.sortOrder !== box.sortOrder
			? [change(call, path, settings)]
			: []),
	]
}
