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
import { t, tn } from '../../shared/i18n.ts'
import { Jmap } from '../jmap/client.ts'
import { type Line, listen } from '../jmap/push.ts'
import type { Address, Email, EmailLine, Filter, Id, Identity, Mailbox, SetError } from '../jmap/types.ts'
import { Contacts } from './contacts.ts'
import { Emails, type Patch } from './emails.ts'
import { Labels } from './labels.ts'
import { List } from './list.ts'
import { Mailboxes, nameOf } from './mailboxes.ts'
import { go, place } from './place.ts'
import { Preferences } from './preferences.ts'
import { readSearch } from './search.ts'
import { conversations } from './wishes.ts'

/** Something was done; it can be undone for a while. */
export type Done = { what: string; undo: (() => Promise<void>) | null }

/** Changes arrive in bursts: they are looked at together (milliseconds). */
const GATHER = 80
const RELOAD_WHEN_TOO_MANY = 500

/** Everything one signed-in person sees, and what he can do with it. */
export class Mail {
	readonly jmap: Jmap
	readonly mailboxes: Mailboxes
	readonly emails: Emails
	readonly contacts: Contacts
	readonly preferences: Preferences
	readonly labels: Labels
	readonly identities: ShallowRef<Identity[]> = shallowRef([])
	readonly list: ShallowRef<List | null> = shallowRef(null)
	readonly line: Ref<Line> = ref('open')
	readonly done: ShallowRef<Done | null> = shallowRef(null)
	/** What could not be done, for the person to read. */
	readonly problem: ShallowRef<Problem | undefined> = shallowRef()
	/** Chosen in the list, for acts on several. */
	readonly chosen: Ref<ReadonlySet<Id>> = ref(new Set())
	readonly conversations = conversations
	readonly folder: ComputedRef<Mailbox | undefined>
	/** Told when something that is open has changed elsewhere. */
	readonly changes = ref(0)
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
		this.labels = this.#scope.run(() => new Labels(this))!
		this.folder = this.#scope.run(() =>
			computed(() => (place.folder && this.mailboxes.get(place.folder)) || this.mailboxes.withRole('inbox')),
		)!
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
		void this.preferences.load().catch(() => {})
	}

	async #knowState(): Promise<void> {
		this.#states.Email = (await this.jmap.call<{ state: string }>('Email/get', { ids: [] })).state
	}

	async loadIdentities(): Promise<void> {
		this.identities.value = (await this.jmap.call<{ list: Identity[] }>('Identity/get', { ids: null })).list
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
		this.#hangUp()
		this.preferences.close()
		clearTimeout(this.#timer)
		this.list.value?.close()
		this.#scope.stop()
	}

	#showList(): void {
		this.list.value?.close()
		this.chosen.value = new Set()
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
			}>('Email/changes', { sinceState: since, maxChanges: RELOAD_WHEN_TOO_MANY })
			this.#states.Email = answer.newState
			await this.emails.refresh(answer.updated)
			this.emails.forget(answer.destroyed)
			if (answer.hasMoreChanges) await this.#changedEmails()
		} catch {
			// The node does not remember so far back: all that is known is asked for again.
			await this.#knowState()
			await this.emails.refresh([...this.emails.lines.keys()].slice(0, RELOAD_WHEN_TOO_MANY))
		}
	}

	/** Messages a line of the list stands for: a conversation's in this folder, or the one. */
	async meant(ids: Iterable<Id>): Promise<EmailLine[]> {
		const found: EmailLine[] = []
		for (const id of ids) {
			const line = this.emails.lines.get(id)
			if (!line) continue
			if (!this.list.value?.wanted.conversations || (this.emails.counts.get(line.threadId) ?? 1) < 2) {
				found.push(line)
				continue
			}
			const whole = await this.emails.open(await this.emails.thread(line.threadId))
			const here = this.folder.value?.id
			found.push(...whole.filter(each => here === undefined || each.mailboxIds[here]))
		}
		return found
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

	/** Sets or takes away a keyword; of several messages it can be undone. */
	async mark(ids: Iterable<Id>, keyword: string, on: boolean): Promise<void> {
		const lines = [...ids]
		const meant = await this.meant(lines)
		const undo = await this.emails.change(
			new Map(meant.map(({ id }) => [id, { [`keywords/${keyword}`]: on ? true : null }])),
		)
		if (lines.length > 1) this.#tell(tn('mail.done.changed', lines.length), undo)
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
			throw new Problem(200, `jmap-${refused.type}`, refused.description ?? '')
		await this.emails.refresh([email.id])
	}

	/** The sender is told nothing, and nobody is asked again. */
	async refuseReceipt(id: Id): Promise<void> {
		await this.emails.change(new Map([[id, { 'keywords/$mdnsent': true }]]))
	}

	/** To another folder; from where they are in what is looked at. */
	async move(ids: Iterable<Id>, to: Id): Promise<void> {
		const lines = [...ids]
		const meant = await this.meant(lines)
		const patches = new Map<Id, Patch>()
		for (const { id, mailboxIds } of meant) {
			if (mailboxIds[to]) continue
			const from = this.#leaves(mailboxIds)
			patches.set(id, {
				...Object.fromEntries(from.map(box => [`mailboxIds/${box}`, null])),
				[`mailboxIds/${to}`]: true,
			})
		}
		if (patches.size === 0) return
		this.#leaveList(lines)
		const target = this.mailboxes.get(to)
		const undo = await this.emails.change(patches)
		const folder = target ? nameOf(target) : ''
		this.#tell(
			lines.length > 1
				? tn('mail.done.movedMany', lines.length, { folder })
				: t('mail.done.moved', { folder }),
			undo,
		)
	}

	/** Which folders a message leaves when it is moved: the one that is looked at, or, from a search, all. */
	#leaves(mailboxIds: Record<Id, true>): Id[] {
		const here = this.folder.value?.id
		return !place.search && here && mailboxIds[here] ? [here] : Object.keys(mailboxIds)
	}

	/** To the trash; what is there already, or a draft, for good. */
	async remove(ids: Iterable<Id>): Promise<void> {
		const trash = this.mailboxes.withRole('trash')
		const lines = [...ids]
		const meant = await this.meant(lines)
		const forGood = meant.filter(({ mailboxIds }) => !trash || mailboxIds[trash.id])
		const rest = lines.filter(id => !forGood.some(each => each.id === id))
		if (forGood.length > 0) {
			this.#leaveList(forGood.map(({ id }) => id))
			await this.emails.destroy(forGood.map(({ id }) => id))
			this.done.value = { what: t('mail.done.destroyed'), undo: null }
		}
		if (trash && rest.length > 0) await this.move(rest, trash.id)
	}

	/** Deletes all mail of a folder for good; what is in another folder too stays there. @throws Problem */
	async empty(mailbox: Id): Promise<void> {
		for (;;) {
			const { query, emails } = await this.jmap.request([
				['Email/query', { filter: { inMailbox: mailbox }, limit: RELOAD_WHEN_TOO_MANY }, 'query'],
				[
					'Email/get',
					{
						'#ids': { resultOf: 'query', name: 'Email/query', path: '/ids' },
						properties: ['mailboxIds'],
					},
					'emails',
				],
			])
			const found = emails!.list as Pick<EmailLine, 'id' | 'mailboxIds'>[]
			if ((query!.ids as Id[]).length === 0 || found.length === 0) break
			const elsewhere = found.filter(({ mailboxIds }) => Object.keys(mailboxIds).length > 1)
			const destroy = found
				.filter(({ mailboxIds }) => Object.keys(mailboxIds).length === 1)
				.map(({ id }) => id)
			const update = Object.fromEntries(elsewhere.map(({ id }) => [id, { [`mailboxIds/${mailbox}`]: null }]))
			await this.jmap.set('Email/set', { destroy, update })
			this.#leaveList(found.map(({ id }) => id))
			this.emails.forget(destroy)
		}
		this.done.value = { what: t('mail.done.destroyed'), undo: null }
	}

	/** Looked at, or put aside: the one that was open is closed. */
	#leaveList(ids: Id[]): void {
		const gone = new Set(ids)
		const list = this.list.value
		const at = place.message ? (list?.positionOf(place.message) ?? -1) : -1
		list?.drop(gone)
		this.chosen.value = new Set([...this.chosen.value].filter(id => !gone.has(id)))
		if (place.message && gone.has(place.message))
			go({ message: (at >= 0 && list?.ids.value[at]) || null }, true)
	}

	#tell(what: string, undo: Map<Id, Patch>): void {
		this.done.value = {
			what,
			undo: async () => {
				this.done.value = null
				await this.emails.change(undo)
				await this.list.value?.renew()
			},
		}
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
