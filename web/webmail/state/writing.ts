import { computed, effectScope, reactive, type ShallowRef, shallowRef, watch } from 'vue'
import { Problem } from '../../shared/api.ts'
import { asProblem } from '../../shared/ask.ts'
import { t } from '../../shared/i18n.ts'
import { type Call, CORE, refuse, SUBMISSION } from '../jmap/client.ts'
import type { Address, Email, Id } from '../jmap/types.ts'
import { formatAddresses, parseAddresses } from '../writing/addresses.ts'
import { htmlToText } from '../writing/html.ts'
import { answerTo, forwardOf, type Quoted } from '../writing/quote.ts'
import { localDrafts } from './local-drafts.ts'
import type { Mail } from './mail.ts'

export type Attached = {
	key: number
	name: string
	type: string
	size: number
	/** null while it is on its way. */
	blobId: Id | null
	/** 0 to 1. */
	progress: number
	problem: Problem | null
	/** What is sent again when the line broke. */
	file: File | null
	stop: AbortController
}

/** What a person writes; addresses as they were typed. */
export type Draft = {
	key: string
	/** Its message in the drafts folder; null = not there yet. */
	emailId: Id | null
	identityId: Id
	to: string
	cc: string
	bcc: string
	subject: string
	rich: boolean
	html: string
	text: string
	attached: Attached[]
	inReplyTo: string[] | null
	references: string[] | null
	/** The message it answers or passes on, to mark it when this one is sent. */
	answers: { id: Id; keyword: '$answered' | '$forwarded' } | null
	receipt: boolean
	state: 'new' | 'changed' | 'saving' | 'saved' | 'sending'
	problem: Problem | null
}

// Milliseconds after the last key.
const KEEP_HERE = 400
const KEEP_THERE = 3000
/** Seconds in which what was sent can be taken back. */
export const UNDO_SECONDS = 10

let counter = 0

/** What is being written. One window at a time; what it holds survives a lost line and a closed page. */
export class Writing {
	readonly draft: ShallowRef<Draft | null> = shallowRef(null)
	readonly #mail: Mail
	#scope = effectScope(true)
	#timers: ReturnType<typeof setTimeout>[] = []
	#saving: Promise<void> = Promise.resolve()

	constructor(mail: Mail) {
		this.#mail = mail
	}

