import { type ShallowRef, shallowRef } from 'vue'
import { Problem } from '../../shared/api.ts'
import { t, tn } from '../../shared/i18n.ts'
import { CORE } from '../jmap/client.ts'
import type { Filter, Id } from '../jmap/types.ts'
import { type Change, type Known, type Patch, PIECE } from './emails.ts'
import type { Mail } from './mail.ts'
import { nameOf } from './mailboxes.ts'
import { place } from './place.ts'
import { callBack, stop } from './submission.ts'

/** What an act is for: these lines of the list, or everything that is in it, looked at or not. */
export type Which = Id[] | 'all'

/** An act on so many messages that it takes a while; `of` is 0 as long as nobody knows how many there are. */
export type Progress = { done: number; of: number; isLooking: boolean; stop: () => void }

/** Deleting for good so many messages, which nothing undoes: the person is asked. */
export type Question = { messages: number; answer: (sure: boolean) => void }

/** Queries in one request that asks for everything in a list. */
const QUERIES = 10
/** Mail that comes meanwhile shifts what is asked for: then it is asked for again. */
const TRIES = 3

/** What a person does with messages: moved, marked, deleted; undone. However many they are, the page goes on. */
export class Acts {
	readonly progress: ShallowRef<Progress | null> = shallowRef(null)
	readonly question: ShallowRef<Question | null> = shallowRef(null)
	readonly #mail: Mail

	constructor(mail: Mail) {
		this.#mail = mail
	}

	/** Sets or takes away a keyword; of several messages it can be undone. */
	async mark(lines: Which, keyword: string, on: boolean): Promise<void> {
		const meant = (await this.#meant(lines)).filter(({ keywords }) => !!keywords[keyword] !== on)
		const patch: Patch = { [`keywords/${keyword}`]: on ? true : null }
		await this.#change(
			meant.map(before => ({ before, patch })),
			many => (isOne(lines) ? null : tn('mail.done.changed', many)),
		)
	}

	/** To another folder; from where they are in what is looked at. */
	async move(lines: Which, to: Id): Promise<void> {
		await this.#move(lines, await this.#meant(lines), to)
	}

