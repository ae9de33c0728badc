import { effectScope, reactive, type ShallowRef, shallowRef, watch } from 'vue'
import { Problem } from '../../shared/api.ts'
import { asProblem } from '../../shared/ask.ts'
import { t } from '../../shared/i18n.ts'
import { weekdayTime } from '../../shared/written.ts'
import { refuse } from '../jmap/client.ts'
import type { Email, Id, Identity } from '../jmap/types.ts'
import { formatAddresses } from '../writing/addresses.ts'
import {
	type Attached,
	attachedFile,
	attachedPart,
	type Draft,
	draftOf,
	emptyDraft,
	letterOf,
	newMessageId,
	pastedId,
} from '../writing/draft.ts'
import { answerTo, forwardOf, type Quoted } from '../writing/quote.ts'
import { signatureHtml, signatureText } from '../writing/signature.ts'
import { localDrafts } from './local-drafts.ts'
import type { Mail } from './mail.ts'
import { callBack, copiesOf, isReplaced, mostDelay, type Submitted, sendNow, submit } from './submission.ts'
import { Uploads } from './uploads.ts'
import type { Waits } from './waiting.ts'

// Milliseconds: at this browser soon after the first key, at the node after the last, or when that is long ago.
const KEEP_HERE = 400
const KEEP_THERE = 3000
const KEEP_THERE_AT_LAST = 20_000
const KEEP_AGAIN = 15_000
/** What is being written. One window at a time; what it holds survives a lost line and a closed page. */
export class Writing {
	readonly draft: ShallowRef<Draft | null> = shallowRef(null)
	readonly uploads: Uploads
	readonly #mail: Mail
	#scope = effectScope(true)
	#here: ReturnType<typeof setTimeout> | undefined
	#there: ReturnType<typeof setTimeout> | undefined
	/** When the first change was made that is not at the node (milliseconds). */
	#changedAt: number | null = null
	#saving: Promise<void> = Promise.resolve()
	/** Pictures of this draft, for the editor: object URLs by content id. */
	#pictures = new Map<string, string>()

	constructor(mail: Mail) {
		this.#mail = mail
		this.uploads = new Uploads(mail.jmap)
	}

