import type { Problem } from '../../shared/api.ts'
import type { Address, BodyPart, Email, Id, Identity } from '../jmap/types.ts'
import { formatAddresses, isAddress, parseAddresses } from './addresses.ts'
import { forMessage, htmlToText, pictureIds, withNamedPictures } from './html.ts'

export type Attached = {
	key: number
	name: string
	type: string
	size: number
	/** null while it is on its way. */
	blobId: Id | null
	/** Pieces of it that are at the node already. */
	pieces: Id[]
	/** 0 to 1. */
	progress: number
	problem: Problem | null
	/** What is sent; null when it is there, or lost with the page. */
	file: File | null
	/** The content id of a picture that stands in the text. */
	cid: string | null
	stop: AbortController
}

/** What a person writes; addresses as they were typed. */
export type Draft = {
	key: string
	/** The same for every copy of it, so that one can be found whose coming was not heard of; no other message's (RFC 5322 section 3.6.4). */
	messageId: string
	/** Its message in the drafts folder; null = not there yet. */
	emailId: Id | null
	/** When it was first given to the node without an answer (milliseconds); null = all is known. */
	unsure: number | null
	identityId: Id
	to: string
	cc: string
	bcc: string
	subject: string
	rich: boolean
	/** Pictures in it have no address but `data-cid`. */
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

let counter = 0

export const newMessageId = (domain = 'invalid') => `${crypto.randomUUID()}@${domain}`

export function emptyDraft(identity: Identity | undefined): Draft {
	return {
		key: `${Date.now()}-${counter++}`,
		messageId: newMessageId(identity?.email.split('@')[1]),
		emailId: null,
		unsure: null,
		identityId: identity?.id ?? '',
		to: '',
		cc: '',
		bcc: '',
		subject: '',
		rich: true,
		html: '',
		text: '',
		attached: [],
		inReplyTo: null,
		references: null,
		answers: null,
		receipt: false,
		state: 'new',
		problem: null,
	}
}

export function attachedFile(file: File, name: string, cid: string | null): Attached {
	const type = file.type || 'application/octet-stream'
	return { ...nothingAttached(), name, type, size: file.size, file, cid }
}

/** What is at the node already, as a part of a message. */
export function attachedPart({ name, type, size, blobId, cid }: BodyPart, unnamed: string): Attached {
	return { ...nothingAttached(), name: name ?? unnamed, type, size, blobId, progress: 1, cid }
}

function nothingAttached(): Attached {
	return {
		key: counter++,
		name: '',
		type: '',
		size: 0,
		blobId: null,
		pieces: [],
		progress: 0,
		problem: null,
		file: null,
		cid: null,
		stop: new AbortController(),
	}
}

const PASTED = '@pasted'
export const pastedId = () => `${crypto.randomUUID()}${PASTED}`

/** Content ids of the pictures that stand in the text. */
const placed = (draft: Draft) => (draft.rich ? pictureIds(draft.html) : new Set<string>())

/** Pasted into the text, and taken out of it again. */
const isTakenOut = ({ cid }: Attached, rich: boolean, shown: ReadonlySet<string>) =>
	rich && !!cid?.endsWith(PASTED) && !shown.has(cid)

/** What a reader finds below the text; and, while one writes, pictures in it that are not at the node yet. */
export function filesOf(draft: Draft): Attached[] {
	const shown = placed(draft)
	return draft.attached.filter(
		each => !isTakenOut(each, draft.rich, shown) && (!each.blobId || !shown.has(each.cid ?? '')),
	)
}

export function recipientsOf(draft: Draft): Address[] {
	return [draft.to, draft.cc, draft.bcc].flatMap(parseAddresses)
}

/** As Email/set wants it (RFC 8621 section 4.6). Addresses that are none yet are left out. */
export function letterOf(draft: Draft, identity: Identity, drafts: Id): Record<string, unknown> {
	const addresses = (typed: string) => {
		const found = parseAddresses(typed).filter(isAddress)
		return found.length > 0 ? found : null
	}
	const shown = placed(draft)
	const parts = draft.attached
		.filter(each => each.blobId && !isTakenOut(each, draft.rich, shown))
		.map(({ blobId, type, name, cid }) =>
			cid !== null && shown.has(cid)
				? { blobId, type, name, cid, disposition: 'inline' }
				: { blobId, type, name, disposition: 'attachment' },
		)
	return {
		mailboxIds: { [drafts]: true },
		keywords: { $draft: true, $seen: true },
		messageId: [draft.messageId],
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
		bodyValues: {
			text: { value: draft.rich ? htmlToText(draft.html) : draft.text },
			...(draft.rich ? { html: { value: forMessage(draft.html) } } : {}),
		},
		textBody: [{ partId: 'text', type: 'text/plain' }],
		...(draft.rich ? { htmlBody: [{ partId: 'html', type: 'text/html' }] } : {}),
		attachments: parts,
	}
}

/** A draft out of its folder, whoever put it there. */
export function draftOf(email: Email, identities: Identity[]): Partial<Draft> {
	const value = (parts: Email['textBody'], type: string) =>
		parts
			.filter(part => part.type === type)
			.map(part => email.bodyValues[part.partId ?? '']?.value ?? '')
			.join('\n')
	const html = value(email.htmlBody, 'text/html')
	const from = email.from?.[0]?.email.toLowerCase()
	const identity = identities.find(each => each.email.toLowerCase() === from)
	return {
		emailId: email.id,
		...(email.messageId?.[0] ? { messageId: email.messageId[0] } : {}),
		...(identity ? { identityId: identity.id } : {}),
		to: formatAddresses(email.to ?? []),
		cc: formatAddresses(email.cc ?? []),
		bcc: formatAddresses(email.bcc ?? []),
		subject: email.subject ?? '',
		rich: html !== '',
		html: withNamedPictures(html),
		text: value(email.textBody, 'text/plain'),
		inReplyTo: email.inReplyTo,
		references: email.references,
		attached: email.attachments.filter(part => part.blobId).map(part => attachedPart(part, '')),
		state: 'saved',
	}
}
