import { z } from 'zod'
import { newId } from '../../kit/index.ts'
import { threadId } from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { idOrReference, object, read } from './arguments.ts'
import { type Call, idOf, type Responses } from './call.ts'
import { emailOf } from './email-get.ts'
import { setEmails } from './email-set.ts'
import { asAddresses } from './header-values.ts'
import { identitiesOf } from './identity.ts'
import { storedLetter } from './letter.ts'
import { inOrder, type Json, objectState, putObject } from './objects.ts'
import { changed, oneByOne, readSet, type Setting, set } from './standard-set.ts'
import {
	type Kept,
	KIND,
	keptOf,
	settleLater,
	settleSubmissions,
	submissionRecord,
} from './submission-record.ts'
import { type Envelope, type EnvelopeAddress, mayWriteAs, submit, transactionOf, XTEXT } from './submit.ts'

const extraShape = z.object({
	onSuccessUpdateEmail: z.record(idOrReference, object).nullable().default(null),
	onSuccessDestroyEmail: z.array(idOrReference).nullable().default(null),
})

/** So long before its time a message cannot be called back any more, in milliseconds. */
const TOO_LATE = 100

/** RFC 8621 section 7.5. */
export async function setSubmissions(call: Call, args: Json): Promise<Responses> {
	const { onSuccessUpdateEmail = null, onSuccessDestroyEmail = null, ...rest } = args
	const extra = read(extraShape, { onSuccessUpdateEmail, onSuccessDestroyEmail })
	await settleSubmissions(call)
	/** Emails of the submissions that went well. */
	const emails = new Map<string, string>()
	const setting: Setting = {
		state: () => objectState(call, KIND),
		create: objects =>
			oneByOne(
				objects,
				([creationId]) => creationId,
				async ([, given]) => {
					const { id, kept } = await send(call, given)
					emails.set(id, kept.emailId)
					const sendAt = jmap.formatUtcDate(kept.sendAt)
					return {
						id,
						threadId: kept.threadId,
						sendAt,
						undoStatus: kept.undoStatus,
						...(given.envelope == null ? { envelope: kept.envelope } : null),
					}
				},
			),
		update: patches =>
			oneByOne(
				patches,
				([id]) => id,
				async ([id, patch]) => {
					const kept = await update(call, id, patch)
					emails.set(id, kept.emailId)
					return null
				},
			),
		destroy: ids =>
			oneByOne(
				ids,
				id => id,
				async (id): Promise<true> => {
					const kept = keptOf(call).find(one => one.id === id)
					if (!kept) throw new jmap.RecordRefused({ type: 'notFound' })
					await putObject(call, KIND, id, null)
					emails.set(id, kept.value.emailId)
					return true
				},
			),
	}
	const answer = await inOrder(call, () => set(call, readSet(call, rest), setting))
	const responses: Responses = [[`${KIND}/set`, answer]]
	const follows = followUp(call, extra, emails)
	if (follows) responses.push(...(await setEmails(call, { accountId: call.account.id, ...follows })))
	return responses
}

/** What is to be done with the emails of submissions that went well. */
function followUp(
	call: Call,
	{ onSuccessUpdateEmail, onSuccessDestroyEmail }: z.output<typeof extraShape>,
	emails: Map<string, string>,
): Json | null {
	const emailOfSubmission = (id: string) => emails.get(idOf(call, id) ?? '')
	const update = Object.entries(onSuccessUpdateEmail ?? {}).flatMap(([id, patch]) => {
		const email = emailOfSubmission(id)
		return email ? [[email, patch]] : []
	})
	const destroy = (onSuccessDestroyEmail ?? []).flatMap(id => emailOfSubmission(id) ?? [])
	if (update.length === 0 && destroy.length === 0) return null
	return { update: Object.fromEntries(update), destroy }
}

async function send(call: Call, given: Json): Promise<{ id: string; kept: Kept }> {
	const { identityId, emailId, envelope = null, ...rest } = given
	const unknown = Object.keys(rest)
	if (unknown.length > 0) throw jmap.invalidProperties(unknown, 'these are set by the server, or not known')
	const identity = identitiesOf(call).find(
		one => one.id === (typeof identityId === 'string' && idOf(call, identityId)),
	)
	const email = typeof emailId === 'string' ? (idOf(call, emailId) ?? '') : ''
	const row = emailOf(call, email)
	if (!identity || !row)
		throw jmap.invalidProperties(
			[...(identity ? [] : ['identityId']), ...(row ? [] : ['emailId'])],
			'there is no such identity, or no such email',
		)

	const letter = storedLetter(call.house.reader, row.blob)
	checkLetter(call, letter.envelope)
	const sealed =
		envelope === null ? envelopeOf(call, letter.envelope, identity.email as string) : readEnvelope(envelope)
	const { maxRecipients, maxSize } = call.house.receiver
	if (sealed.rcptTo.length === 0) throw new jmap.RecordRefused({ type: 'noRecipients' })
	if (sealed.rcptTo.length > maxRecipients)
		throw new jmap.RecordRefused({ type: 'tooManyRecipients', maxRecipients })
	if (row.size > maxSize) throw new jmap.RecordRefused({ type: 'tooLarge', maxSize })
	const transaction = transactionOf(sealed, row.size)
	const now = Date.now()
	const { holdFor, holdUntil } = transaction
	const sendAt = Math.max(now, holdFor !== null ? now + holdFor * 1000 : (holdUntil ?? now))
	const id = newId(now)
	const kept: Kept = {
		identityId: identity.id as string,
		emailId: email,
		threadId: threadId(row.thread),
		envelope: sealed,
		sendAt,
		undoStatus: sendAt > now ? 'pending' : 'final',
		queued: [],
		filed: [],
		smtpReply: '',
	}
	const octets = call.house.reader.bodyStream(row.blob)
	await submit(call, transaction, octets, taken => {
		Object.assign(kept, { queued: taken.queued, filed: taken.filed, smtpReply: `250 2.0.0 Ok: ${taken.id}` })
		return [{ do: 'object.set', account: call.account.id, kind: KIND, id, value: kept }]
	})
	if (kept.undoStatus === 'pending') settleLater(call, sendAt)
	return { id, kept }
}

