import { newId } from '../../kit/index.ts'
import { compose, type Draft } from '../../message/index.ts'
import {
	type EmailRow,
	type KnownBody,
	type Op,
	type OpResult,
	type StagedBody,
	threadId,
} from '../../store/index.ts'
import { jmap } from '../../wire/index.ts'
import { type Call, idOf, type Responses } from './call.ts'
import { COMPOSED, draftOf } from './email-compose.ts'
import { emailOf, emailProperties, emailState } from './email-get.ts'
import { flagsOf, isKeyword, keywordsOf, namesOf } from './keywords.ts'
import { mailboxesOf } from './mailbox-get.ts'
import { inOrder } from './objects.ts'
import { changed, oneByOne, readSet, type Setting, set } from './standard-set.ts'

const MOST_KEYWORDS = 100

/** RFC 8621 section 4.6. */
export async function setEmails(call: Call, args: Record<string, unknown>): Promise<Responses> {
	const setting: Setting = {
		state: () => emailState(call),
		create: objects =>
			oneByOne(
				objects,
				([creationId]) => creationId,
				([, object]) => create(call, object),
			),
		update: patches => updateAll(call, patches),
		destroy: ids => destroyAll(call, ids),
	}
	const answer = await inOrder(call, () => set(call, readSet(call, args), setting))
	return [['Email/set', answer]]
}

/** Where an email is to be and with which keywords; names of mailboxes. @throws RecordRefused */
export function placeOf(
	call: Call,
	{ mailboxIds, keywords = {}, receivedAt }: Record<string, unknown>,
): { mailboxes: string[]; names: string[]; received: number } {
	const received = receivedAt == null ? Date.now() : jmap.parseUtcDate(receivedAt)
	if (received === null) throw jmap.invalidProperties(['receivedAt'], 'this is a UTCDate')
	const wanted = readMailboxIds(call, mailboxIds)
	const byId = new Map(mailboxesOf(call).map(box => [box.id, box.row.name]))
	return { mailboxes: wanted.map(id => byId.get(id)!), names: readKeywords(keywords ?? {}), received }
}

/** @throws RecordRefused */
function readMailboxIds(call: Call, value: unknown): string[] {
	const wrong = (why: string) => jmap.invalidProperties(['mailboxIds'], why)
	if (!jmap.isObject(value) || Object.values(value).some(is => is !== true))
		throw wrong('this maps ids to true')
	const ids = Object.keys(value).map(id => idOf(call, id))
	if (ids.length === 0) throw wrong('an email is in a mailbox at least')
	const known = new Set(mailboxesOf(call).map(box => box.id))
	if (ids.some(id => id === null || !known.has(id))) throw wrong('there is no such mailbox')
	return [...new Set(ids as string[])]
}

/** @throws RecordRefused */
function readKeywords(value: unknown): string[] {
	const wrong = (why: string) => jmap.invalidProperties(['keywords'], why)
	if (!jmap.isObject(value) || Object.values(value).some(is => is !== true))
		throw wrong('this maps keywords to true')
	const names = [...new Set(Object.keys(value).map(name => name.toLowerCase()))]
	if (!names.every(isKeyword)) throw wrong('this is no keyword')
	if (names.length > MOST_KEYWORDS) throw new jmap.RecordRefused({ type: 'tooManyKeywords' })
	return names
}

async function create(
	call: Call,
	object: Record<string, unknown>,
): Promise<Record<string, unknown> & { id: string }> {
	const known = new Set(['mailboxIds', 'keywords', 'receivedAt', ...COMPOSED])
	const wrong = Object.keys(object).filter(
		property => !known.has(property) && !property.startsWith('header:'),
	)
	if (wrong.length > 0) throw jmap.invalidProperties(wrong, 'these are set by the server, or not known')
	const place = placeOf(call, object)
	const now = Date.now()
	const draft = await draftOf(call, object, { now, messageId: `<${newId(now)}@${call.house.hostname}>` })
	return fileBody(call, await stage(call, draft), place)
}

