import { z } from 'zod'
import { newId } from '../../kit/index.ts'
import {
	compose,
	type Draft,
	decodeHeader,
	encodeHeader,
	formatAddress,
	formatDate,
	headerFields,
} from '../../message/index.ts'
import { jmap } from '../../wire/index.ts'
import { id, idOrReference, object, read } from './arguments.ts'
import { letterIn } from './blobs.ts'
import { type Call, checkAccount, idOf, LIMITS, type Responses } from './call.ts'
import { emailOf } from './email-get.ts'
import { setEmails } from './email-set.ts'
import { fieldsOf, headerValue } from './header-values.ts'
import { identitiesOf } from './identity.ts'
import { has } from './keywords.ts'
import { type Letter, partOctets, storedLetter } from './letter.ts'
import { resolved } from './standard-get.ts'
import { oneByOne } from './standard-set.ts'
import { mayWriteAs, submit, transactionOf } from './submit.ts'

/* Message disposition notifications: RFC 9007, which are messages of RFC 8098. */

const disposition = z.strictObject({
	actionMode: z.enum(['manual-action', 'automatic-action']),
	sendingMode: z.enum(['mdn-sent-manually', 'mdn-sent-automatically']),
	type: z.enum(['deleted', 'dispatched', 'displayed', 'processed']),
})
const line = z.string().regex(/^[^\r\n\0]*$/)
const mdnShape = z.strictObject({
	forEmailId: idOrReference,
	subject: line.nullable().default(null),
	textBody: z.string().nullable().default(null),
	includeOriginalMessage: z.boolean().default(false),
	reportingUA: line.nullable().default(null),
	disposition,
	finalRecipient: line.nullable().default(null),
	extensionFields: z
		.record(z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/), line)
		.nullable()
		.default(null),
})
type Mdn = z.output<typeof mdnShape>

const sendShape = z.strictObject({
	accountId: id,
	identityId: idOrReference,
	send: z.record(id, object),
	onSuccessUpdateEmail: z.record(idOrReference, object).nullable().default(null),
})

/** RFC 9007 section 2.1. */
export async function sendMdns(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(sendShape, args)
	checkAccount(call, got.accountId)
	const identityId = idOf(call, got.identityId)
	const identity = identitiesOf(call).find(one => one.id === identityId)
	const wrong = identity ? unmarked(got) && 'onSuccessUpdateEmail' : 'identityId'
	if (wrong)
		throw new jmap.MethodRefused(
			'invalidArguments',
			wrong === 'identityId' ? 'there is no such identity' : 'each email has to get the keyword $mdnsent',
			{ arguments: [wrong] },
		)
	const emails = new Map<string, string>()
	const entries = Object.entries(got.send)
	if (entries.length > LIMITS.maxObjectsInSet) throw new jmap.MethodRefused('requestTooLarge')
	const done = await oneByOne(
		entries,
		([creationId]) => creationId,
		async ([creationId, given]) => {
			const { sent, emailId } = await sendOne(call, identity!, given)
			emails.set(creationId, emailId)
			return sent
		},
	)
	const sent: Record<string, unknown> = {}
	const notSent: Record<string, unknown> = {}
	for (const [creationId, one] of done) {
		if (one instanceof jmap.RecordRefused) notSent[creationId] = one.error
		else sent[creationId] = one
	}
	const orNull = (value: object) => (Object.keys(value).length > 0 ? value : null)
	const responses: Responses = [
		['MDN/send', { accountId: got.accountId, sent: orNull(sent), notSent: orNull(notSent) }],
	]
	const update = Object.entries(got.onSuccessUpdateEmail ?? {}).flatMap(([reference, patch]) => {
		const emailId = emails.get(reference.slice(1))
		return emailId ? [[emailId, patch]] : []
	})
	if (update.length > 0)
		responses.push(
			...(await setEmails(call, { accountId: got.accountId, update: Object.fromEntries(update) })),
		)
	return responses
}

/** A notification is sent once: it is asked for that this is written down (section 2.1). */
function unmarked({ send, onSuccessUpdateEmail }: z.output<typeof sendShape>): boolean {
	return Object.keys(send).some(creationId => {
		const { keywords, 'keywords/$mdnsent': mark } = onSuccessUpdateEmail?.[`#${creationId}`] ?? {}
		return mark !== true && !(jmap.isObject(keywords) && keywords.$mdnsent === true)
	})
}

