import { Problem } from '../../shared/api.ts'
import { asProblem } from '../../shared/ask.ts'
import { type Jmap, refuse, resultOf, SUBMISSION } from '../jmap/client.ts'
import type { Id, Identity, SetError } from '../jmap/types.ts'
import { type Draft, letterOf, recipientsOf } from '../writing/draft.ts'
import type { Mail } from './mail.ts'
import { refusalOf } from './refusal.ts'
import { type Envelope, UNDO_SECONDS, type Waits } from './waiting.ts'

/** So far apart may the clocks of browser and node be (milliseconds). */
const CLOCKS = 24 * 3_600_000

type Known = { id: Id; keywords: Record<string, true> }

/** What was handed in, and the email it is. */
export type Submitted = { submission: Id; emailId: Id }

/** Copies of it that came to the node although we did not hear so: as a draft, or sent. */
export async function copiesOf(jmap: Jmap, draft: Draft): Promise<Known[]> {
	if (draft.unsure === null) return []
	const after = instant(new Date(draft.unsure - CLOCKS))
	const { known } = await jmap.request([
		['Email/query', { filter: { header: ['Message-ID', draft.messageId], after } }, 'query'],
		[
			'Email/get',
			{ '#ids': resultOf('query', 'Email/query', '/ids'), properties: ['keywords', 'messageId'] },
			'known',
		],
	])
	return (known!.list as (Known & { messageId: string[] | null })[]).filter(({ messageId }) =>
		messageId?.includes(draft.messageId),
	)
}

/** Is its message in the drafts folder gone, though we did not do that? */
export async function isReplaced(jmap: Jmap, { emailId, unsure }: Draft): Promise<boolean> {
	if (emailId === null || unsure !== null) return false
	const { notFound } = await jmap.call<{ notFound: Id[] }>('Email/get', {
		ids: [emailId],
		properties: ['id'],
	})
	return notFound.includes(emailId)
}

/**
 * Writes it as an email and hands that in, in one request.
 * @param before emails that it takes the place of
 * @param later when it is to go out; null = now, so that for a few seconds it can be taken back
 * @throws Problem; if the email is there by then, the draft knows its id
 */
export async function submit(
	mail: Mail,
	draft: Draft,
	{ identity, drafts, before }: { identity: Identity; drafts: Id; before: Id[] },
	later: Date | null,
): Promise<Submitted> {
	const sent = mail.mailboxes.withRole('sent')?.id
	const rcptTo = [...new Set(recipientsOf(draft).map(each => each.email))].map(email => ({
		email,
		parameters: null,
	}))
	const envelope = { mailFrom: { email: identity.email, parameters: hold(mail, later) }, rcptTo }
	const answers = await mail.jmap.request([
		[
			'Email/set',
			{ create: { email: letterOf(draft, identity, drafts) }, destroy: [...new Set(before)] },
			'email',
		],
		[
			'EmailSubmission/set',
			{
				create: { sent: { emailId: '#email', identityId: identity.id, envelope } },
				onSuccessUpdateEmail: { '#sent': place(drafts, sent) },
			},
			'sent',
		],
	])
	refuseToSend(mail, { notCreated: answers.email!.notCreated })
	const emailId = (answers.email!.created as Record<string, { id: Id }>).email!.id
	// From here on a draft is there: what fails now leaves it as the one that is written.
	draft.emailId = emailId
	refuseToSend(mail, answers.sent)
	return { submission: (answers.sent!.created as Record<string, { id: Id }>).sent!.id, emailId }
}

/** Seconds that the node may keep what was handed in. */
export function mostDelay({ jmap }: Mail): number {
	return jmap.limit(SUBMISSION, 'maxDelayedSend') ?? 0
}

/** RFC 4865, where the node offers it. */
function hold(mail: Mail, later: Date | null): Record<string, string> | null {
	if (later) return { HOLDUNTIL: instant(later) }
	return mostDelay(mail) >= UNDO_SECONDS ? { HOLDFOR: String(UNDO_SECONDS) } : null
}

/** What has not gone out yet is a draft again; where its email is gone, it is only stopped. @throws Problem when it has */
export async function callBack({ jmap, mailboxes }: Mail, { submission, emailId }: Submitted): Promise<void> {
	const drafts = mailboxes.withRole('drafts')
	if (!drafts) throw new Problem(0, 'no-drafts')
	const answers = await jmap.request([
		[
			'EmailSubmission/set',
			{
				update: { [submission]: { undoStatus: 'canceled' } },
				// Wherever it was put meanwhile: nobody looks for a draft there.
				onSuccessUpdateEmail: {
					[submission]: { mailboxIds: { [drafts.id]: true }, 'keywords/$draft': true },
				},
			},
			'stop',
		],
	])
	refuse(answers.stop)
	const { notUpdated } = (answers['stop Email/set'] ?? {}) as { notUpdated?: Record<Id, SetError> | null }
	if (notUpdated?.[emailId]?.type !== 'notFound') refuse({ notUpdated })
}

/** It does not go out; its email stays as it is. @throws Problem when it has gone */
export async function stop({ jmap }: Mail, { id }: Waits): Promise<void> {
	await jmap.set('EmailSubmission/set', { update: { [id]: { undoStatus: 'canceled' } } })
}

/** Hands in anew what waits, to go now. What fails between leaves a draft, never what looks as if it were sent. @throws Problem */
export async function sendNow(mail: Mail, { id, emailId, identityId, envelope }: Waits): Promise<Submitted> {
	const drafts = mail.mailboxes.withRole('drafts')
	if (!drafts) throw new Problem(0, 'no-drafts')
	await callBack(mail, { submission: id, emailId })
	const { sent } = await mail.jmap.request([
		[
			'EmailSubmission/set',
			{
				create: { sent: { emailId, identityId, envelope: released(mail, envelope) } },
				onSuccessUpdateEmail: {
					'#sent': place(drafts.id, mail.mailboxes.withRole('sent')?.id),
				},
			},
			'sent',
		],
	])
	refuseToSend(mail, sent)
	return { submission: (sent!.created as Record<string, { id: Id }>).sent!.id, emailId }
}

/** Without what held it. */
function released(mail: Mail, { mailFrom, rcptTo }: Envelope): Envelope {
	const others = Object.entries(mailFrom.parameters ?? {}).filter(
		([name]) => !/^HOLD(UNTIL|FOR)$/i.test(name),
	)
	return {
		mailFrom: { ...mailFrom, parameters: { ...Object.fromEntries(others), ...hold(mail, null) } },
		rcptTo,
	}
}

/** @throws Problem that says the numbers and the addresses */
function refuseToSend(mail: Mail, answer: Record<string, unknown> | undefined): void {
	try {
		refuse(answer)
	} catch (error) {
		throw refusalOf(asProblem(error), address => mail.isOurs(address))
	}
}

/** Among what was sent. */
function place(drafts: Id, sent: Id | undefined): Record<string, true | null> {
	return {
		[`mailboxIds/${drafts}`]: sent ? null : true,
		...(sent ? { [`mailboxIds/${sent}`]: true } : {}),
		'keywords/$draft': null,
	}
}

/** Without fractions of a second, as JMAP's UTCDate is. */
function instant(time: Date): string {
	return time.toISOString().replace(/\.\d+/, '')
}