/** The composed message on its way to the disk. @throws RecordRefused tooLarge */
export async function stage(call: Call, draft: Draft): Promise<StagedBody> {
	const { maxMessageSize } = call.house.limits
	const staged = call.house.stage()
	let size = 0
	try {
		for await (const piece of compose(draft)) {
			size += piece.length
			if (size > maxMessageSize)
				throw new jmap.RecordRefused({
					type: 'tooLarge',
					maxSize: maxMessageSize,
					description: `at most ${maxMessageSize} octets`,
				})
			await staged.write(piece)
		}
		return await staged.end()
	} catch (error) {
		staged.abort()
		throw error
	}
}

/** Files a message; what the server knows of it then. @throws RecordRefused */
export async function fileBody(
	call: Call,
	body: StagedBody | KnownBody,
	{ mailboxes, names, received }: ReturnType<typeof placeOf>,
): Promise<Record<string, unknown> & { id: string }> {
	const within = call.house.quota?.(call.account.id) ?? undefined
	const results = await call.house.write(
		mailboxes.map(
			(mailbox): Op => ({
				do: 'message.add',
				account: call.account.id,
				mailbox,
				body,
				...flagsOf(names),
				internalDate: received,
				...(within ? { within } : null),
			}),
		),
	)
	checkResults(results)
	const id = `M${'known' in body ? body.known : body.hash}`
	const row = emailOf(call, id)
	if (!row) throw new jmap.RecordRefused({ type: 'notFound' })
	return { id, blobId: `B${id.slice(1)}`, threadId: threadId(row.thread), size: row.size }
}

/** @throws RecordRefused */
function checkResults(results: OpResult[]): void {
	for (const result of results) {
		if (result.ok) continue
		if (result.error === 'overquota') throw new jmap.RecordRefused({ type: 'overQuota' })
		throw jmap.invalidProperties(['mailboxIds'], 'the mailbox is no more')
	}
}

type Outcome = Map<string, null | jmap.RecordRefused>

/** All patches in one transaction; the same change of many emails is one Op. */
async function updateAll(call: Call, patches: [string, Record<string, unknown>][]): Promise<Outcome> {
	const outcome: Outcome = new Map()
	const ops = new Gathered(call)
	const mailboxes = mailboxesOf(call)
	const idOfKey = new Map(mailboxes.map(box => [box.row.key, box.id]))
	for (const [id, patch] of patches) {
		try {
			await update(call, id, patch, idOfKey, ops)
			outcome.set(id, null)
		} catch (error) {
			if (!(error instanceof jmap.RecordRefused)) throw error
			outcome.set(id, error)
		}
	}
	const failed = await ops.write()
	if (failed) for (const [id, done] of outcome) if (done === null) outcome.set(id, failed)
	return outcome
}

async function update(
	call: Call,
	id: string,
	patch: Record<string, unknown>,
	idOfKey: Map<number, string>,
	ops: Gathered,
): Promise<void> {
	const row = emailOf(call, id)
	if (!row) throw new jmap.RecordRefused({ type: 'notFound' })
	const before = {
		id,
		mailboxIds: Object.fromEntries(row.copies.map(({ mailbox }) => [idOfKey.get(mailbox)!, true])),
		keywords: keywordsOf(row),
	}
	const { mailboxIds, keywords, ...rest } = jmap.applyPatch(before, lowerKeywords(patch), { keywords: {} })
	const names = Object.keys(rest)
	const wrong =
		names.length === 0 ? [] : Object.keys(changed(await emailProperties(call, id, row, idOfKey, names), rest))
	if (wrong.length > 0) throw jmap.invalidProperties(wrong, 'these do not change')
	if (keywords !== undefined) changeKeywords(row, readKeywords(keywords), ops)
	if (mailboxIds !== undefined) {
		const after = new Set(readMailboxIds(call, mailboxIds))
		const keyOf = new Map([...idOfKey].map(([key, one]) => [one, key]))
		changeMailboxes(row, new Set([...after].map(one => keyOf.get(one)!)), ops)
	}
}

/** `keywords/$Seen` is `keywords/$seen`. */
function lowerKeywords(patch: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(patch).map(([path, value]) => [
			path.startsWith('keywords/') ? path.toLowerCase() : path,
			value,
		]),
	)
}