async function sendOne(call: Call, identity: Record<string, unknown>, given: Record<string, unknown>) {
	const parsed = mdnShape.safeParse(given)
	if (!parsed.success)
		throw jmap.invalidProperties(
			[...new Set(parsed.error.issues.map(issue => issue.path.join('/') || 'mdn'))],
			'these are not as they should be',
		)
	const mdn = parsed.data
	const emailId = idOf(call, mdn.forEmailId) ?? ''
	const row = emailOf(call, emailId)
	if (!row) throw new jmap.RecordRefused({ type: 'notFound', description: 'there is no such email' })
	if (has(row, '$mdnsent')) throw new jmap.RecordRefused({ type: 'mdnAlreadySent' })
	const letter = storedLetter(call.house.reader, row.blob)
	const fields = fieldsOf(await letter.octets(0, letter.structure.body))
	const asked = headerValue(
		fields,
		jmap.parseHeaderProperty('header:Disposition-Notification-To:asAddresses')!,
	) as { name: string | null; email: string }[] | null
	if (!asked || asked.length === 0)
		throw new jmap.RecordRefused({ type: 'notFound', description: 'the email asks for no notification' })
	const email = identity.email as string
	const finalRecipient = mdn.finalRecipient ?? `rfc822; ${email}`
	if (!mayWriteAs(call, finalRecipient.replace(/^[^;]*; */, '').trim()))
		throw new jmap.RecordRefused({ type: 'forbiddenFrom', description: 'finalRecipient is not your address' })
	const words = {
		subject: mdn.subject ?? `Read: ${letter.envelope.subject ?? ''}`,
		textBody: mdn.textBody ?? `The message was ${mdn.disposition.type}.\n`,
	}
	const draft = draftOf(call, { ...mdn, ...words }, letter, { identity, to: asked, finalRecipient })
	const envelope = {
		mailFrom: { email: '', parameters: null },
		rcptTo: asked.map(one => ({ email: one.email, parameters: null })),
	}
	await submit(call, transactionOf(envelope, 0), compose(draft), () => [])
	const originalMessageId = letter.envelope.messageId
	return {
		emailId,
		sent: {
			...Object.fromEntries(
				Object.entries({ ...BY_DEFAULT, ...words }).filter(([name]) => (given[name] ?? null) === null),
			),
			...(mdn.finalRecipient === null ? { finalRecipient } : null),
			originalMessageId,
		},
	}
}

/** What is told of a notification where its sender said nothing. */
const BY_DEFAULT = {
	includeOriginalMessage: false,
	reportingUA: null,
	extensionFields: null,
	mdnGateway: null,
	originalRecipient: null,
	error: null,
}

type Frame = {
	identity: Record<string, unknown>
	to: { name: string | null; email: string }[]
	finalRecipient: string
}

/** RFC 8098 section 3. */
function draftOf(
	call: Call,
	mdn: Mdn & { subject: string; textBody: string },
	letter: Letter,
	{ identity, to, finalRecipient }: Frame,
): Draft {
	const now = Date.now()
	const { messageId } = letter.envelope
	const { actionMode, sendingMode, type } = mdn.disposition
	const address = ({ name, email }: { name: string | null; email: string }) => {
		const at = email.lastIndexOf('@')
		return formatAddress({ name, mailbox: email.slice(0, at), host: email.slice(at + 1) })
	}
	const header = [
		`Date: ${formatDate(now)}\r\n`,
		`From: ${address({ name: (identity.name as string) || null, email: identity.email as string })}\r\n`,
		`To: ${to.map(address).join(',\r\n ')}\r\n`,
		encodeHeader('Subject', mdn.subject),
		`Message-ID: <${newId(now)}@${call.house.hostname}>\r\n`,
		...(messageId ? [`In-Reply-To: ${messageId}\r\n`, `References: ${messageId}\r\n`] : []),
		'MIME-Version: 1.0\r\n',
	].join('')
	const report = [
		...(mdn.reportingUA === null ? [] : [`Reporting-UA: ${mdn.reportingUA}`]),
		`Final-Recipient: ${finalRecipient}`,
		...(messageId ? [`Original-Message-ID: ${messageId}`] : []),
		`Disposition: ${actionMode}/${sendingMode.toLowerCase()}; ${type}`,
		...Object.entries(mdn.extensionFields ?? {}).map(([name, value]) => `${name}: ${value}`),
	]
	const octets = Buffer.from(`${report.join('\r\n')}\r\n`)
	const parts: Draft[] = [
		{ header: '', type: 'text/plain', params: {}, text: mdn.textBody },
		{
			header: '',
			type: 'message/disposition-notification',
			params: {},
			async *octets() {
				yield octets
			},
		},
	]
	if (mdn.includeOriginalMessage)
		parts.push({
			header: '',
			type: 'message/rfc822',
			params: {},
			async *octets() {
				yield await letter.octets(0, letter.size)
			},
		})
	return { header, type: 'multipart/report', params: { 'report-type': 'disposition-notification' }, parts }
}