type Head = ReturnType<typeof storedLetter>['envelope']

/** What a message must have to be sent (RFC 5322 section 3.6), and in whose name it may be. @throws RecordRefused */
function checkLetter(call: Call, { from, sent, date }: Head): void {
	const senders = from ? asAddresses(from) : []
	const wrong = [
		...(senders.length === 0 ? ['from'] : []),
		...(date !== null && sent === null ? ['sentAt'] : []),
	]
	if (wrong.length > 0)
		throw new jmap.RecordRefused({
			type: 'invalidEmail',
			properties: wrong,
			description: 'the email cannot be sent like this',
		})
	if (!senders.every(({ email }) => mayWriteAs(call, email)))
		throw new jmap.RecordRefused({ type: 'forbiddenFrom', description: 'From is not your address' })
}

/** From the header: the sender, and everybody it is for, once. A sender who is somebody else gives way to the identity. */
function envelopeOf(call: Call, { sender, from, to, cc, bcc }: Head, identity: string): Envelope {
	const first = asAddresses(sender ?? from ?? [])[0]?.email
	const all = [to, cc, bcc].flatMap(list => (list ? asAddresses(list) : [])).map(({ email }) => email)
	return {
		mailFrom: { email: first && mayWriteAs(call, first) ? first : identity, parameters: null },
		rcptTo: [...new Set(all)].map(email => ({ email, parameters: null })),
	}
}

/** @throws RecordRefused */
function readEnvelope(value: unknown): Envelope {
	const wrong = () => jmap.invalidProperties(['envelope'], 'an envelope has mailFrom and rcptTo')
	const address = (one: unknown): EnvelopeAddress => {
		if (!jmap.isObject(one) || typeof one.email !== 'string' || /[<>\s\x00-\x1f]/.test(one.email))
			throw wrong()
		const { email, parameters = null, ...rest } = one
		if (Object.keys(rest).length > 0) throw wrong()
		if (parameters === null) return { email, parameters }
		const fine =
			jmap.isObject(parameters) &&
			Object.entries(parameters).every(
				([name, is]) =>
					/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name) &&
					(is === null || (typeof is === 'string' && isValue(name, is))),
			)
		if (!fine) throw wrong()
		return { email, parameters: parameters as Record<string, string | null> }
	}
	if (!jmap.isObject(value) || !Array.isArray(value.rcptTo)) throw wrong()
	return { mailFrom: address(value.mailFrom), rcptTo: value.rcptTo.map(address) }
}

/** Two of them may be any text, which is written as xtext then (RFC 3461 section 4). */
function isValue(name: string, value: string): boolean {
	return XTEXT.has(name.toUpperCase()) ? /^[\x20-\x7e]+$/.test(value) : /^[^\s=\x00-\x1f]+$/.test(value)
}

/** All that changes is that it is called back. @throws RecordRefused */
async function update(call: Call, id: string, patch: Json): Promise<Kept> {
	const known = keptOf(call).find(one => one.id === id)
	if (!known) throw new jmap.RecordRefused({ type: 'notFound' })
	const kept = known.value
	const before = submissionRecord(call, known)
	const { undoStatus, ...rest } = changed(before, jmap.applyPatch(before, patch))
	const wrong = Object.keys(rest)
	if (wrong.length > 0) throw jmap.invalidProperties(wrong, 'these do not change')
	if (undoStatus === undefined) return kept
	if (undoStatus !== 'canceled')
		throw jmap.invalidProperties(['undoStatus'], 'this can only become "canceled"')
	const cannot = () =>
		new jmap.RecordRefused({ type: 'cannotUnsend', description: 'the message is on its way' })
	if (kept.undoStatus !== 'pending' || kept.sendAt < Date.now() + TOO_LATE) throw cannot()
	const canceled: Kept = { ...kept, undoStatus: 'canceled' }
	const [dropped] = await call.house.write([
		{ do: 'queue.drop', ids: kept.queued },
		{ do: 'object.set', account: call.account.id, kind: KIND, id, value: canceled },
	])
	if (!dropped!.ok) {
		await putObject(call, KIND, id, { ...kept, undoStatus: 'final' })
		throw cannot()
	}
	return canceled
}
