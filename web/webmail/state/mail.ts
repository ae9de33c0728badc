import {
	type ComputedRef,
	computed,
	effectScope,
	type Ref,
	ref,
	type ShallowRef,
	shallowRef,
	watch,
} from 'vue'
import { ask, Problem } from '../../shared/api.ts'
import { asProblem } from '../../shared/ask.ts'
import { t } from '../../shared/i18n.ts'
import { Jmap } from '../jmap/client.ts'
import { type Line, listen } from '../jmap/push.ts'
import type { Address, Email, Filter, Id, Identity, Mailbox, SetError } from '../jmap/types.ts'
import { Acts } from './acts.ts'
import { Contacts } from './contacts.ts'
import { Emails, PIECE } from './emails.ts'
import { Labels } from './labels.ts'
import { List } from './list.ts'
import { Mailboxes, nameOf } from './mailboxes.ts'
import { go, place } from './place.ts'
import { Preferences } from './preferences.ts'
import { refusalOf } from './refusal.ts'
import { readSearch } from './search.ts'
import { Waiting } from './waiting.ts'
import { conversations } from './wishes.ts'

/** Something was done; it can be undone for a while. */
export type Done = { what: string; undo: (() => Promise<void>) | null }

/** Changes arrive in bursts: they are looked at together (milliseconds). */
const GATHER = 80

/** Everything one signed-in person sees, and what he can do with it. */
export class Mail {
	readonly jmap: Jmap
	readonly mailboxes: Mailboxes
	readonly emails: Emails
	readonly contacts: Contacts
	readonly preferences: Preferences
	readonly labels: Labels
	readonly waiting: Waiting
	readonly identities: ShallowRef<Identity[]> = shallowRef([])
	readonly list: ShallowRef<List | null> = shallowRef(null)
	readonly line: Ref<Line> = ref('open')
	readonly done: ShallowRef<Done | null> = shallowRef(null)
	/** What could not be done, for the person to read. */
	readonly problem: ShallowRef<Problem | undefined> = shallowRef()
	/** Chosen in the list, for acts on several; replaced with each change. */
	readonly chosen: ShallowRef<ReadonlySet<Id>> = shallowRef(new Set())
	/** Not only those that were loaded are chosen, but all that are in the list. */
	readonly isEverything: ComputedRef<boolean>
	/** All that were loaded are chosen, and there are more. */
	readonly isMore: ComputedRef<boolean>
	readonly acts: Acts
	closed = false
	readonly conversations = conversations
	readonly folder: ComputedRef<Mailbox | undefined>
	/** Told when something that is open has changed elsewhere. */
	readonly changes = ref(0)
	#everything: ShallowRef<ReadonlySet<Id> | null> = shallowRef(null)
	#loaded: ShallowRef<ReadonlySet<Id> | null> = shallowRef(null)
	/** In which colleagues have their addresses; null = not known yet. */
	readonly #domains: ShallowRef<ReadonlySet<string> | null> = shallowRef(null)
	#colleagues = new Map<string, Promise<boolean>>()
	#states: Record<string, string> = {}
	#heard: Record<string, string> | null = {}
	#timer: ReturnType<typeof setTimeout> | undefined
	#scope = effectScope(true)
	#hangUp: () => void

