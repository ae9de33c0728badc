import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Links } from '../cluster/index.ts'
import type { Account, Directory } from '../directory/index.ts'
import { backOff, type Log } from '../kit/index.ts'
import type { MailboxRow, MessageRow, Store } from '../store/index.ts'
import { OBJECTS } from './objects.ts'
import { allDone, type Item, lineOf, PARCEL, Places, willTakeIn } from './parcel.ts'

// Of one parcel: messages, and octets unless a single message is larger.
const MOST_MESSAGES = 200
const MOST_OCTETS = 8 * 1024 * 1024
const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 60_000
const ANSWER_WITHIN_MS = 120_000

type Options = { store: Store; directory: Directory; links: Links; log: Log }
type Content = { item: Item; message?: MessageRow }

/**
 * Brings the mail of accounts that live here and become part of another over to that one (law 5: as Ops, at either
 * end). What the other has on its disk goes here, nothing before; when the other cannot be reached it goes on later, also
 * after a restart. When nothing is left the account is no more: never without its home having said that the other is
 * there and stays, or two that were sent into each other on two sides of a cut would both be gone. Returns the function
 * that ends it.
 */
export function followMerges(options: Options): () => Promise<void> {
	const { directory, links, log } = options
	const running = new Map<string, Promise<void>>()
	const waiting = new Map<string, { into: string; wake: () => void }>()
	let stopped = false

	const pause = (id: string, into: string, ms: number) =>
		new Promise<void>(resolve => {
			const wake = () => {
				clearTimeout(timer)
				waiting.delete(id)
				resolve()
			}
			const timer = setTimeout(wake, ms)
			waiting.set(id, { into, wake })
		})
	const wakeAll = () => {
		for (const { wake } of waiting.values()) wake()
	}
	const bring = async (id: string) => {
		for (let attempt = 1; !stopped; attempt++) {
			const account = directory.account(id)
			const target = account?.mergesInto && directory.account(account.mergesInto)
			if (!account || !target || account.home !== directory.self) return
			try {
				const over = await bringOver(options, account, target, () => stopped)
				// Sent elsewhere meanwhile: its new way ends where nobody was asked.
				if (!over || directory.account(id)?.mergesInto !== target.id) continue
				directory.merged(id)
				log.info({ account: id, into: target.id }, 'two accounts are one now')
				return
			} catch (error) {
				log.warn(
					{ err: error, account: id, into: target.id },
					'mail could not be brought over; it is tried again',
				)
				if (!stopped) await pause(id, target.id, backOff(attempt, FIRST_RETRY_MS, LAST_RETRY_MS))
			}
		}
	}
	const look = () => {
		for (const { id } of directory.merging()) {
			if (stopped || running.has(id)) continue
			running.set(
				id,
				bring(id).finally(() => running.delete(id)),
			)
		}
	}
	const unhear = directory.changed.on(({ kinds, ids }) => {
		if (!kinds.has('account') && !kinds.has('domain') && !kinds.has('node')) return
		for (const [id, { into, wake }] of waiting)
			if (ids.has(into) || directory.account(id)?.mergesInto !== into) wake()
		look()
	})
	const unhearPeers = links.onPeerUp(wakeAll)
	look()
	return async () => {
		stopped = true
		unhear()
		unhearPeers()
		wakeAll()
		await Promise.all(running.values())
	}
}

/** True when all is over there and the account is empty and gone from the store. */
async function bringOver(
	{ store, directory, links }: Options,
	account: Account,
	target: Account,
	stopped: () => boolean,
): Promise<boolean> {
	const { reader } = store
	// What was on its way when the directory changed is in; what comes now goes to the other.
	await store.write([])
	const give = (contents: Content[]) =>
		target.home === directory.self
			? fileHere(store, directory, target.id, contents)
			: send(store, links, target, contents)
	if (!reader.hasAccount(account.id)) {
		await give([]) // nothing but the question whether it stays
		return true
	}
	const boxes = reader.mailboxes(account.id)
	await give(boxes.map(({ name, role, subscribed }) => ({ item: { is: 'mailbox', name, role, subscribed } })))
	for (const box of boxes) {
		for (const contents of parcelsOf(store, account.id, box)) {
			if (stopped()) return false
			await give(contents)
			const uids = contents.map(({ message }) => message!.uid)
			allDone(
				await store.write([
					{ do: 'message.expunge', account: account.id, mailbox: box.key, uids, any: true },
				]),
			)
		}
	}
	const objects = OBJECTS.flatMap(kind =>
		reader.emails.objects(account.id, kind).map(({ id, value }): Content => {
			return { item: { is: 'object', kind, id, value } }
		}),
	)
	if (objects.length > 0) await give(objects)
	const [removed] = await store.write([{ do: 'account.remove', account: account.id, empty: true }])
	return removed!.ok || removed!.error === 'nonexistent'
}

/** The messages of a mailbox in their order, as much at a time as goes on one way. */
function* parcelsOf(store: Store, account: string, box: MailboxRow): Generator<Content[]> {
	const { reader } = store
	const uids = reader.uids(box.key)
	for (let at = 0; at < uids.length; at += MOST_MESSAGES) {
		const slice = uids.slice(at, at + MOST_MESSAGES)
		let contents: Content[] = []
		let octets = 0
		for (const message of reader.messages(box.key, slice[0]!, slice.at(-1)!)) {
			if (contents.length > 0 && octets + message.size > MOST_OCTETS) {
				yield contents
				contents = []
				octets = 0
			}
			const { flags, keywords, internalDate, size, uid } = message
			const once = `merge ${account} ${box.id} ${uid}`
			const { name, role } = box
			contents.push({
				message,
				item: { is: 'message', name, role, flags, keywords, internalDate, size, once },
			})
			octets += size
		}
		if (contents.length > 0) yield contents
	}
}

async function fileHere(
	store: Store,
	directory: Directory,
	account: string,
	contents: Content[],
): Promise<void> {
	if (!willTakeIn(directory, account)) throw new Error('the other account takes nothing in')
	allDone(await store.write([{ do: 'account.create', account }]))
	const places = new Places(store, account)
	const known = ({ message }: Content) => message && { known: store.reader.head(message.blob).hash }
	allDone(await store.write(contents.flatMap(content => places.ops(account, content.item, known(content)))))
}

async function send(store: Store, links: Links, { id, home }: Account, contents: Content[]): Promise<void> {
	const socket = await links.connect(home, 'http/1.1')
	try {
		const outgoing = request({
			createConnection: () => socket,
			method: 'POST',
			host: home,
			path: `/cluster/mail/${id}`,
			headers: { 'content-type': PARCEL },
		})
		outgoing.setTimeout(ANSWER_WITHIN_MS, () => outgoing.destroy(new Error('the home keeps silent')))
		const answered = new Promise<number>((resolve, reject) => {
			outgoing.on('error', reject)
			outgoing.once('response', answer => {
				answer.resume()
				resolve(answer.statusCode!)
			})
		})
		const [status] = await Promise.all([
			answered,
			pipeline(Readable.from(octetsOf(store, contents)), outgoing),
		])
		if (status !== 204) throw new Error(`the home of the other account answers ${status}`)
	} finally {
		socket.destroy()
	}
}

async function* octetsOf(store: Store, contents: Content[]): AsyncGenerator<Buffer> {
	for (const { item, message } of contents) {
		yield lineOf(item)
		if (message) yield* store.reader.bodyStream(message.blob)
	}
}
