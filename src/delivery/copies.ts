import type { Group, Resolved } from '../directory/index.ts'
import type { BodyStage, StagedBody } from '../store/index.ts'
import { waiting } from './enqueue.ts'
import type { ReceiveOptions } from './receive-options.ts'
import { withRoom } from './room.ts'
import { type Destination, destinations } from './route.ts'
import type { Recipient, Transaction } from './types.ts'

type Addressed = { recipient: Recipient; destinations: Destination[] }

/** The message as some of its recipients get it: those it was sent to, or the members of one group. */
export type Copy = {
	group: Group | null
	/** Who gets the reports: the sender, or the owner of the group. */
	reversePath: string
	addressed: Addressed[]
	/** What is filed here begins with Return-Path, what goes on to others does not: at most two bodies. */
	here: BodyStage | null
	onward: BodyStage | null
}
export type StagedCopy = Omit<Copy, 'here' | 'onward'> & {
	here: StagedBody | null
	onward: StagedBody | null
}

/**
 * Who gets which copy. A group is expanded here, once for all nodes; where it goes on only its members are named.
 * Those who are named themselves come first: who is also a member gets the message as it was sent.
 * @param release when it may go on, null = at once
 */
export function divide(
	options: Pick<ReceiveOptions, 'self' | 'directory' | 'store'>,
	{ reversePath, recipients, size }: Transaction,
	release: number | null,
	resolve: (recipient: Recipient) => Resolved,
): Copy[] {
	const { self } = options
	const copies = new Map<string, Copy>()
	for (const recipient of recipients) {
		const resolved = resolve(recipient)
		const group = resolved.is === 'group' ? resolved.group : null
		const all = destinations(resolved, recipient.address, self)
		const places = withRoom(options, all, size ?? 0)
		const addressed = { recipient, destinations: release === null ? places : waiting(places, self) }
		const copy = copies.get(group?.id ?? '')
		if (copy) copy.addressed.push(addressed)
		else {
			// A report that could not be delivered is nobody's to report.
			const owner = reversePath === '' ? '' : (group?.owner ?? '')
			const fresh = { group, reversePath: owner || reversePath, here: null, onward: null }
			copies.set(group?.id ?? '', { ...fresh, addressed: [addressed] })
		}
	}
	return [...copies.values()].sort((a, b) => Number(a.group !== null) - Number(b.group !== null))
}

export function placesOf({ addressed }: Pick<Copy, 'addressed'>): Destination[] {
	return addressed.flatMap(({ destinations }) => destinations)
}

/** When it has streamed in; at once where it is in memory. */
export function ended({
	group,
	reversePath,
	addressed,
	here,
	onward,
}: Copy): StagedCopy | Promise<StagedCopy> {
	const staged = (filed: StagedBody | undefined, sent: StagedBody | undefined): StagedCopy => {
		return { group, reversePath, addressed, here: filed ?? null, onward: sent ?? null }
	}
	const filed = here?.end()
	const sent = onward?.end()
	return filed instanceof Promise || sent instanceof Promise
		? Promise.all([filed, sent]).then(both => staged(...both))
		: staged(filed, sent)
}
