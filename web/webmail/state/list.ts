import { ref, type ShallowRef, shallowRef, triggerRef } from 'vue'
import type { Problem } from '../../shared/api.ts'
import { asProblem } from '../../shared/ask.ts'
import { type Call, type Jmap, resultOf } from '../jmap/client.ts'
import type { EmailLine, Filter, Id } from '../jmap/types.ts'
import { type Emails, LINE } from './emails.ts'

export type Wanted = {
	filter: Filter
	/** One line for each conversation. */
	conversations: boolean
	/** Pieces of text around what was found. */
	snippets: boolean
}

/** What can be done with a message where it stands in a list. */
export type Quick = 'archive' | 'remove' | 'read' | 'unread'

export type Snippet = { emailId: Id; subject: string | null; preview: string | null }

/** Asked for at one time: some screens. */
const PAGE = 60
const PROPERTY = 'receivedAt'

/** A list of messages of which only what is looked at is fetched, however long it is. */
export class List {
	/** By position; what was not looked at yet is not there. */
	readonly ids: ShallowRef<(Id | undefined)[]> = shallowRef([])
	/** null = not known yet. */
	readonly total = ref<number | null>(null)
	readonly problem = ref<Problem>()
	readonly snippets = shallowRef<ReadonlyMap<Id, Snippet>>(new Map())
	readonly wanted: Wanted
	readonly #jmap: Jmap
	readonly #emails: Emails
	/** Pages on their way. */
	#asking = new Map<number, Promise<void>>()
	#seen: [from: number, to: number] = [0, PAGE]
	#turn = 0
	#closed = new AbortController()
	#isEmptied = false

	constructor(jmap: Jmap, emails: Emails, wanted: Wanted) {
		this.#jmap = jmap
		this.#emails = emails
		this.wanted = wanted
		void this.look(0, PAGE)
	}

	/** These positions are looked at: what is missing of them is fetched. */
	async look(from: number, to: number): Promise<void> {
		this.#seen = [from, to]
		const last = this.total.value === null ? to : Math.min(to, this.total.value)
		const pages: Promise<void>[] = []
		for (let page = Math.floor(from / PAGE); page * PAGE < Math.max(last, 1); page++) {
			if (this.total.value === null || this.#isMissing(page)) pages.push(this.#page(page))
		}
		await Promise.all(pages)
	}

	/** The message there, fetched when it is not here yet; undefined when it cannot be had now. */
	async at(position: number): Promise<Id | undefined> {
		// Mail that changes meanwhile makes what is on its way worthless: then it is asked for again.
		for (let tries = 0; tries < 5 && this.ids.value[position] === undefined; tries++) {
			if (this.#closed.signal.aborted || this.problem.value) break
			await this.#page(Math.floor(position / PAGE))
		}
		return this.ids.value[position]
	}

	#isMissing(page: number): boolean {
		const end = Math.min((page + 1) * PAGE, this.total.value!)
		for (let at = page * PAGE; at < end; at++) if (this.ids.value[at] === undefined) return true
		return false
	}

	/** Mail has changed: what is looked at is asked for anew, the rest when it is looked at. */
	async renew(): Promise<void> {
		if (this.#isEmptied) return
		this.#turn++
		this.#asking.clear()
		const [from, to] = this.#seen
		const first = Math.floor(from / PAGE)
		const last = Math.max(first, Math.floor((to - 1) / PAGE))
		const pages = Array.from({ length: last - first + 1 }, (_, index) => first + index)
		const stale = this.ids.value
		await Promise.all(pages.map(page => this.#page(page)))
		// Positions that nobody looks at may have moved.
		for (let at = 0; at < stale.length; at++) {
			if (at < first * PAGE || at >= (last + 1) * PAGE) this.ids.value[at] = undefined
		}
		triggerRef(this.ids)
	}

	/** Gone from this list (moved, deleted): at once, before the node says so. */
	drop(gone: ReadonlySet<Id>): void {
		const left = this.ids.value.filter(id => id === undefined || !gone.has(id))
		if (this.total.value !== null) this.total.value -= this.ids.value.length - left.length
		this.ids.value = left
	}

	/** All that is in it goes, piece by piece: nothing of it is shown any more until it is filled again. */
	empty(): void {
		this.#turn++
		this.#asking.clear()
		this.#isEmptied = true
		this.ids.value = []
		this.total.value = 0
	}

	async refill(): Promise<void> {
		this.#isEmptied = false
		await this.renew()
	}

	positionOf(id: Id): number {
		return this.ids.value.indexOf(id)
	}

	close(): void {
		this.#closed.abort()
	}

	#page(page: number): Promise<void> {
		const asked = this.#asking.get(page)
		if (asked) return asked
		const turn = this.#turn
		const asking = this.#fetch(page).finally(() => {
			if (turn === this.#turn) this.#asking.delete(page)
		})
		this.#asking.set(page, asking)
		return asking
	}

	async #fetch(page: number): Promise<void> {
		const turn = this.#turn
		try {
			const { query, emails, threads, snippets } = await this.#jmap.request(
				this.#calls(page),
				this.#closed.signal,
			)
			if (turn !== this.#turn) return
			const ids = query!.ids as Id[]
			this.#emails.take(
				emails!.list as EmailLine[],
				threads?.list as { id: Id; emailIds: Id[] }[] | undefined,
			)
			if (snippets) {
				const found = snippets.list as Snippet[]
				this.snippets.value = new Map([
					...this.snippets.value,
					...found.map(each => [each.emailId, each] as const),
				])
			}
			for (let at = 0; at < PAGE; at++) this.ids.value[page * PAGE + at] = ids[at]
			this.total.value = query!.total as number
			this.ids.value.length = Math.min(this.ids.value.length, this.total.value)
			triggerRef(this.ids)
			this.problem.value = undefined
		} catch (error) {
			if (!this.#closed.signal.aborted && turn === this.#turn) this.problem.value = asProblem(error)
		}
	}

	#calls(page: number): Call[] {
		const { filter, conversations, snippets } = this.wanted
		const calls: Call[] = [
			[
				'Email/query',
				{
					filter,
					sort: [{ property: PROPERTY, isAscending: false }],
					collapseThreads: conversations,
					position: page * PAGE,
					limit: PAGE,
					calculateTotal: true,
				},
				'query',
			],
			['Email/get', { '#ids': resultOf('query', 'Email/query', '/ids'), properties: LINE }, 'emails'],
		]
		if (conversations)
			calls.push(['Thread/get', { '#ids': resultOf('emails', 'Email/get', '/list/*/threadId') }, 'threads'])
		if (snippets)
			calls.push([
				'SearchSnippet/get',
				{ filter, '#emailIds': resultOf('query', 'Email/query', '/ids') },
				'snippets',
			])
		return calls
	}
}
