import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { JmapClient, type Json } from './support/jmap.ts'
import { endAll, PORTS, TestNode } from './support/nodes.ts'

/*
 * One mailbox, changed by chance through IMAP and through JMAP: whatever was done, both say the same of it, and a client
 * that only asks what has changed knows the same as one that asks for everything.
 */

const CHANGES = 1000
const LOOK_EVERY = 25
const seed = Number(process.env.JMAP_SEED ?? 20_240_607)

const node = new TestNode('127.0.27.3')
const login = 'alice@test.com'

before(async () => {
	await node.start()
	await node.say('domain add', { domain: 'test.com' })
	await node.addAccount(login)
})
after(endAll)

/** The same numbers for the same seed. */
function chanceOf(start: number): () => number {
	let state = start
	return () => {
		state = (state + 0x6d2b79f5) | 0
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
	}
}

const chance = chanceOf(seed)
const below = (most: number) => Math.floor(chance() * most)
const pick = <T>(list: T[]): T => list[below(list.length)]!
const maybe = () => chance() < 0.5

let letters = 0

function letter(): string {
	const number = ++letters
	const answers = maybe() && number > 1 ? `In-Reply-To: <${1 + below(number - 1)}@test.com>\r\n` : ''
	const subject = answers && maybe() ? 'Re: subject' : maybe() ? 'subject' : `subject ${number}`
	return `From: bob@test.com\r\nTo: alice@test.com\r\nSubject: ${subject}\r\nMessage-ID: <${number}@test.com>\r\n${answers}\r\nletter ${number}\r\n`
}

const FLAGS = ['\\Seen', '\\Flagged', '\\Answered', '\\Draft', '\\Deleted', '$Forwarded', 'work']
const KEYWORDS = ['$seen', '$flagged', '$answered', '$draft', '$forwarded', 'work']

async function byImap(imap: ImapFlow): Promise<string> {
	const paths = await pathsThere(imap)
	const path = pick(paths)
	const act = below(20)
	if (act < 5) {
		// Now and then the same message once more.
		await imap.append(
			path,
			chance() < 0.1 ? 'Subject: again\r\n\r\nagain\r\n' : letter(),
			maybe() ? ['\\Seen'] : [],
		)
		return `APPEND ${path}`
	}
	if (act === 5) {
		const name = `box${below(6)}`
		await imap.mailboxCreate(maybe() ? name : `${pick(paths.filter(one => !/^INBOX$/i.test(one)))}/${name}`)
		return 'CREATE'
	}
	const own = paths.filter(one => one.includes('box'))
	if (act === 6 && own.length > 0) {
		await imap.mailboxRename(pick(own), `box${below(6)}new`).catch(() => {})
		return 'RENAME'
	}
	if (act === 7 && own.length > 3) {
		await imap.mailboxDelete(pick(own)).catch(() => {})
		return 'DELETE'
	}
	const opened = await imap.mailboxOpen(path)
	if (opened.exists === 0) return 'nothing'
	const range = `${1 + below(opened.exists)}${maybe() ? `:${1 + below(opened.exists)}` : ''}`
	if (act < 13) {
		const flags = [pick(FLAGS), pick(FLAGS)]
		await [
			() => imap.messageFlagsAdd(range, flags),
			() => imap.messageFlagsRemove(range, flags),
			() => imap.messageFlagsSet(range, flags),
		][below(3)]!()
		return `STORE ${path} ${range}`
	}
	if (act < 16) await imap.messageCopy(range, pick(paths))
	else if (act < 19) await imap.messageMove(range, pick(paths))
	else await imap.messageDelete(range)
	return `COPY, MOVE or EXPUNGE ${path} ${range}`
}

async function byJmap(jmap: JmapClient): Promise<string> {
	const { list: boxes } = await jmap.one('Mailbox/get', { properties: ['name', 'role'] })
	const box = () => pick(boxes as Json[]).id as string
	const act = below(20)
	if (act < 4) {
		const to = Object.fromEntries([[box(), true], ...(maybe() ? [[box(), true]] : [])])
		const { blobId } = await jmap.upload(letter())
		await jmap.one('Email/import', {
			emails: { a: { blobId, mailboxIds: to, keywords: { [pick(KEYWORDS)]: true } } },
		})
		return 'import'
	}
	if (act === 4) {
		await jmap.one('Mailbox/set', {
			create: { a: { name: `jbox${below(6)}`, parentId: maybe() ? box() : null } },
		})
		return 'create mailbox'
	}
	const own = boxes.filter((one: Json) => one.role === null)
	if (act === 5 && own.length > 0) {
		await jmap.one('Mailbox/set', {
			update: { [pick<Json>(own).id]: { name: `jbox${below(9)}`, parentId: maybe() ? box() : null } },
		})
		return 'rename mailbox'
	}
	if (act === 6 && own.length > 3) {
		await jmap.one('Mailbox/set', { destroy: [pick<Json>(own).id], onDestroyRemoveEmails: maybe() })
		return 'destroy mailbox'
	}
	const { ids } = await jmap.one('Email/query', { filter: maybe() ? { inMailbox: box() } : null })
	if (ids.length === 0) return 'nothing'
	const some = [...new Set([pick<string>(ids), pick<string>(ids), pick<string>(ids)])]
	if (act < 12) {
		const patch = maybe()
			? { [`keywords/${pick(KEYWORDS)}`]: maybe() ? true : null }
			: { keywords: { [pick(KEYWORDS)]: true } }
		await jmap.one('Email/set', { update: Object.fromEntries(some.map(id => [id, patch])) })
		return 'keywords'
	}
	if (act < 18) {
		const to = Object.fromEntries([[box(), true], ...(maybe() ? [[box(), true]] : [])])
		const patch = maybe() ? { mailboxIds: to } : { [`mailboxIds/${box()}`]: true }
		await jmap.one('Email/set', { update: Object.fromEntries(some.map(id => [id, patch])) })
		return 'mailboxIds'
	}
	await jmap.one('Email/set', { destroy: some })
	return 'destroy'
}