	async #move(lines: Which, meant: Known[], to: Id): Promise<void> {
		const changes = meant.flatMap((before): Change[] => {
			const from = this.#leaves(before.mailboxIds).filter(box => box !== to)
			if (from.length === 0 && before.mailboxIds[to]) return []
			const patch: Patch = Object.fromEntries(from.map(box => [`mailboxIds/${box}`, null]))
			return [{ before, patch: { ...patch, [`mailboxIds/${to}`]: true } }]
		})
		if (changes.length === 0) return
		const target = this.#mail.mailboxes.get(to)
		const folder = target ? nameOf(target) : ''
		// What is found everywhere is found there too, but for junk and trash.
		const stays = place.search !== '' && target?.role !== 'trash' && target?.role !== 'junk'
		await this.#leaving(lines, stays, () =>
			this.#change(changes, many =>
				isOne(lines) ? t('mail.done.moved', { folder }) : tn('mail.done.movedMany', many, { folder }),
			),
		)
	}

	/** Which folders a message leaves when it is moved: the one that is looked at, or, from a search, all. */
	#leaves(mailboxIds: Record<Id, true>): Id[] {
		const here = this.#mail.folder.value?.id
		return !place.search && here && mailboxIds[here] ? [here] : Object.keys(mailboxIds)
	}

	/** To the trash; what is there already for good. */
	async remove(lines: Which): Promise<void> {
		const trash = this.#mail.mailboxes.withRole('trash')
		const isForGood = ({ mailboxIds }: Known) => !trash || mailboxIds[trash.id] === true
		const { meant, unsent } = await this.#unsend(await this.#meant(lines), isForGood)
		const forGood = meant.filter(isForGood).map(({ id }) => id)
		if (lines === 'all' && forGood.length > 0 && !(await this.#sure(forGood.length))) return
		if (forGood.length > 0) {
			await this.#leaving(lines === 'all' ? lines : forGood, false, () => this.#destroy(forGood))
		}
		const rest = meant.filter(each => !isForGood(each))
		if (!trash || rest.length === 0) return
		const left = lines === 'all' ? lines : lines.filter(id => !forGood.includes(id))
		await this.#move(left, rest, trash.id)
		const { done } = this.#mail
		if (unsent && done.value) done.value = { ...done.value, what: t('mail.done.unsent', done.value) }
	}

	/** What still waits to be sent and is thrown away does not go: it is a draft, and is that again when this is undone. */
	async #unsend(
		meant: Known[],
		isForGood: (known: Known) => boolean,
	): Promise<{ meant: Known[]; unsent: boolean }> {
		const { emails, waiting } = this.#mail
		const waits = meant.filter(each => !isForGood(each)).flatMap(({ id }) => waiting.of(id) ?? [])
		if (waits.length === 0) return { meant, unsent: false }
		for (const { id, emailId } of waits)
			await callBack(this.#mail, { submission: id, emailId }).catch(throwUnlessGone)
		await emails.refresh(waits.map(({ emailId }) => emailId))
		return { meant: await emails.known(meant.map(({ id }) => id)), unsent: true }
	}

	#sure(messages: number): Promise<boolean> {
		return new Promise(resolve => {
			this.question.value = {
				messages,
				answer: sure => {
					this.question.value = null
					resolve(sure)
				},
			}
		})
	}

	/** Deletes all mail of a folder for good; what is in another folder too stays there. @throws Problem */
	async empty(mailbox: Id): Promise<void> {
		const { emails, list, folder } = this.#mail
		const all = await this.#everything({ inMailbox: mailbox })
		const isAlone = ({ mailboxIds }: Known) => Object.keys(mailboxIds).length === 1
		const elsewhere = all.filter(each => !isAlone(each))
		if (folder.value?.id === mailbox && !place.search) list.value?.drop(new Set(all.map(({ id }) => id)))
		const patch = { [`mailboxIds/${mailbox}`]: null }
		await this.#pieces(elsewhere, piece => emails.change(piece.map(before => ({ before, patch }))))
		await this.#destroy(all.filter(isAlone).map(({ id }) => id))
	}

	/** Messages that lines of the list stand for: a conversation's in this folder, or the one. */
	async #meant(which: Which): Promise<Known[]> {
		const { emails, folder, list } = this.#mail
		const wanted = list.value?.wanted
		if (which === 'all') return wanted ? this.#everything(wanted.filter) : []
		if (!wanted?.conversations) return emails.known(which)
		const alone: Id[] = []
		const threads: Id[] = []
		for (const id of which) {
			const threadId = emails.lines.get(id)?.threadId
			if (threadId !== undefined && (emails.counts.get(threadId) ?? 1) > 1) threads.push(threadId)
			else alone.push(id)
		}
		const here = folder.value?.id
		const together = await emails.known((await emails.threads(threads)).flat())
		return [
			...(await emails.known(alone)),
			...together.filter(({ mailboxIds }) => here === undefined || mailboxIds[here]),
		]
	}

	/** All messages that fit. */
	async #everything(filter: Filter): Promise<Known[]> {
		const { emails } = this.#mail
		return this.#slowly(true, async (went, isStopped) => {
			const ids = await this.#idsOf(filter)
			const found: Known[] = []
			for (let at = 0; at < ids.length && !isStopped(); at += PIECE) {
				went(at, ids.length)
				found.push(...(await emails.known(ids.slice(at, at + PIECE))))
			}
			return isStopped() ? [] : found
		})
	}

	async #idsOf(filter: Filter): Promise<Id[]> {
		const sort = [{ property: 'receivedAt', isAscending: false }]
		const most = this.#mail.jmap.limit(CORE, 'maxObjectsInGet') ?? PIECE
		for (let tries = 1; ; tries++) {
			const ids = new Set<Id>()
			const states = new Set<unknown>()
			let total = 1
			for (let at = 0; at < total; ) {
				const queries = Math.min(Math.ceil((total - at) / most), QUERIES)
				const answers = await this.#mail.jmap.request(
					Array.from({ length: queries }, (_, index) => [
						'Email/query',
						{ filter, sort, position: at + index * most, limit: most, calculateTotal: at + index === 0 },
						String(index),
					]),
				)
				if (at === 0) total = answers[0]!.total as number
				at += queries * most
				for (const { ids: some, queryState } of Object.values(answers)) {
					states.add(queryState)
					for (const id of some as Id[]) ids.add(id)
				}
			}
			if (states.size <= 1 || tries === TRIES) return [...ids]
		}
	}

	/** @param words what is told of so many messages, with the way back; null = nothing */
	async #change(changes: Change[], words: (many: number) => string | null): Promise<void> {
		const undo: Change[] = []
		try {
			await this.#pieces(changes, async piece => void undo.push(...(await this.#mail.emails.change(piece))))
		} finally {
			// Also of a part, when it was stopped or the node refused the rest.
			const what = undo.length > 0 ? words(undo.length) : null
			if (what !== null) this.#mail.done.value = { what, undo: () => this.#undo(undo) }
		}
	}

	async #undo(changes: Change[]): Promise<void> {
		this.#mail.done.value = null
		try {
			await this.#pieces(changes, piece => this.#mail.emails.change(piece))
		} finally {
			await this.#mail.list.value?.renew()
		}
	}

	async #destroy(ids: Id[]): Promise<void> {
		for (const waits of ids.flatMap(id => this.#mail.waiting.of(id) ?? []))
			await stop(this.#mail, waits).catch(throwUnlessGone)
		await this.#pieces(ids, piece => this.#mail.emails.destroy(piece))
		this.#mail.done.value = { what: t('mail.done.destroyed'), undo: null }
	}

	/** As much as the node takes at a time; who looks sees how far it is, and can stop it. */
	async #pieces<T>(all: T[], work: (piece: T[]) => Promise<unknown>): Promise<void> {
		if (all.length === 0) return
		if (all.length <= PIECE) return void (await work(all))
		await this.#slowly(false, async (went, isStopped) => {
			for (let at = 0; at < all.length && !isStopped(); at += PIECE) {
				went(at, all.length)
				await work(all.slice(at, at + PIECE))
			}
		})
	}

	async #slowly<T>(
		isLooking: boolean,
		work: (went: (done: number, of: number) => void, isStopped: () => boolean) => Promise<T>,
	): Promise<T> {
		let stopped = false
		const stop = () => {
			stopped = true
		}
		const went = (done: number, of: number) => {
			this.progress.value = { done, of, isLooking, stop }
		}
		// What was done before it is no more to be undone in its place.
		this.#mail.done.value = null
		went(0, 0)
		try {
			return await work(went, () => stopped || this.#mail.closed)
		} finally {
			this.progress.value = null
		}
	}

	/** What goes is gone from the list at once; of everything the list is empty until the act has ended. */
	async #leaving(lines: Which, stays: boolean, work: () => Promise<void>): Promise<void> {
		const { list } = this.#mail
		if (stays) {
			this.#mail.choose([])
			return work()
		}
		if (lines !== 'all') {
			this.#mail.leave(lines)
			return work()
		}
		const emptied = list.value
		this.#mail.leave('all')
		try {
			await work()
		} finally {
			await emptied?.refill()
		}
	}
}

const isOne = (lines: Which) => lines !== 'all' && lines.length === 1

/** What has gone out meanwhile is a message like any other. */
function throwUnlessGone(error: unknown): void {
	if (!(error instanceof Problem && error.code === 'jmap-cannotUnsend')) throw error
}
