import { shallowReactive } from 'vue'
import { Problem } from '../../shared/api.ts'
import { type Jmap, refuse } from '../jmap/client.ts'
import type { Email, EmailLine, Id, SetError } from '../jmap/types.ts'

export const LINE: (keyof EmailLine)[] = [
	'id',
	'threadId',
	'mailboxIds',
	'keywords',
	'receivedAt',
	'sentAt',
	'from',
	'to',
	'subject',
	'preview',
	'hasAttachment',
	'size',
]
const WHOLE: (keyof Email)[] = [
	...LINE,
	'blobId',
	'cc',
	'bcc',
	'replyTo',
	'messageId',
	'inReplyTo',
	'references',
	'textBody',
	'htmlBody',
	'attachments',
	'headers',
	'bodyValues',
]
const PART = ['partId', 'blobId', 'size', 'name', 'type', 'charset', 'disposition', 'cid']

/** Octets of text that are shown of one part; who writes more is read by "show original". */
const MOST_TEXT = 2 * 1024 * 1024
/** Messages that were open stay readable when the line is gone. */
const MOST_WHOLE = 60

/** Messages that are asked for, or changed, at one time: as much as every node takes (RFC 8620 section 2). */
export const PIECE = 500

/** Where a message lies and how it is marked. */
export type Known = Pick<EmailLine, 'id' | 'mailboxIds' | 'keywords'>
export type Patch = Record<string, true | null>
export type Change = { before: Known; patch: Patch }

/** The messages this page knows of: lines of lists, and those that were opened. */
export class Emails {
	readonly lines = shallowReactive(new Map<Id, EmailLine>())
	/** How many messages a conversation has. */
	readonly counts = shallowReactive(new Map<Id, number>())
	readonly #whole = new Map<Id, Email>()
	/** Messages of conversations, as far as they are known. */
	readonly #threads = new Map<Id, Id[]>()
	/** Conversations in which nothing has changed since. */
	readonly #current = new Set<Id>()
	readonly #jmap: Jmap

	constructor(jmap: Jmap) {
		this.#jmap = jmap
	}

	/** Takes over what a list brought. */
	take(list: EmailLine[], threads: { id: Id; emailIds: Id[] }[] = []): void {
		for (const line of list) this.#renew(line)
		for (const { id, emailIds } of threads) this.#takeThread(id, emailIds)
	}

