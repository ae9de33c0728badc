import type { Directory } from '../directory/index.ts'
import { type Clock, type Log, newId } from '../kit/index.ts'
import type { Op, QueueItem, Store } from '../store/index.ts'
import { fileFor } from './file.ts'
import type { Peer } from './lane.ts'
import type { Left } from './queue-options.ts'
import { deliveryReport, type Event, type Subject, wantsReport } from './report.ts'
import { type Destination, destinations, nodeRoute } from './route.ts'
import { returnPath } from './trace.ts'

const NOTHING = Buffer.alloc(0)

export type TellOptions = {
	hostname: string
	self: string
	store: Store
	directory: Directory
	clock: Clock
	queueLifetimeMs: number
	log: Log
	/** See QueueOptions; absent: it never was in one. */
	left?: Left | null
}

/**
 * The Ops that bring a report to the sender; none when the sender does not want one. Written together with what they
 * report, so that there is exactly one.
 * @param original the message, or as much of its beginning as may be sent back
 * @param once for what may happen again (a hand-over whose 250 was lost): the same is reported once
 */
export function tellSender(
	options: TellOptions,
	about: Subject,
	event: Event,
	original: Buffer,
	once?: string,
): Op[] {
	if (!wantsReport(about, event.is)) return []
	const { hostname, clock } = options
	const now = clock.now()
	const id = newId(now)
	// RFC 8689 section 5: nobody can tell whether a report will stay protected out there, so nothing of the message is in it.
	const redacted = about.requireTls && goesOut(options, about.reversePath)
	const bytes = deliveryReport(about, event, redacted ? NOTHING : original, { hostname, now, id })
	const how = {
		id,
		source: 'report',
		requireTls: about.requireTls && !redacted,
		...(once ? { once } : {}),
	}
	return bring(options, about.reversePath, bytes, how, leftBehind(options, about))
}

/** Who sent us a message in a cluster that we are not of any more gets what is to be said of it when we are there again. */
function leftBehind({ left }: TellOptions, { arrived, reversePath }: Subject): Destination[] {
	if (!left || arrived >= left.at) return []
	return [{ to: 'queue', route: nodeRoute(left.id), address: reversePath }]
}

function goesOut({ directory, self }: TellOptions, address: string): boolean {
	return destinations(directory.lookup(address), address, self).some(
		place => place.to === 'queue' && place.route.startsWith('mx:'),
	)
}

/**
 * The Ops that bring a letter of our own to an address, from nobody.
 * @param otherwise where it goes when nobody has the address
 */
export function bring(
	{ self, store, directory, clock, queueLifetimeMs, log }: TellOptions,
	to: string,
	bytes: Buffer,
	how: { id: string; source: string; requireTls: boolean; once?: string },
	otherwise: Destination[] = [],
): Op[] {
	const { id, source, requireTls, once } = how
	const now = clock.now()
	const found = destinations(directory.lookup(to), to, self)
	const places = found.length > 0 ? found : otherwise
	if (places.length === 0) log.warn({ id, to, source }, 'a report can be given to nobody')
	const filed = store.stageSmall(Buffer.concat([Buffer.from(returnPath('')), bytes]))
	const ops = places.flatMap(place => (place.to === 'here' ? [fileFor(place.account, filed, now, once)] : []))
	const recipients = places.flatMap(place =>
		place.to === 'queue'
			? [{ address: place.address, route: place.route, originalRecipient: null, notify: 'NEVER' }]
			: [],
	)
	if (recipients.length === 0) return ops
	// RFC 8689 section 5: what is said of a message goes no less protected than itself, unless it says nothing of it.
	const envelope = {
		reversePath: '',
		envelopeId: null,
		ret: null,
		smtputf8: false,
		source,
		requireTls,
	}
	const times = { arrived: now, expires: now + queueLifetimeMs }
	const item = {
		id,
		body: store.stageSmall(bytes),
		recipients,
		...times,
		...envelope,
		...(once ? { once } : {}),
	}
	return [...ops, { do: 'queue.add', item }]
}

/** It went to somebody who will not report, or does not watch the time, as its sender wished (RFC 3461, RFC 2852). */
export function leavesReporting(item: QueueItem, { extensions }: Peer): boolean {
	if (item.route.startsWith('node:')) return false
	if (!extensions.has('DSN') && wantsReport({ ...item, byMode: null }, 'relayed')) return true
	return item.byMode !== null && (!extensions.has('DELIVERBY') || item.byMode.endsWith('T'))
}

/** The routes on which something new waits after these Ops. */
export function routesOf(ops: Op[]): string[] {
	const routes: string[] = []
	for (const op of ops)
		if (op.do === 'queue.add') for (const { route } of op.item.recipients) routes.push(route)
	return routes
}