	/** Octets; null = unknown. */
	readonly mostOctets = computed(() => this.#mail.jmap.limit(CORE, 'maxSizeUpload'))

	async start(filled: Partial<Draft> = {}): Promise<void> {
		if (this.draft.value && !(await this.putAside())) return
		if (this.#mail.identities.value.length === 0) await this.#mail.loadIdentities()
		const identityId = this.#mail.identities.value[0]?.id ?? ''
		const rich = filled.rich ?? true
		const signature = this.#signature(filled.identityId ?? identityId, rich)
		const draft = reactive<Draft>({
			key: `${Date.now()}-${counter++}`,
			emailId: null,
			identityId,
			to: '',
			cc: '',
			bcc: '',
			subject: '',
			html: '',
			text: '',
			attached: [],
			inReplyTo: null,
			references: null,
			answers: null,
			receipt: false,
			state: 'new',
			problem: null,
			...filled,
			rich,
		})
		if (!filled.emailId && !filled.key) {
			draft.html = `<p></p>${signature}${filled.html ?? ''}`
			draft.text = `\n${signature}${filled.text ?? ''}`
		}
		this.#open(draft)
	}

	#signature(identityId: Id, rich: boolean): string {
		const identity = this.#mail.identities.value.find(each => each.id === identityId)
		if (rich) return identity?.htmlSignature ? `<p>-- </p>${identity.htmlSignature}` : ''
		return identity?.textSignature ? `\n-- \n${identity.textSignature}` : ''
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
					draft.identityId,
					draft.attached.map(each => each.blobId).join(),
				],
				() => this.#changed(draft),
			)
		})
	}

	#changed(draft: Draft): void {
		if (draft.state === 'sending') return
		draft.state = 'changed'
		for (const timer of this.#timers) clearTimeout(timer)
		this.#timers = [
			setTimeout(() => localDrafts.keep(draft), KEEP_HERE),
			setTimeout(() => void this.save().catch(() => {}), KEEP_THERE),
		]
	}

	/** As it is now into the drafts folder; one save after the other. */
	save(): Promise<void> {
		const draft = this.draft.value
		this.#saving = this.#saving.catch(() => {}).then(() => (draft ? this.#save(draft) : undefined))
		return this.#saving
	}

	async #save(draft: Draft): Promise<void> {
		if (draft.state !== 'changed') return
		localDrafts.keep(draft)
		draft.state = 'saving'
		try {
			const before = draft.emailId
			const { created } = await this.#mail.jmap.set('Email/set', {
				create: { draft: this.#email(draft) },
				...(before ? { destroy: [before] } : {}),
			})
			draft.emailId = created!.draft!.id
			draft.problem = null
			if ((draft.state as string) === 'saving') draft.state = 'saved'
			localDrafts.forget(draft.key)
		} catch (error) {
			draft.problem = asProblem(error)
			draft.state = 'changed'
			throw error
		}
	}

	/** As Email/set wants it (RFC 8621 section 4.6). @throws Problem for an address that is none */
	#email(draft: Draft): Record<string, unknown> {
		const mail = this.#mail
		const identity = mail.identities.value.find(each => each.id === draft.identityId)
		const drafts = mail.mailboxes.withRole('drafts')
		if (!identity || !drafts) throw new Problem(0, identity ? 'no-drafts' : 'no-identity')
		const text = draft.rich ? htmlToText(draft.html) : draft.text
		const addresses = (typed: string) => {
			const found = parseAddresses(typed).filter(each => each.email.includes('@'))
			return found.length > 0 ? found : null
		}
		return {
			mailboxIds: { [drafts.id]: true },
			keywords: { $draft: true, $seen: true },
			from: [{ name: identity.name || null, email: identity.email }],
			...(identity.replyTo ? { replyTo: identity.replyTo } : {}),
			to: addresses(draft.to),
			cc: addresses(draft.cc),
			bcc: addresses(draft.bcc),
			subject: draft.subject,
			inReplyTo: draft.inReplyTo,
			references: draft.references,
			...(draft.receipt
				? { 'header:Disposition-Notification-To:asAddresses': [{ name: null, email: identity.email }] }
				: {}),
			bodyValues: { text: { value: text }, ...(draft.rich ? { html: { value: draft.html } } : {}) },
			textBody: [{ partId: 'text', type: 'text/plain' }],
			...(draft.rich ? { htmlBody: [{ partId: 'html', type: 'text/html' }] } : {}),
			attachments: draft.attached
				.filter(each => each.blobId)
				.map(({ blobId, type, name }) => ({ blobId, type, name, disposition: 'attachment' })),
		}
	}

	attach(files: Iterable<File>): void {
		const draft = this.draft.value
		if (!draft) return
		for (const file of files) {
			const one = reactive<Attached>({
				key: counter++,
				name: file.name || t('mail.write.unnamed'),
				type: file.type || 'application/octet-stream',
				size: file.size,
				blobId: null,
				progress: 0,
				problem: null,
				file,
				stop: new AbortController(),
			})
			draft.attached.push(one)
			void this.upload(one)
		}
	}

	/** Also once more, when it failed. */
	async upload(one: Attached): Promise<void> {
		if (!one.file) return
		const most = this.mostOctets.value
		one.problem = most !== null && one.size > most ? new Problem(413, 'too-large') : null
		if (one.problem) return
		try {
			const { blobId } = await this.#mail.jmap.upload(
				one.file,
				share => (one.progress = share),
				one.stop.signal,
			)
			one.blobId = blobId
			one.file = null
		} catch (error) {
			if (!one.stop.signal.aborted) one.problem = asProblem(error)
		}
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
		this.#close()
		return true
	}

	/** Nothing of it is kept. */
	async discard(): Promise<void> {
		const draft = this.draft.value
		this.#close()
		if (!draft) return
		for (const each of draft.attached) each.stop.abort()
		localDrafts.forget(draft.key)
		if (draft.emailId) await this.#mail.emails.destroy([draft.emailId])
	}

	#close(): void {
		for (const timer of this.#timers) clearTimeout(timer)
		this.#scope.stop()
		this.draft.value = null
	}

	recipients(draft: Draft): Address[] {
		return [draft.to, draft.cc, draft.bcc].flatMap(parseAddresses)
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
		for (const timer of this.#timers) clearTimeout(timer)
		const { jmap, mailboxes } = this.#mail
		const sent = mailboxes.withRole('sent')
		const drafts = mailboxes.withRole('drafts')!
		const identity = this.#mail.identities.value.find(each => each.id === draft.identityId)!
		const rcptTo = [...new Set(this.recipients(draft).map(each => each.email))].map(email => ({
			email,
			parameters: null,
		}))
		const parameters = this.#hold(later)
		draft.state = 'sending'
		localDrafts.keep(draft)
		try {
			const calls: Call[] = [
				[
					'Email/set',
					{ create: { email: this.#email(draft) }, ...(draft.emailId ? { destroy: [draft.emailId] } : {}) },
					'email',
				],
				[
					'EmailSubmission/set',
					{
						create: {
							sent: {
								emailId: '#email',
								identityId: draft.identityId,
								envelope: { mailFrom: { email: identity.email, parameters }, rcptTo },
							},
						},
						onSuccessUpdateEmail: {
							'#sent': {
								[`mailboxIds/${drafts.id}`]: null,
								...(sent ? { [`mailboxIds/${sent.id}`]: true } : {}),
								'keywords/$draft': null,
							},
						},
					},
					'sent',
				],
			]
			const answers = await jmap.request(calls)
			refuse(answers.email)
			const emailId = (answers.email!.created as Record<string, { id: Id }>).email!.id
			// From here on a draft is there: what fails now leaves it as the one that is written.
			draft.emailId = emailId
			refuse(answers.sent)
			const submission = (answers.sent!.created as Record<string, { id: Id }>).sent!.id
			this.#close()
			localDrafts.forget(draft.key)
			this.#tellSent(draft, submission, emailId, later)
			if (draft.answers) void this.#mail.mark([draft.answers.id], draft.answers.keyword, true).catch(() => {})
		} catch (error) {
			draft.state = 'changed'
			draft.problem = asProblem(error)
			throw error
		}
	}

	/** RFC 4865, where the node offers it. */
	#hold(later: Date | null): Record<string, string> | null {
		const most = this.#mail.jmap.limit(SUBMISSION, 'maxDelayedSend') ?? 0
		if (later) return { HOLDUNTIL: later.toISOString().replace(/\.\d+/, '') }
		return most >= UNDO_SECONDS ? { HOLDFOR: String(UNDO_SECONDS) } : null
	}

	#tellSent(draft: Draft, submission: Id, emailId: Id, later: Date | null): void {
		const { jmap, mailboxes, done } = this.#mail
		const canWait = (jmap.limit(SUBMISSION, 'maxDelayedSend') ?? 0) > 0
		done.value = {
			what: later ? t('mail.done.later') : t('mail.done.sent'),
			undo: canWait
				? async () => {
						done.value = null
						await jmap.set('EmailSubmission/set', { update: { [submission]: { undoStatus: 'canceled' } } })
						const drafts = mailboxes.withRole('drafts')!.id
						const sent = mailboxes.withRole('sent')?.id
						await jmap.set('Email/set', {
							update: {
								[emailId]: {
									[`mailboxIds/${drafts}`]: true,
									...(sent ? { [`mailboxIds/${sent}`]: null } : {}),
									'keywords/$draft': true,
								},
							},
						})
						this.#open(reactive({ ...draft, emailId, state: 'saved', problem: null }))
					}
				: null,
		}
	}

	/** @param everyone also those who got it beside us */
	async answer(email: Email, everyone: boolean): Promise<void> {
		await this.#startQuoted(email, answerTo(email, this.#ownAddresses(), everyone), '$answered')
	}

	async forward(email: Email): Promise<void> {
		const attached = email.attachments
			.filter(each => each.blobId)
			.map(part =>
				reactive<Attached>({
					key: counter++,
					name: part.name ?? t('mail.write.unnamed'),
					type: part.type,
					size: part.size,
					blobId: part.blobId,
					progress: 1,
					problem: null,
					file: null,
					stop: new AbortController(),
				}),
			)
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
		const value = (parts: Email['textBody'], type: string) =>
			parts
				.filter(part => part.type === type)
				.map(part => email.bodyValues[part.partId ?? '']?.value ?? '')
				.join('\n')
		const html = value(email.htmlBody, 'text/html')
		const from = email.from?.[0]?.email.toLowerCase()
		const identity = this.#mail.identities.value.find(each => each.email.toLowerCase() === from)
		await this.start({
			emailId: email.id,
			...(identity ? { identityId: identity.id } : {}),
			to: formatAddresses(email.to ?? []),
			cc: formatAddresses(email.cc ?? []),
			bcc: formatAddresses(email.bcc ?? []),
			subject: email.subject ?? '',
			rich: html !== '',
			html,
			text: value(email.textBody, 'text/plain'),
			inReplyTo: email.inReplyTo,
			references: email.references,
			attached: email.attachments.map(part =>
				reactive<Attached>({
					key: counter++,
					name: part.name ?? '',
					type: part.type,
					size: part.size,
					blobId: part.blobId,
					progress: 1,
					problem: null,
					file: null,
					stop: new AbortController(),
				}),
			),
			state: 'saved',
		})
	}

	/** What a page that was closed, or a line that was lost, has left behind at this browser. */
	async takeLeft(): Promise<void> {
		const left = localDrafts.left()
		if (left && !this.draft.value) {
			await this.start({
				...left,
				attached: left.attached.map(each => reactive({ ...each, stop: new AbortController() })),
			})
			const draft = this.draft.value as Draft | null
			if (draft) draft.state = 'changed'
		}
	}
}