	#takeThread(id: Id, emailIds: Id[]): void {
		this.counts.set(id, emailIds.length)
		this.#threads.set(id, emailIds)
		this.#current.add(id)
	}

	#renew(line: EmailLine): void {
		this.lines.set(line.id, line)
		const whole = this.#whole.get(line.id)
		if (whole) this.#whole.set(line.id, { ...whole, ...line })
	}

	/** Everything a reader needs of these; those known already are not asked for again. */
	async open(ids: Id[], signal?: AbortSignal): Promise<Email[]> {
		const missing = ids.filter(id => !this.#whole.has(id))
		if (missing.length > 0) {
			const { list } = await this.#jmap.call<{ list: Email[] }>(
				'Email/get',
				{
					ids: missing,
					properties: WHOLE,
					bodyProperties: PART,
					fetchTextBodyValues: true,
					fetchHTMLBodyValues: true,
					maxBodyValueBytes: MOST_TEXT,
				},
				signal,
			)
			for (const email of list) {
				this.#whole.set(email.id, email)
				this.#renew(email)
			}
			for (const id of this.#whole.keys()) {
				if (this.#whole.size <= MOST_WHOLE) break
				if (!ids.includes(id)) this.#whole.delete(id)
			}
		}
		return ids.flatMap(id => this.#whole.get(id) ?? [])
	}

	/** Messages of a conversation, the oldest first; without a line, as they were known last. */
	async thread(id: Id, signal?: AbortSignal): Promise<Id[]> {
		const known = this.#threads.get(id)
		if (known && this.#current.has(id)) return known
		try {
			const { list } = await this.#jmap.call<{ list: { id: Id; emailIds: Id[] }[] }>(
				'Thread/get',
				{ ids: [id] },
				signal,
			)
			if (list[0]) this.#takeThread(id, list[0].emailIds)
			return list[0]?.emailIds ?? []
		} catch (error) {
			if (known && error instanceof Problem && error.code === 'network') return known
			throw error
		}
	}

	/** Messages of each of these conversations. */
	async threads(ids: Id[]): Promise<Id[][]> {
		const missing = ids.filter(id => !this.#current.has(id))
		for (let at = 0; at < missing.length; at += PIECE) {
			const { list } = await this.#jmap.call<{ list: { id: Id; emailIds: Id[] }[] }>('Thread/get', {
				ids: missing.slice(at, at + PIECE),
			})
			for (const { id, emailIds } of list) this.#takeThread(id, emailIds)
		}
		return ids.flatMap(id => [this.#threads.get(id) ?? []])
	}

	/** Something has changed: conversations are asked for again when somebody looks at them. */
	doubtThreads(): void {
		this.#current.clear()
	}

	/** Asks anew for lines we know. */
	async refresh(ids: Id[]): Promise<void> {
		const known = ids.filter(id => this.lines.has(id))
		if (known.length === 0) return
		const { list, notFound } = await this.#jmap.call<{ list: EmailLine[]; notFound: Id[] }>('Email/get', {
			ids: known,
			properties: LINE,
		})
		this.take(list)
		this.forget(notFound)
	}

	forget(ids: Id[]): void {
		for (const id of ids) {
			this.lines.delete(id)
			this.#whole.delete(id)
		}
	}

	/** Where these lie, asked for where it is not known; those that are gone are left out. */
	async known(ids: Id[]): Promise<Known[]> {
		const found = new Map<Id, Known>()
		const missing = ids.filter(id => !this.lines.has(id))
		for (let at = 0; at < missing.length; at += PIECE) {
			const { list } = await this.#jmap.call<{ list: Known[] }>('Email/get', {
				ids: missing.slice(at, at + PIECE),
				properties: ['id', 'mailboxIds', 'keywords'],
			})
			for (const known of list) found.set(known.id, known)
		}
		return ids.flatMap(id => this.lines.get(id) ?? found.get(id) ?? [])
	}

	/**
	 * Changes messages here at once and at the node, a piece at most; when the node refuses, they are here as they were.
	 * What is gone meanwhile is passed over.
	 * @returns what undoes it
	 */
	async change(changes: Change[]): Promise<Change[]> {
		const before = new Map<Id, EmailLine>()
		const undo = new Map<Id, Change>()
		for (const { before: known, patch } of changes) {
			const line = this.lines.get(known.id)
			undo.set(known.id, {
				before: patched(line ?? known, patch),
				patch: inverse(line ?? known, patch),
			})
			if (!line) continue
			before.set(line.id, line)
			this.#renew(patched(line, patch))
		}
		try {
			const update = Object.fromEntries(changes.map(each => [each.before.id, each.patch]))
			const answer = await this.#jmap.call<Record<string, unknown>>('Email/set', { update })
			for (const id of withoutGone(answer, 'notUpdated')) undo.delete(id)
			refuse(answer)
		} catch (error) {
			for (const line of before.values()) this.#renew(line)
			throw error
		}
		return [...undo.values()]
	}

	/** For good, a piece at most. */
	async destroy(ids: Id[]): Promise<void> {
		const answer = await this.#jmap.call<Record<string, unknown>>('Email/set', { destroy: ids })
		withoutGone(answer, 'notDestroyed')
		refuse(answer)
		this.forget(ids)
	}
}

/** Takes those out of an answer that somebody else destroyed before. */
function withoutGone(answer: Record<string, unknown>, kind: 'notUpdated' | 'notDestroyed'): Id[] {
	const refused = Object.entries((answer[kind] ?? {}) as Record<Id, SetError>)
	const gone = refused.filter(([, error]) => error.type === 'notFound').map(([id]) => id)
	answer[kind] = Object.fromEntries(refused.filter(([id]) => !gone.includes(id)))
	return gone
}

/** Patches of keywords and mailboxIds by path (RFC 8620 section 5.3), as we make them. */
function patched<T extends Known>(line: T, patch: Patch): T {
	const next = { ...line, keywords: { ...line.keywords }, mailboxIds: { ...line.mailboxIds } }
	for (const [path, value] of Object.entries(patch)) {
		const [what, key] = path.split('/') as ['keywords' | 'mailboxIds', string]
		if (value === null) delete next[what][key]
		else next[what][key] = true
	}
	return next
}

function inverse(line: Known, patch: Patch): Patch {
	return Object.fromEntries(
		Object.keys(patch).map(path => {
			const [what, key] = path.split('/') as ['keywords' | 'mailboxIds', string]
			return [path, line[what][key] ? true : null]
		}),
	)
}
