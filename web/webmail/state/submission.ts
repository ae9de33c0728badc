import { Problem } from '../../shared/api.ts'
import { asProblem } from '../../shared/ask.ts'
import { type Jmap, refuse, resultOf, SUBMISSION } from '../jmap/client.ts'
import type { Id, Identity } from '../jmap/types.ts'
import { type Draft, letterOf, recipientsOf } from '../writing/draft.ts'
import type { Mail } from './mail.ts'
import { refusalOf } from './refusal.ts'

/** Seconds in which what was sent can be taken back. */
const UNDO_SECONDS = 10
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
				onSuccessUpdateEmail: { '#sent': place(drafts, sent, false) },
			},
			'sent',
		],
	])
	const refuseToSend = (answer: Record<string, unknown> | undefined) => {
		try {
			refuse(answer)
		} catch (error) {
			throw refusalOf(asProblem(error), address => mail.isOurs(address))
		}
	}
	refuseToSend({ notCreated: answers.email!.notCreated })
	const emailId = (answers.email!.created as Record<string, { id: Id }>).email!.id
	// From here on a draft is there: what fails now leaves it as the one that is written.
	draft.emailId = emailId
	refuseToSend(answers.sent)
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

/** What has not gone out yet is a draft again. @throws Problem when it has */
export async function callBack({ jmap, mailboxes }: Mail, { submission, emailId }: Submitted): Promise<void> {
	const drafts = mailboxes.withRole('drafts')
	if (!drafts) throw new Problem(0, 'no-drafts')
	await jmap.set('EmailSubmission/set', { update: { [submission]: { undoStatus: 'canceled' } } })
	await jmap.set('Email/set', {
		update: { [emailId]: place(drafts.id, mailboxes.withRole('sent')?.id, true) },
	})
}

/** Among the drafts, or among what was sent. */
function place(drafts: Id, sent: Id | undefined, isDraft: boolean): Record<string, true | null> {
	return {
		[`mailboxIds/${drafts}`]: isDraft || !sent ? true : null,
		...(sent ? { [`mailboxIds/${sent}`]: isDraft ? null : true } : {}),
		'keywords/$draft': isDraft ? true : null,
	}
}

/** Without fractions of a second, as JMAP's UTCDate is. */
function instant(time: Date): string {
	return time.toISOString().replace(/\.\d+/, '')
}