/** Names that are only subscribed to, or above others, are no mailboxes. */
async function pathsThere(imap: ImapFlow): Promise<string[]> {
	const boxes = await imap.list()
	return boxes
		.filter(({ flags }) => !flags.has('\\NonExistent') && !flags.has('\\Noselect'))
		.map(({ path }) => path)
}

type Seen = { mailboxes: Set<string>; keywords: Set<string>; thread: string }

/** Everything, as IMAP tells it: emails by EMAILID; mailboxes by path. */
async function allByImap(imap: ImapFlow): Promise<{ emails: Map<string, Seen>; paths: string[] }> {
	const emails = new Map<string, Seen>()
	const paths: string[] = []
	for (const path of await pathsThere(imap)) {
		paths.push(path)
		const { exists } = await imap.mailboxOpen(path, { readOnly: true })
		if (exists === 0) continue
		for await (const { flags, emailId, threadId } of imap.fetch('1:*', { flags: true, threadId: true })) {
			// JMAP does not show what is marked as deleted.
			if (flags!.has('\\Deleted')) continue
			const email = emails.get(emailId!) ?? { mailboxes: new Set(), keywords: new Set(), thread: threadId! }
			email.mailboxes.add(path)
			assert.equal(email.thread, threadId)
			for (const flag of flags!) email.keywords.add(flag.replace(/^\\/, '$').toLowerCase())
			emails.set(emailId!, email)
		}
	}
	return { emails, paths }
}

function pathsOf(boxes: Json[]): Map<string, string> {
	const byId = new Map(boxes.map(box => [box.id, box]))
	const path = (box: Json): string =>
		box.parentId ? `${path(byId.get(box.parentId))}/${box.name}` : box.name
	return new Map(boxes.map(box => [box.id, path(box)]))
}

async function allByJmap(jmap: JmapClient) {
	const { list: boxes } = await jmap.one('Mailbox/get', {})
	const { ids } = await jmap.one('Email/query', {})
	const { list } = await jmap.one('Email/get', { ids, properties: ['mailboxIds', 'keywords', 'threadId'] })
	const threads = [...new Set(list.map((email: Json) => email.threadId))]
	const { list: gathered } = await jmap.one('Thread/get', { ids: threads })
	return { boxes: boxes as Json[], list: list as Json[], threads: gathered as Json[] }
}

/** A client that asks for everything once, and then for changes only. */
class Follower {
	readonly #jmap: JmapClient
	#states: Record<string, string> = {}
	readonly records: Record<string, Map<string, Json>> = {
		Mailbox: new Map(),
		Email: new Map(),
		Thread: new Map(),
	}
	#query: { ids: string[]; state: string } | null = null

	constructor(jmap: JmapClient) {
		this.#jmap = jmap
	}

	async follow(kind: 'Mailbox' | 'Email' | 'Thread'): Promise<void> {
		const known = this.records[kind]!
		const properties = kind === 'Email' ? ['mailboxIds', 'keywords', 'threadId'] : undefined
		if (this.#states[kind] === undefined) {
			const { list, state } = await this.#jmap.one(`${kind}/get`, { ids: null, properties })
			for (const one of list) known.set(one.id, one)
			this.#states[kind] = state
		}
		for (;;) {
			const changes = await this.#jmap.one(`${kind}/changes`, {
				sinceState: this.#states[kind],
				maxChanges: 1 + below(7),
			})
			// What came and went between two portions is told as gone only.
			for (const id of changes.destroyed) known.delete(id)
			// A body that comes again is the same email, in the same thread.
			if (kind === 'Mailbox') for (const id of changes.created) assert.ok(!known.has(id))
			const ids = [...changes.created, ...changes.updated]
			const { list, notFound } = await this.#jmap.one(`${kind}/get`, { ids, properties })
			// What has gone meanwhile is told in what comes next.
			for (const one of list) known.set(one.id, one)
			assert.ok(
				notFound.length === 0 || changes.hasMoreChanges,
				`${kind} ${notFound} changed, but is not there`,
			)
			for (const id of notFound) if (!known.has(id)) known.set(id, null)
			this.#states[kind] = changes.newState
			if (!changes.hasMoreChanges) return
		}
	}

	/** The results of one query, kept by its changes. */
	async followQuery(query: Record<string, unknown>): Promise<string[]> {
		if (!this.#query) {
			const { ids, queryState } = await this.#jmap.one('Email/query', query)
			this.#query = { ids, state: queryState }
		}
		const { removed, added, newQueryState } = await this.#jmap.one('Email/queryChanges', {
			...query,
			sinceQueryState: this.#query.state,
		})
		const gone = new Set(removed)
		const ids = this.#query.ids.filter(id => !gone.has(id))
		for (const { id, index } of added) ids.splice(index, 0, id)
		this.#query = { ids, state: newQueryState }
		return ids
	}
}

