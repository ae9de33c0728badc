import type { Change } from '../../store/index.ts'
import { imap } from '../../wire/index.ts'
import { watch } from '../watch.ts'
import { inFilter } from './filters.ts'
import { type Box, mailboxesOf, statusResponse } from './mailboxes.ts'
import { formatNames, isShared } from './metadata.ts'
import { identifiersOf } from './rights.ts'
import type { Session } from './session.ts'
import { Tree } from './tree.ts'

/** A mailbox as the client was told of it. */
type Known = { name: string; modseq: number; uidNext: number; messages: number }

/** Which events of the selected mailbox are told, and when (RFC 5465 section 6.1). */
export type SelectedEvents = {
	messages: boolean
	flags: boolean
	/** Expunges wait for a command that may tell of them. */
	delayed: boolean
	/** Of new messages. */
	items: imap.FetchItem[]
}

const NOTHING: SelectedEvents = { messages: false, flags: false, delayed: false, items: [] }

/**
 * What a client asked to hear of with NOTIFY (RFC 5465), and what it has heard. The selected mailbox is told by sync.ts
 * like ever, within `selected`; all other things here, as the difference to what was told last.
 */
export class Notification {
	readonly selected: SelectedEvents
	#session: Session
	#groups: imap.NotifyGroup[]
	/** Accounts whose mailboxes are watched: its own, and those who share something. */
	#watched = new Map<string, () => void>()
	#boxes = new Map<number, Known>()
	#subscribed = new Set<string>()
	/** Mailbox id ('' = account) and entries. */
	#metadata = new Map<string, Set<string>>()
	/** Names this client just made, removed or renamed itself: it knows. */
	#own = new Set<string>()

	constructor(session: Session, groups: imap.NotifyGroup[]) {
		this.#session = session
		this.#groups = groups
		const group = groups.find(({ filter }) => filter.is === 'selected' || filter.is === 'selected-delayed')
		this.selected = group
			? {
					messages: group.events.includes('MESSAGENEW'),
					flags: group.events.includes('FLAGCHANGE'),
					delayed: group.filter.is === 'selected-delayed',
					items: group.items,
				}
			: NOTHING
		// What is shared with a group of the account is said to the group.
		if (groups.length > 0) this.#watch(identifiersOf(session))
		this.#remember(this.#mailboxes(), this.#subscriptions())
	}

	end(): void {
		for (const stop of this.#watched.values()) stop()
	}

	#watch(accounts: Iterable<string>): void {
		for (const account of accounts) {
			if (this.#watched.has(account)) continue
			this.#watched.set(
				account,
				watch(this.#session.house, account, change => this.#hear(change)),
			)
		}
	}

	#hear(change: Change): void {
		const own = change.account === this.#session.account!.id
		for (const [mailbox, entry] of change.metadata ?? []) {
			// What others keep for themselves is nobody's business.
			if (!own && !isShared(entry)) continue
			const entries = this.#metadata.get(mailbox) ?? new Set()
			this.#metadata.set(mailbox, entries.add(entry))
		}
		this.#session.tidings.push()
	}

	/** The client did it itself. Said when it is done: what was refused somebody else may do. */
	own(...names: string[]): void {
		for (const name of names) this.#own.add(name)
	}

	ownMetadata(mailbox: string, entries: string[]): void {
		const heard = this.#metadata.get(mailbox)
		for (const entry of entries) heard?.delete(entry)
	}

	#mailboxes(): Box[] {
		return mailboxesOf(this.#session)
	}

	#subscriptions(): Set<string> {
		return new Set(this.#session.house.reader.subscriptions(this.#session.account!.id))
	}