	async start(filled: Partial<Draft> = {}): Promise<void> {
		if (this.draft.value && !(await this.putAside())) return
		if (this.#mail.identities.value.length === 0) await this.#mail.loadIdentities()
		const identities = this.#mail.identities.value
		const identity = identities.find(each => each.id === filled.identityId) ?? identities[0]
		const draft: Draft = { ...emptyDraft(identity), ...filled, identityId: identity?.id ?? '' }
		// What has a place already was begun before, with its signature.
		if (!filled.emailId && !filled.key) {
			draft.html = `<p></p>${signatureHtml(identity)}${filled.html ?? ''}`
			draft.text = `\n${signatureText(identity)}${filled.text ?? ''}`
		}
		this.#open(reactive({ ...draft, attached: draft.attached.map(each => reactive(each)) }))
	}

	#open(draft: Draft): void {
		this.#scope.stop()
		this.#scope = effectScope(true)
		this.draft.value = draft
		this.#scope.run(() => {
			watch(
				() => [
					draft.to,
					draft.cc,
					draft.bcc,
					draft.subject,
					draft.html,
					draft.text,
					draft.rich,
					draft.receipt,
					draft.identityId,
					draft.attached.map(each => each.blobId).join(),
				],
				() => this.#changed(draft),
			)
			watch(this.#mail.line, line => {
				if (line === 'open' && draft.problem && draft.state === 'changed') this.#saveIn(draft, 0)
			})
		})
	}

	#changed(draft: Draft): void {
		if (draft.state === 'sending') return
		draft.state = 'changed'
		this.#changedAt ??= Date.now()
		this.#here ??= setTimeout(() => {
			this.#here = undefined
			if (this.draft.value === draft) this.#keep(draft)
		}, KEEP_HERE)
		this.#saveIn(draft, Math.max(0, Math.min(KEEP_THERE, this.#changedAt + KEEP_THERE_AT_LAST - Date.now())))
	}

	#keep(draft: Draft): void {
		localDrafts.keep(this.#mail.jmap.account, draft)
	}

	#saveIn(draft: Draft, ms: number): void {
		clearTimeout(this.#there)
		this.#there = setTimeout(() => {
			if (this.draft.value === draft) void this.save().catch(() => {})
		}, ms)
	}

	/** As it is now into the drafts folder; one save after the other. */
	save(): Promise<void> {
		const draft = this.draft.value
		this.#saving = this.#saving.catch(() => {}).then(() => (draft ? this.#save(draft) : undefined))
		return this.#saving
	}

	async #save(draft: Draft): Promise<void> {
		if (draft.state !== 'changed') return
		draft.state = 'saving'
		this.#changedAt = null
		try {
			const strays = await copiesOf(this.#mail.jmap, draft)
			if (strays.some(({ keywords }) => !keywords.$draft)) return this.#sentAlready(draft)
			const { identity, drafts } = this.#needed(draft)
			await this.#beItself(draft)
			this.#ask(draft)
			const before = [...strays.map(({ id }) => id), ...(draft.emailId ? [draft.emailId] : [])]
			const answer = await this.#mail.jmap.call<Record<string, unknown>>('Email/set', {
				create: { draft: letterOf(draft, identity, drafts) },
				destroy: [...new Set(before)],
			})
			// What was to go may be gone already, by another window.
			refuse({ notCreated: answer.notCreated })
			draft.emailId = (answer.created as Record<string, { id: Id }>).draft!.id
			this.#answered(draft)
			if ((draft.state as string) !== 'saving') return
			draft.state = 'saved'
			localDrafts.forget(draft.key)
		} catch (error) {
			this.#failed(draft, error)
			this.#saveIn(draft, KEEP_AGAIN)
			throw error
		}
	}

	/** Another window has written on, or sent, what this one began with: from here on they are two messages. */
	async #beItself(draft: Draft): Promise<void> {
		if (await isReplaced(this.#mail.jmap, draft)) {
			draft.messageId = newMessageId(draft.messageId.split('@').at(-1))
			draft.emailId = null
		}
	}

	/** From now on until there is an answer nobody knows whether the node has it. */
	#ask(draft: Draft): void {
		draft.unsure ??= Date.now()
		this.#keep(draft)
	}

	#answered(draft: Draft): void {
		draft.unsure = null
		draft.problem = null
	}

	#failed(draft: Draft, error: unknown): void {
		draft.problem = asProblem(error)
		draft.state = 'changed'
		// A refusal is an answer.
		if (draft.problem.code.startsWith('jmap-')) draft.unsure = null
		this.#keep(draft)
	}

	#sentAlready(draft: Draft): void {
		if (this.draft.value === draft) this.#close()
		localDrafts.forget(draft.key)
		this.#mail.done.value = { what: t('mail.done.sent'), undo: null }
	}

	/** @throws Problem */
	#needed(draft: Draft): { identity: Identity; drafts: Id } {
		const identity = this.#mail.identities.value.find(each => each.id === draft.identityId)
		const drafts = this.#mail.mailboxes.withRole('drafts')?.id
		if (!identity || !drafts) throw new Problem(0, drafts ? 'no-identity' : 'no-drafts')
		return { identity, drafts }
	}

	attach(files: Iterable<File>): void {
		for (const file of files) this.#add(attachedFile(file, file.name || t('mail.write.unnamed'), null))
	}

	/** A picture that is to stand in the text. Its content id. */
	paste(file: File): string {
		const cid = pastedId()
		this.#pictures.set(cid, URL.createObjectURL(file))
		this.#add(attachedFile(file, file.name || `${t('mail.write.picture')}.png`, cid))
		return cid
	}

	#add(attached: Attached): void {
		const one = reactive(attached)
		this.draft.value?.attached.push(one)
		void this.uploads.add(one)
	}

	/** Where a picture of the text is to be had; null = nowhere. */
	async picture(cid: string): Promise<string | null> {
		const known = this.#pictures.get(cid)
		if (known) return known
		const part = this.draft.value?.attached.find(each => each.cid === cid)
		if (!part?.blobId) return null
		const blob = await this.#mail.jmap.blob(part.blobId, part.name || cid, part.type).catch(() => null)
		if (!blob) return null
		const url = URL.createObjectURL(blob)
		this.#pictures.set(cid, url)
		return url
	}

	detach(one: Attached): void {
		one.stop.abort()
		const draft = this.draft.value
		if (draft) draft.attached = draft.attached.filter(each => each.key !== one.key)
	}

	/** Closes the window; what was written stays in the drafts. False = it could not be saved, and stays open. */
	async putAside(): Promise<boolean> {
		try {
			await this.save()
		} catch {
			return false
		}
		if (this.draft.value) this.#close()
		return true
	}

	/** Nothing of it is kept. */
	async discard(): Promise<void> {
		const draft = this.draft.value
		this.#close()
		if (!draft) return
		for (const each of draft.attached) each.stop.abort()
		localDrafts.forget(draft.key)
		await this.#saving.catch(() => {})
		const kept = [...(await copiesOf(this.#mail.jmap, draft)).map(({ id }) => id), draft.emailId].filter(
			id => id !== null,
		)
		if (kept.length > 0) await this.#mail.emails.destroy([...new Set(kept)])
	}

	#close(): void {
		clearTimeout(this.#here)
		clearTimeout(this.#there)
		this.#here = undefined
		this.#changedAt = null
		this.#scope.stop()
		this.draft.value = null
		for (const url of this.#pictures.values()) URL.revokeObjectURL(url)
		this.#pictures.clear()
	}

	/**
	 * Sends it; for a few seconds it can be taken back.
	 * @param later when it is to go out; null = now
	 * @throws Problem; then it is open as it was
	 */
	async send(later: Date | null): Promise<void> {
		const draft = this.draft.value
		if (!draft || draft.state === 'sending') return
		await this.#saving.catch(() => {})
		if (this.draft.value !== draft) return
		clearTimeout(this.#there)
		draft.state = 'sending'
		try {
			const strays = await copiesOf(this.#mail.jmap, draft)
			if (strays.some(({ keywords }) => !keywords.$draft)) return this.#sentAlready(draft)
			const { identity, drafts } = this.#needed(draft)
			await this.#beItself(draft)
			const before = [...strays.map(({ id }) => id), ...(draft.emailId ? [draft.emailId] : [])]
			this.#ask(draft)
			const handed = await submit(this.#mail, draft, { identity, drafts, before }, later)
			this.#answered(draft)
			this.#close()
			localDrafts.forget(draft.key)
			this.#tellSent(draft, handed, later)
			if (draft.answers)
				void this.#mail.acts.mark([draft.answers.id], draft.answers.keyword, true).catch(() => {})
		} catch (error) {
			this.#failed(draft, error)
			throw error
		}
	}

	#tellSent(draft: Draft, handed: Submitted, later: Date | null): void {
		const { done } = this.#mail
		const undo = async () => {
			done.value = null
			if (this.draft.value && !(await this.putAside())) return
			await callBack(this.#mail, handed)
			this.#open(reactive({ ...draft, emailId: handed.emailId, state: 'saved', problem: null }))
		}
		const what = later ? t('mail.done.later', { at: weekdayTime(later.getTime()) }) : t('mail.done.sent')
		done.value = { what, undo: mostDelay(this.#mail) > 0 ? undo : null }
	}

	/** What waits to be sent is a draft again, and goes on being written. @throws Problem when it has gone */
	async takeBack({ id, emailId }: Waits): Promise<void> {
		if (this.draft.value && !(await this.putAside())) return
		await callBack(this.#mail, { submission: id, emailId })
		await this.#mail.emails.refresh([emailId])
		const [email] = await this.#mail.emails.open([emailId])
		if (email) await this.take(email)
	}

	/** What waits goes out now; for a few seconds it can be taken back. @throws Problem */
	async sendNow(waits: Waits): Promise<void> {
		const handed = await sendNow(this.#mail, waits)
		const undo = () => {
			this.#mail.done.value = null
			return this.takeBack({ ...waits, id: handed.submission })
		}
		this.#mail.done.value = { what: t('mail.done.sent'), undo: mostDelay(this.#mail) > 0 ? undo : null }
	}

	/** @param everyone also those who got it beside us */
	async answer(email: Email, everyone: boolean): Promise<void> {
		await this.#startQuoted(email, answerTo(email, this.#ownAddresses(), everyone), '$answered')
	}

	async forward(email: Email): Promise<void> {
		const attached = email.attachments
			.filter(each => each.blobId)
			.map(part => attachedPart(part, t('mail.write.unnamed')))
		await this.#startQuoted(email, forwardOf(email), '$forwarded', attached)
	}

	#ownAddresses(): Set<string> {
		return new Set(this.#mail.identities.value.map(each => each.email.toLowerCase()))
	}

	async #startQuoted(
		email: Email,
		quoted: Quoted,
		keyword: '$answered' | '$forwarded',
		attached: Attached[] = [],
	): Promise<void> {
		const reached = [...(email.to ?? []), ...(email.cc ?? [])].map(each => each.email.toLowerCase())
		const identity = this.#mail.identities.value.find(each => reached.includes(each.email.toLowerCase()))
		const { to, cc, ...rest } = quoted
		await this.start({
			...rest,
			to: formatAddresses(to),
			cc: formatAddresses(cc),
			attached,
			...(identity ? { identityId: identity.id } : {}),
			answers: { id: email.id, keyword },
		})
	}

	/** A draft out of its folder. */
	async take(email: Email): Promise<void> {
		if (this.#mail.identities.value.length === 0) await this.#mail.loadIdentities()
		await this.start(draftOf(email, this.#mail.identities.value))
	}

	/** What a page that was closed, or a line that was lost, has left behind at this browser. */
	async takeLeft(): Promise<void> {
		const left = localDrafts.left(this.#mail.jmap.account)
		if (!left || this.draft.value) return
		await this.start(left)
		const draft = this.draft.value as Draft | null
		if (draft) this.#changed(draft)
	}
}
