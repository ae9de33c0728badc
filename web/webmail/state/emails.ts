import { shallowReactive } from 'vue'
import { Problem } from '../../shared/api.ts'
import { type Jmap, refuse } from '../jmap/client.ts'
import type { Email, EmailLine, Id } from '../jmap/types.ts'

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

/** A change of messages, and what undoes it. */
export type Patch = Record<string, unknown>

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

	/**
	 * Changes messages here at once and at the node; when the node refuses, they are here as they were.
	 * @returns the patch that undoes it, for each
	 */
	async change(patches: Map<Id, Patch>): Promise<Map<Id, Patch>> {
		const before = new Map<Id, EmailLine>()
		const undo = new Map<Id, Patch>()
		for (const [id, patch] of patches) {
			const line = this.lines.get(id)
			if (!line) continue
			before.set(id, line)
			undo.set(id, inverse(line, patch))
			this.#renew(patched(line, patch))
		}
		try {
			refuse(await this.#jmap.call('Email/set', { update: Object.fromEntries(patches) }))
		} catch (error) {
			for (const line of before.values()) this.#renew(line)
			throw error
		}
		return undo
	}

	/** For good. */
	async destroy(ids: Id[]): Promise<void> {
		refuse(await this.#jmap.call('Email/set', { destroy: ids }))
		this.forget(ids)
	}
}

/** Patches of keywords and mailboxIds by path (RFC 8620 section 5.3), as we make them. */
function patched(line: EmailLine, patch: Patch): EmailLine {
	const next = { ...line, keywords: { ...line.keywords }, mailboxIds: { ...line.mailboxIds } }
	for (const [path, value] of Object.entries(patch)) {
		const [what, key] = path.split('/') as ['keywords' | 'mailboxIds', string]
		if (value === null) delete next[what][key]
		else next[what][key] = true
	}
	return next
}

function inverse(line: EmailLine, patch: Patch): Patch {
	return Object.fromEntries(
		Object.keys(patch).map(path => {
			const [what, key] = path.split('/') as ['keywords' | 'mailboxIds', string]
			return [path, line[what][key] ? true : null]
		}),
	)
}