	#remember(boxes: Box[], subscribed: Set<string>): void {
		this.#boxes = new Map(
			boxes.map(({ key, name, modseq, uidNext, messages }) => [key, { name, modseq, uidNext, messages }]),
		)
		this.#subscribed = subscribed
		if (this.#groups.length > 0) this.#watch(boxes.map(({ account }) => account))
	}

	#wants(event: string, name: string, subscribed: boolean): boolean {
		return this.#groups.some(
			({ filter, events }) => events.includes(event) && inFilter(filter, name, subscribed),
		)
	}

	/** STATUS of all that is watched, at the beginning (section 3.1). */
	statusOfAll(): void {
		const { out, condstore, view } = this.#session
		for (const box of this.#mailboxes()) {
			if (box.key === view?.mailbox || !this.#wants('MESSAGENEW', box.name, box.subscribed)) continue
			const items: imap.StatusItem[] = ['MESSAGES', 'UIDNEXT', 'UIDVALIDITY']
			if (condstore) items.push('HIGHESTMODSEQ')
			out.text(statusResponse(this.#session, box, items))
		}
	}

	/** Tells what happened since the last time, the selected mailbox's messages aside. */
	tell(): void {
		if (this.#groups.length === 0) return
		const boxes = this.#mailboxes()
		const subscribed = this.#subscriptions()
		this.#tellNames(boxes, subscribed)
		this.#tellMessages(boxes)
		this.#tellMetadata(boxes)
		this.#remember(boxes, subscribed)
		this.#own.clear()
	}

	#tellMessages(boxes: Box[]): void {
		const session = this.#session
		const names = new Set([...this.#boxes.values()].map(({ name }) => name))
		for (const box of boxes) {
			if (box.key === session.view?.mailbox || !box.rights.includes('r')) continue
			const known = this.#boxes.get(box.key)
			if (known?.modseq === box.modseq) continue
			const fresh = known === undefined
			// An empty new mailbox is only news where another one of that name was, with another UIDVALIDITY.
			if (fresh && box.messages === 0 && !names.has(box.name)) continue
			const came = known?.uidNext !== box.uidNext || known.messages !== box.messages
			const wantsFlags = this.#wants('FLAGCHANGE', box.name, box.subscribed)
			const items: imap.StatusItem[] = []
			if (came && this.#wants('MESSAGENEW', box.name, box.subscribed)) items.push('MESSAGES', 'UIDNEXT')
			if (wantsFlags) items.push('UNSEEN')
			if (items.length === 0) continue
			if (fresh || wantsFlags) items.push('UIDVALIDITY')
			if (session.condstore) items.push('HIGHESTMODSEQ')
			session.out.text(statusResponse(session, box, items))
		}
	}

	/** MailboxName and SubscriptionChange (sections 5.4, 5.5): LIST of every name that is affected. */
	#tellNames(boxes: Box[], subscribed: Set<string>): void {
		const affected = new Map<string, string | null>()
		const old = new Map<string, string>()
		const touch = (name: string) => {
			if (this.#own.has(name)) return
			const parent = name.slice(0, Math.max(0, name.lastIndexOf('/')))
			for (const one of parent ? [name, parent] : [name]) if (!affected.has(one)) affected.set(one, null)
		}
		for (const box of boxes) {
			const known = this.#boxes.get(box.key)
			if (!known) touch(box.name)
			else if (known.name !== box.name) old.set(known.name, box.name)
		}
		for (const [from, to] of old) {
			// What moved along with a mailbox above it is not told by itself.
			const above = [...old].some(
				([one, other]) => from.startsWith(`${one}/`) && to === other + from.slice(one.length),
			)
			if (!above && !this.#own.has(to)) affected.set(to, from)
		}
		const here = new Set(boxes.map(box => box.key))
		for (const [key, { name }] of this.#boxes) if (!here.has(key)) touch(name)
		const told = [...affected].filter(([name]) => this.#wants('MAILBOXNAME', name, subscribed.has(name)))
		const names = new Set(told.map(([name]) => name))
		const changed = [
			...[...subscribed].filter(name => !this.#subscribed.has(name)),
			...[...this.#subscribed].filter(name => !subscribed.has(name)),
		]
		for (const name of changed) {
			if (names.has(name) || this.#own.has(name)) continue
			if (this.#wants('SUBSCRIPTIONCHANGE', name, true)) told.push([name, null])
		}
		if (told.length === 0) return
		const tree = new Tree(this.#session)
		for (const [name, before] of told) this.#session.out.text(tree.response(this.#session, name, before))
	}

	/** Sections 5.6 and 5.7: names of entries only. */
	#tellMetadata(boxes: Box[]): void {
		for (const [mailbox, entries] of this.#metadata) {
			if (entries.size === 0) continue
			const box = boxes.find(({ id }) => id === mailbox)
			const wanted =
				mailbox === ''
					? this.#groups.some(({ events }) => events.includes('SERVERMETADATACHANGE'))
					: box && this.#wants('MAILBOXMETADATACHANGE', box.name, box.subscribed)
			if (!wanted) continue
			const name = box ? imap.formatMailbox(box.name, this.#session.utf8) : '""'
			this.#session.out.text(`* METADATA ${name} ${formatNames([...entries])}\r\n`)
		}
		this.#metadata.clear()
	}
}