async function signIn(): Promise<ImapFlow> {
	const imap = new ImapFlow({
		host: node.ip,
		port: PORTS.imaps,
		secure: true,
		auth: { user: login, pass: 'secret' },
		logger: false,
		tls: { rejectUnauthorized: false },
	})
	await imap.connect()
	return imap
}

/** Who has a mailbox open that is removed by others is sent away, and comes back. */
async function stillThere(imap: ImapFlow): Promise<ImapFlow> {
	try {
		await imap.noop()
		if (imap.usable) return imap
	} catch {}
	return signIn()
}

test(`after ${CHANGES} changes by chance through either, IMAP and JMAP agree (seed ${seed})`, {
	timeout: 280_000,
}, async () => {
	const jmap = await JmapClient.open(node.ip, login)
	let imap = await signIn()
	const follower = new Follower(jmap)
	const query = {
		filter: { operator: 'NOT', conditions: [{ hasKeyword: '$flagged' }] },
		collapseThreads: true,
	}
	const done: string[] = []
	try {
		for (let change = 1; change <= CHANGES; change++) {
			imap = await stillThere(imap)
			done.push(maybe() ? await byImap(imap) : await byJmap(jmap))
			if (change % LOOK_EVERY !== 0) continue
			imap = await stillThere(imap)
			await agree(jmap, imap)
			for (const kind of ['Mailbox', 'Email', 'Thread'] as const) await follower.follow(kind)
			const now = await allByJmap(jmap)
			assert.deepEqual(sorted([...follower.records.Mailbox!.values()]), sorted(now.boxes))
			assert.deepEqual(sorted([...follower.records.Email!.values()]), sorted(now.list))
			assert.deepEqual(sorted([...follower.records.Thread!.values()]), sorted(now.threads))
			assert.deepEqual(await follower.followQuery(query), (await jmap.one('Email/query', query)).ids)
		}
	} catch (error) {
		throw new Error(
			`after ${done.length} changes, last ${done.slice(-5).join('; ')}: ${(error as Error).message}`,
			{ cause: error },
		)
	} finally {
		imap.close()
	}
	assert.ok(letters > 50)
})

function sorted(records: Json[]): Json[] {
	return records.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

async function agree(jmap: JmapClient, imap: ImapFlow): Promise<void> {
	const told = await allByImap(imap)
	const { boxes, list, threads } = await allByJmap(jmap)
	const paths = pathsOf(boxes)
	assert.deepEqual([...paths.values()].sort(), told.paths.toSorted())
	const plain = (emails: Map<string, Seen>) =>
		[...emails]
			.map(([id, { mailboxes, keywords, thread }]) => [
				id,
				[...mailboxes].sort(),
				[...keywords].sort(),
				thread,
			])
			.sort()
	const byJmapTold = new Map(
		list.map((email): [string, Seen] => [
			email.id,
			{
				mailboxes: new Set(Object.keys(email.mailboxIds).map(id => paths.get(id)!)),
				keywords: new Set(Object.keys(email.keywords)),
				thread: email.threadId,
			},
		]),
	)
	assert.deepEqual(plain(byJmapTold), plain(told.emails))
	for (const { id, emailIds } of threads)
		assert.deepEqual(
			emailIds.toSorted(),
			list
				.filter(email => email.threadId === id)
				.map(email => email.id)
				.sort(),
		)
	const trash = boxes.find(box => box.role === 'trash')?.id
	for (const box of boxes) {
		const inside = list.filter(email => email.mailboxIds[box.id])
		const isUnread = (email: Json) => !email.keywords.$seen && !email.keywords.$draft
		// What lies in the trash alone counts only there, and nothing else does (RFC 8621 section 2).
		const counts = (email: Json) =>
			box.id === trash ? email.mailboxIds[trash] : Object.keys(email.mailboxIds).some(id => id !== trash)
		const unread = new Set(
			list.filter(email => isUnread(email) && counts(email)).map(email => email.threadId),
		)
		const all = new Set(inside.map(email => email.threadId))
		assert.deepEqual(
			[box.totalEmails, box.unreadEmails, box.totalThreads, box.unreadThreads],
			[inside.length, inside.filter(isUnread).length, all.size, [...all].filter(id => unread.has(id)).length],
			box.name,
		)
		const { ids } = await jmap.one('Email/query', {
			filter: { inMailbox: box.id },
			sort: [{ property: 'receivedAt' }],
		})
		assert.deepEqual(ids.toSorted(), inside.map(email => email.id).sort())
	}
}