	private constructor(jmap: Jmap) {
		this.jmap = jmap
		this.mailboxes = new Mailboxes(jmap)
		this.emails = new Emails(jmap)
		this.contacts = new Contacts(jmap)
		this.preferences = new Preferences(jmap)
		this.waiting = new Waiting(jmap, this.emails)
		this.labels = this.#scope.run(() => new Labels(this))!
		this.folder = this.#scope.run(() =>
			computed(() => (place.folder && this.mailboxes.get(place.folder)) || this.mailboxes.withRole('inbox')),
		)!
		this.isEverything = this.#scope.run(() => computed(() => this.#everything.value === this.chosen.value))!
		this.isMore = this.#scope.run(() =>
			computed(
				() =>
					this.#loaded.value === this.chosen.value &&
					this.chosen.value.size < (this.list.value?.total.value ?? 0),
			),
		)!
		this.acts = new Acts(this)
		this.#hangUp = listen(
			jmap,
			states => this.#hear(states),
			line => (this.line.value = line),
		)
	}

	/** @throws Problem */
	static async open(): Promise<Mail> {
		const mail = new Mail(await Jmap.open())
		await mail.#start()
		return mail
	}

	async #start(): Promise<void> {
		// The state from before the lists: what changes meanwhile is heard of.
		await Promise.all([this.mailboxes.load(), this.#knowState()])
		this.#scope.run(() => {
			watch(
				// Each by itself: a list that is the same stays, with what is chosen in it and where one is. A search may
				// name a label, which may not be known yet.
				[() => place.search, () => this.conversations.value, () => JSON.stringify(this.#filter())],
				() => this.#showList(),
				{ immediate: true },
			)
		})
		// Reading does not wait for what only writing needs.
		void this.loadIdentities().catch(() => {})
		void this.#loadDomains().catch(() => {})
		void this.preferences.load().catch(() => {})
		void this.waiting.load().catch(() => {})
	}

	async #knowState(): Promise<void> {
		this.#states.Email = (await this.jmap.call<{ state: string }>('Email/get', { ids: [] })).state
	}

	async loadIdentities(): Promise<void> {
		this.identities.value = (await this.jmap.call<{ list: Identity[] }>('Identity/get', { ids: null })).list
	}

	async #loadDomains(): Promise<void> {
		const { domains } = await ask<{ domains: string[] }>('GET', '/api/v1/people/domains')
		this.#domains.value = new Set(domains)
	}

	/** Is that an address of the company? As long as its domains are not known, one's own are all there are. */
	isOurs(address: string): boolean {
		const domain = address.toLowerCase().split('@').at(-1) ?? ''
		if (this.#domains.value) return this.#domains.value.has(domain)
		return this.identities.value.some(({ email }) => email.toLowerCase().endsWith(`@${domain}`))
	}

	/** Colleagues on all nodes, and groups, that words point to. */
	async findColleagues(words: string): Promise<Address[]> {
		const query = { q: words, limit: 8 }
		const { items } = await ask<{ items: { name: string; address: string }[] }>('GET', '/api/v1/people', {
			query,
		})
		return items.map(({ name, address }) => ({ name: name || null, email: address }))
	}

	/** Does somebody of the company bear this name? */
	isColleague(name: string): Promise<boolean> {
		const wanted = name.trim().toLowerCase()
		const known = this.#colleagues.get(wanted)
		if (known) return known
		const asked = this.findColleagues(wanted).then(
			found => found.some(each => each.name?.trim().toLowerCase() === wanted),
			() => false,
		)
		this.#colleagues.set(wanted, asked)
		return asked
	}

	close(): void {
		this.closed = true
		this.#hangUp()
		this.preferences.close()
		this.waiting.close()
		clearTimeout(this.#timer)
		this.list.value?.close()
		this.#scope.stop()
	}

	#showList(): void {
		this.list.value?.close()
		this.choose([])
		const filter = this.#filter()
		this.list.value = filter
			? new List(this.jmap, this.emails, {
					filter,
					conversations: this.conversations.value && !place.search,
					snippets: place.search !== '',
				})
			: null
	}

	/** What is searched for is looked for everywhere but in junk and trash, unless a folder is named. */
	#filter(): Filter | null {
		if (!place.search) return this.folder.value ? { inMailbox: this.folder.value.id } : null
		let named = false
		const folderOf = (words: string) => {
			named = true
			return this.#folderCalled(words)
		}
		const found = readSearch(place.search, folderOf, words => this.labels.called(words))
		if (!found || named) return found
		const without = [this.mailboxes.withRole('junk'), this.mailboxes.withRole('trash')].flatMap(
			box => box?.id ?? [],
		)
		if (without.length === 0) return found
		return { operator: 'AND', conditions: [{ inMailboxOtherThan: without }, found] }
	}

	#folderCalled(words: string): Id | null {
		const wanted = words.toLowerCase()
		for (const mailbox of this.mailboxes.byId.value.values()) {
			if ([mailbox.name, mailbox.role, nameOf(mailbox)].some(name => name?.toLowerCase() === wanted))
				return mailbox.id
		}
		return null
	}

	#hear(states: Record<string, string> | null): void {
		this.#heard = states === null || this.#heard === null ? null : { ...this.#heard, ...states }
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined
			const heard = this.#heard
			this.#heard = {}
			// What fails now is asked for again with the next change, or when the line is back.
			void this.#catchUp(heard).catch(() => {})
		}, GATHER)
	}

	async #catchUp(states: Record<string, string> | null): Promise<void> {
		const has = (type: string) => states === null || states[type] !== undefined
		if (has('Mailbox')) await this.mailboxes.load()
		if (has('Preferences')) await this.preferences.load()
		if (has('EmailSubmission')) await this.waiting.load()
		if (has('ContactCard')) await this.contacts.renew()
		if (!has('Email') || (states && states.Email === this.#states.Email)) return
		this.emails.doubtThreads()
		await this.#changedEmails()
		await this.list.value?.renew()
		this.changes.value++
	}

	async #changedEmails(): Promise<void> {
		const since = this.#states.Email
		if (since === undefined) return
		try {
			const answer = await this.jmap.call<{
				newState: string
				updated: Id[]
				destroyed: Id[]
				hasMoreChanges: boolean
			}>('Email/changes', { sinceState: since, maxChanges: PIECE })
			this.#states.Email = answer.newState
			await this.emails.refresh(answer.updated)
			this.emails.forget(answer.destroyed)
			if (answer.hasMoreChanges) await this.#changedEmails()
		} catch {
			// The node does not remember so far back: all that is known is asked for again.
			await this.#knowState()
			await this.emails.refresh([...this.emails.lines.keys()].slice(0, PIECE))
		}
	}

	/** Does what somebody asked for; that it failed is said, wherever he asked for it, and what he sees is as it is. */
	async attempt(what: () => Promise<unknown>): Promise<void> {
		this.problem.value = undefined
		try {
			await what()
		} catch (error) {
			this.problem.value = asProblem(error)
			await this.list.value?.renew()
		}
	}

	/** Tells the sender that his message was seen (RFC 9007); only when the reader wants it. @throws Problem */
	async sendReceipt(email: Email): Promise<void> {
		const addressed = [...(email.to ?? []), ...(email.cc ?? [])].map(each => each.email.toLowerCase())
		const identities = this.identities.value
		const identity = identities.find(each => addressed.includes(each.email.toLowerCase())) ?? identities[0]
		if (!identity) throw new Problem(403, 'no-identity')
		const { receipt } = await this.jmap.request([
			[
				'MDN/send',
				{
					identityId: identity.id,
					send: {
						receipt: {
							forEmailId: email.id,
							subject: t('mail.receipt.subject', { subject: email.subject ?? '' }),
							textBody: t('mail.receipt.text', { subject: email.subject ?? '' }),
							disposition: {
								actionMode: 'manual-action',
								sendingMode: 'mdn-sent-manually',
								type: 'displayed',
							},
						},
					},
					onSuccessUpdateEmail: { '#receipt': { 'keywords/$mdnsent': true } },
				},
				'receipt',
			],
		])
		const [refused] = Object.values((receipt?.notSent ?? {}) as Record<string, SetError>)
		if (refused && refused.type !== 'mdnAlreadySent')
			throw refusalOf(new Problem(200, `jmap-${refused.type}`, refused.description ?? '', refused), address =>
				this.isOurs(address),
			)
		await this.emails.refresh([email.id])
	}

	/** The sender is told nothing, and nobody is asked again. */
	async refuseReceipt(email: Email): Promise<void> {
		await this.emails.change([{ before: email, patch: { 'keywords/$mdnsent': true } }])
	}

	choose(ids: Iterable<Id>): void {
		this.chosen.value = new Set(ids)
	}

	chooseLoaded(): void {
		this.choose((this.list.value?.ids.value ?? []).filter(id => id !== undefined))
		this.#loaded.value = this.chosen.value
	}

	/** Everything that is in the list, also what was not looked at yet: as long as what is chosen stays the same. */
	chooseEverything(): void {
		this.#everything.value = this.chosen.value
	}

	/** Gone from the list: the one that was open is closed. */
	leave(lines: Id[] | 'all'): void {
		const list = this.list.value
		const gone = new Set(lines === 'all' ? list?.ids.value : lines)
		const at = place.message ? (list?.positionOf(place.message) ?? -1) : -1
		if (lines === 'all') list?.empty()
		else list?.drop(gone as ReadonlySet<Id>)
		this.choose(lines === 'all' ? [] : [...this.chosen.value].filter(id => !gone.has(id)))
		if (place.message && (lines === 'all' || gone.has(place.message)))
			go({ message: (at >= 0 && list?.ids.value[at]) || null }, true)
	}

	/** What a reader opens: the conversation a message belongs to, or it alone. */
	async open(id: Id, signal?: AbortSignal): Promise<Email[]> {
		if (!this.conversations.value) return this.emails.open([id], signal)
		// Of what stands in the list the conversation is known: everything comes with one question.
		const threadId =
			this.emails.lines.get(id)?.threadId ?? (await this.emails.open([id], signal))[0]?.threadId
		if (!threadId) return []
		const ids = await this.emails.thread(threadId, signal)
		const trash = this.mailboxes.withRole('trash')?.id
		const whole = await this.emails.open(ids.includes(id) ? ids : [id], signal)
		// What was thrown away is not read along, unless it is what was asked for.
		return whole.filter(each => each.id === id || !trash || !each.mailboxIds[trash])
	}
}