const parseShape = z.strictObject({ accountId: id, blobIds: z.array(idOrReference) })

/** RFC 9007 section 2.2. */
export async function parseMdns(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const got = read(parseShape, args)
	checkAccount(call, got.accountId)
	if (got.blobIds.length > LIMITS.maxObjectsInGet) throw new jmap.MethodRefused('requestTooLarge')
	const parsed: Record<string, unknown> = {}
	const notParsable: string[] = []
	const notFound: string[] = []
	for (const blobId of resolved(call, got.blobIds)) {
		const letter = await letterIn(call, blobId)
		const mdn = letter && (await mdnIn(call, letter))
		if (!letter) notFound.push(blobId)
		else if (!mdn) notParsable.push(blobId)
		else parsed[blobId] = mdn
	}
	return [
		[
			'MDN/parse',
			{
				accountId: got.accountId,
				parsed: Object.keys(parsed).length > 0 ? parsed : null,
				notParsable: notParsable.length > 0 ? notParsable : null,
				notFound: notFound.length > 0 ? notFound : null,
			},
		],
	]
}

const KNOWN = [
	'reporting-ua',
	'mdn-gateway',
	'original-recipient',
	'final-recipient',
	'original-message-id',
	'disposition',
	'error',
]

async function mdnIn(call: Call, letter: Letter): Promise<Record<string, unknown> | null> {
	const { structure, envelope } = letter
	const parts = structure.parts ?? []
	const report = parts.find(part => part.type === 'message' && part.subtype === 'disposition-notification')
	if (structure.type !== 'multipart' || structure.subtype !== 'report' || !report) return null
	const fields = headerFields(Buffer.concat([await partOctets(letter, report), Buffer.from('\r\n')]))
	const of = (name: string) => fields.find(field => field.name.toLowerCase() === name)?.value ?? null
	const match = /^([\w-]+)\s*\/\s*([\w-]+)\s*;\s*([\w-]+)/.exec(of('disposition') ?? '')
	if (!match) return null
	const text = parts.find(part => part.type === 'text')
	const extensions = fields.filter(field => !KNOWN.includes(field.name.toLowerCase()))
	const errors = fields.filter(field => field.name.toLowerCase() === 'error').map(field => field.value)
	const messageId = of('original-message-id')
	return {
		forEmailId: messageId === null ? null : emailWith(call, messageId),
		subject: envelope.subject,
		textBody: text ? (await partOctets(letter, text)).toString() : null,
		includeOriginalMessage: parts.some(part => part.message !== undefined),
		reportingUA: of('reporting-ua'),
		disposition: {
			actionMode: match[1]!.toLowerCase(),
			sendingMode: match[2]!.toLowerCase(),
			type: match[3]!.toLowerCase(),
		},
		mdnGateway: of('mdn-gateway'),
		originalRecipient: of('original-recipient'),
		finalRecipient: of('final-recipient'),
		originalMessageId: messageId,
		error: errors.length > 0 ? errors : null,
		extensionFields:
			extensions.length > 0
				? Object.fromEntries(extensions.map(({ name, value }) => [name, decodeHeader(value)]))
				: null,
	}
}

/** The email of the account that bears this Message-ID; null when that cannot be said. */
function emailWith({ house, account }: Call, messageId: string): string | null {
	const { emails } = house.reader
	for (const row of emails.all(account.id, null)) {
		const head = house.reader.head(row.blob)
		if (head.envelope.messageId === messageId.trim()) return `M${head.hash}`
	}
	return null
}