function changeKeywords(row: EmailRow, after: string[], ops: Gathered): void {
	const before = namesOf(row)
	const added = after.filter(name => !before.includes(name))
	const removed = before.filter(name => !after.includes(name))
	for (const { mailbox, uid } of row.copies) {
		if (added.length > 0) ops.flags(mailbox, uid, 'add', flagsOf(added))
		if (removed.length === 0) continue
		const { flags } = flagsOf(removed)
		// As IMAP wrote them.
		const keywords = row.keywords.filter(word => removed.includes(word.toLowerCase()))
		ops.flags(mailbox, uid, 'remove', { flags, keywords })
	}
}

function changeMailboxes(row: EmailRow, after: Set<number>, ops: Gathered): void {
	const here = new Set(row.copies.map(copy => copy.mailbox))
	const added = [...after].filter(key => !here.has(key))
	const leaving = row.copies.filter(({ mailbox }) => !after.has(mailbox))
	const [last] = leaving
	const [first, ...others] = added
	// A copy that leaves while another comes has moved.
	const moves = last !== undefined && first !== undefined
	for (const key of moves ? others : added) ops.copy(row.copies[0]!, key)
	if (moves) ops.move(last, first)
	for (const copy of moves ? leaving.slice(1) : leaving) ops.expunge(copy)
}

async function destroyAll(call: Call, ids: string[]): Promise<Map<string, true | jmap.RecordRefused>> {
	const outcome = new Map<string, true | jmap.RecordRefused>()
	const ops = new Gathered(call)
	for (const id of ids) {
		const row = emailOf(call, id)
		for (const copy of row?.copies ?? []) ops.expunge(copy)
		outcome.set(id, row ? true : new jmap.RecordRefused({ type: 'notFound' }))
	}
	const failed = await ops.write()
	if (failed) for (const [id, done] of outcome) if (done === true) outcome.set(id, failed)
	return outcome
}

type Copy = { mailbox: number; uid: number }

/** Ops of one request: flags first, so that copies have them; what goes goes last. */
class Gathered {
	readonly #call: Call
	readonly #names: Map<number, string>
	readonly #ops = [
		new Map<string, Op & { uids?: number[] }>(),
		new Map<string, Op & { uids?: number[] }>(),
		new Map<string, Op & { uids?: number[] }>(),
	] as const

	constructor(call: Call) {
		this.#call = call
		this.#names = new Map(mailboxesOf(call).map(box => [box.row.key, box.row.name]))
	}

	#add(stage: 0 | 1 | 2, op: Op & { uids?: number[] }, uid: number): void {
		const key = JSON.stringify(op)
		const known = this.#ops[stage].get(key)
		if (known) known.uids!.push(uid)
		else this.#ops[stage].set(key, { ...op, uids: [uid] } as Op & { uids: number[] })
	}

	flags(
		mailbox: number,
		uid: number,
		how: 'add' | 'remove',
		by: { flags: number; keywords: string[] },
	): void {
		this.#add(0, { do: 'message.flags', account: this.#call.account.id, mailbox, uids: [], how, ...by }, uid)
	}

	copy({ mailbox, uid }: Copy, to: number): void {
		const within = this.#call.house.quota?.(this.#call.account.id) ?? undefined
		const name = this.#names.get(to)!
		this.#add(
			1,
			{
				do: 'message.copy',
				account: this.#call.account.id,
				mailbox,
				uids: [],
				to: name,
				...(within ? { within } : null),
			},
			uid,
		)
	}

	move({ mailbox, uid }: Copy, to: number): void {
		this.#add(
			2,
			{ do: 'message.move', account: this.#call.account.id, mailbox, uids: [], to: this.#names.get(to)! },
			uid,
		)
	}

	expunge({ mailbox, uid }: Copy): void {
		this.#add(2, { do: 'message.expunge', account: this.#call.account.id, mailbox, uids: [], any: true }, uid)
	}

	/** Why it was not done, where that is somebody else's doing. */
	async write(): Promise<jmap.RecordRefused | null> {
		const ops: Op[] = this.#ops.flatMap(stage => [...stage.values()])
		try {
			if (ops.length > 0) checkResults(await this.#call.house.write(ops))
			return null
		} catch (error) {
			if (error instanceof jmap.RecordRefused) return error
			throw error
		}
	}
}
