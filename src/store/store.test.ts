import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { newId, openDatabase } from '../kit/index.ts'
import { FRAME, framesOf } from './frames.ts'
import {
	Flag,
	type LogRow,
	type MessageRow,
	moveInSlices,
	type Op,
	openStore,
	removeInSlices,
	type StagedBody,
	type Store,
} from './index.ts'
import { migrations } from './migrations.ts'

const folder = mkdtempSync(join(tmpdir(), 'panpipe-store-'))
let store: Store

before(async () => {
	store = await openStore({ dir: join(folder, 'a'), node: 'node-a' })
})
after(async () => {
	await store.close()
	rmSync(folder, { recursive: true })
})

const letter = (text: string) => Buffer.from(`From: alice@test.com\r\nSubject: ${text}\r\n\r\n${text}\r\n`)

async function one(op: Op, at = store) {
	const [result] = await at.write([op])
	return result!
}

function add(
	account: string,
	mailbox: string,
	body: StagedBody,
	more: Partial<Extract<Op, { do: 'message.add' }>> = {},
): Op {
	return {
		do: 'message.add',
		account,
		mailbox,
		body,
		flags: 0,
		keywords: [],
		internalDate: 1_700_000_000_000,
		...more,
	}
}

/** An account whose INBOX has these. */
async function filled(account: string, texts: string[]) {
	await one({ do: 'account.create', account })
	await store.write(texts.map(text => add(account, 'INBOX', store.stageSmall(letter(text)))))
	return { box: store.reader.mailbox(account, 'INBOX')! }
}

/** All an IMAP client can see of an account. */
function picture(at: Store, account: string) {
	return at.reader.mailboxes(account).map(({ key, ...box }) => ({
		...box,
		content: at.reader.messages(key, 1, 2 ** 32).map(({ blob, saveDate: _, ...message }) => ({
			...message,
			hash: at.reader.head(blob).hash,
			text: at.reader.body(blob).toString(),
		})),
		gone: at.reader.expungedSince(key, 0),
		metadata: [...at.reader.metadata(account, box.id), ...at.reader.metadata(account, '')],
	}))
}

test('a message is read back byte for byte, small from the database, large from a file', async () => {
	const account = newId()
	const small = Buffer.from('Subject: x\r\n\r\n\x00\xff\r\nend', 'latin1')
	const large = Buffer.concat([
		Buffer.from('Subject: y\r\n\r\n'),
		Buffer.alloc(3_000_000, 'abc\r\n'),
		Buffer.from([0, 255, 13]),
	])
	const stage = store.stage()
	for (let at = 0; at < large.length; at += 65_536) await stage.write(large.subarray(at, at + 65_536))
	const result = await store.write([
		add(account, 'INBOX', store.stageSmall(small), { create: true }),
		add(account, 'INBOX', await stage.end()),
	])
	assert.deepEqual(
		result.map(one => one.ok && one.uid),
		[1, 2],
	)
	const inbox = store.reader.mailbox(account, 'inbox')!
	const [first, second] = store.reader.messages(inbox.key, 1, 9)
	assert.ok(store.reader.body(first!.blob).equals(small))
	assert.ok(store.reader.body(second!.blob).equals(large))
	const pieces: Buffer[] = []
	for await (const piece of store.reader.bodyStream(second!.blob, 1_000_000, 2_500_001)) pieces.push(piece)
	assert.ok(Buffer.concat(pieces).equals(large.subarray(1_000_000, 2_500_001)))
})

test('any piece of a large body is read from its frames, and from a file of one frame, as earlier versions wrote it', async () => {
	const account = newId()
	const blobs = join(folder, 'a/blobs')
	const before = new Set(readdirSync(blobs))
	const bytes = Buffer.concat([Buffer.from('Subject: z\r\n\r\n'), randomBytes(1_500_000)])
	await store.write([add(account, 'INBOX', await staged(bytes), { create: true })])
	const [file] = readdirSync(blobs).filter(name => !before.has(name))
	const [{ blob }] = store.reader.messages(store.reader.mailbox(account, 'INBOX')!.key, 1, 9) as [MessageRow]
	const check = async () => {
		assert.ok(store.reader.body(blob).equals(bytes))
		for (const [start, end] of [
			[0, 1],
			[0, bytes.length],
			[262_143, 262_145],
			[700_000, 700_000],
			[1_400_000, 1e9],
			[1e9, 2e9],
		]) {
			const pieces: Buffer[] = []
			for await (const piece of store.reader.bodyStream(blob, start, end)) pieces.push(piece)
			assert.ok(Buffer.concat(pieces).equals(bytes.subarray(start, end)), `${start} to ${end}`)
		}
	}
	await check()
	// However large a piece it comes in, no frame is: else each look into it would unpack everything.
	assert.equal(framesOf(readFileSync(join(blobs, file!)))!.length, Math.ceil(bytes.length / FRAME))
	writeFileSync(join(blobs, file!), zstdCompressSync(bytes))
	await check()
})

test('a body that nobody names any more is gone, in the database and in the folder', async () => {
	const account = newId()
	const before = readdirSync(join(folder, 'a/blobs')).length
	const stage = store.stage()
	await stage.write(Buffer.alloc(500_000, account))
	const body = await stage.end()
	await store.write([add(account, 'INBOX', body, { create: true })])
	const { key } = store.reader.mailbox(account, 'INBOX')!
	await one({ do: 'message.copy', account, mailbox: key, uids: [1], to: 'Trash' })
	await one({ do: 'message.expunge', account, mailbox: key, uids: [1], any: true })
	assert.equal(readdirSync(join(folder, 'a/blobs')).length, before + 1)
	await one({ do: 'mailbox.delete', account, name: 'Trash' })
	assert.equal(readdirSync(join(folder, 'a/blobs')).length, before)
})

test('a large mailbox goes a slice at a time, and others write in between', async () => {
	for (const account of ['large', 'small']) await one({ do: 'account.create', account })
	await one({ do: 'mailbox.create', account: 'large', name: 'Old' })
	const fill = async (mailbox: string) => {
		for (let part = 0; part < 9; part++) {
			const letters = Array.from({ length: 500 }, (_, i) =>
				store.stageSmall(letter(`${mailbox} ${part} ${i}`)),
			)
			await store.write(letters.map(body => add('large', mailbox, body)))
		}
	}
	const order: string[] = []
	const also = async (what: string, removal: Promise<{ ok: boolean }>) => {
		const gone = removal.then(({ ok }) => order.push(`${what} ${ok}`))
		await one(add('small', 'INBOX', store.stageSmall(letter(what)))).then(() => order.push('small'))
		await gone
		assert.deepEqual(order.splice(0), ['small', `${what} true`])
	}
	await fill('Old')
	const { key } = store.reader.mailbox('large', 'Old')!
	const uids = store.reader.uids(key).slice(0, 4400)
	await one({
		do: 'message.flags',
		account: 'large',
		mailbox: key,
		uids,
		how: 'add',
		flags: Flag.deleted,
		keywords: [],
	})
	const from = { do: 'message.move', account: 'large', mailbox: key } as const
	await also('expunged', removeInSlices(store, { do: 'message.expunge', account: 'large', mailbox: key }))
	const left = store.reader.mailbox('large', 'Old')!
	assert.deepEqual([left.messages, left.deleted, store.reader.expungedSince(key, 0).length], [100, 0, 4400])
	await fill('Old')
	await one({ do: 'mailbox.create', account: 'large', name: 'Archive/2025' })
	const all = store.reader.uids(key)
	const moved = moveInSlices(store, { ...from, uids: [...all], to: 'Archive/2025' })
	await also(
		'moved',
		moved.then(slices => ({ ok: slices.length === 3 && slices.every(({ ok }) => ok) })),
	)
	assert.deepEqual([all.length, store.reader.mailbox('large', 'Archive/2025')!.messages], [4600, 4600])
	assert.equal(store.reader.mailboxByKey(key)!.messages, 0)
	const nowhere = await moveInSlices(store, { ...from, uids: [...all], to: 'Nowhere' })
	assert.deepEqual(nowhere, [{ ok: false, error: 'nonexistent' }])
	await fill('Old')
	await also('deleted', removeInSlices(store, { do: 'mailbox.delete', account: 'large', name: 'Old' }))
	assert.equal(store.reader.mailbox('large', 'Old'), null)
	await fill('INBOX')
	// It stays, and all that is in it.
	const refused = await removeInSlices(store, { do: 'mailbox.delete', account: 'large', name: 'INBOX' })
	assert.deepEqual([refused.ok, store.reader.mailbox('large', 'INBOX')!.messages], [false, 4500])
	await also('removed', removeInSlices(store, { do: 'account.remove', account: 'large' }))
	assert.equal(store.reader.hasAccount('large'), false)
})

test('nothing leads to a conversation whose messages are gone; to one that goes on everything does', async () => {
	await one({ do: 'account.create', account: 'talk' })
	const file = openDatabase(join(folder, 'a', 'mail.sqlite'), { readOnly: true })
	const links = file.prepare(`SELECT count(*) AS n FROM history JOIN
		(SELECT owner FROM reference UNION ALL SELECT owner FROM reference_new) ON owner = key WHERE account = 'talk'`)
	const said = (id: string, answers: string, mailbox = 'INBOX') => {
		const header = `Subject: talk\r\nMessage-ID: <${id}@example.org>\r\nIn-Reply-To: <${answers}@example.org>\r\n`
		return add('talk', mailbox, store.stageSmall(Buffer.from(`${header}\r\n${id}\r\n`)))
	}
	try {
		await store.write([
			said('a1', 'a0'),
			said('a2', 'a1'),
			said('b1', 'b0'),
			said('b2', 'b1'),
			said('b2', 'b1', 'Sent'),
		])
		const { key } = store.reader.mailbox('talk', 'INBOX')!
		const [a, , b] = store.reader.messages(key, 1, 4).map(({ thread }) => thread)
		await one({ do: 'message.expunge', account: 'talk', mailbox: key, uids: [4, 2, 3, 1], any: true })
		assert.equal(store.reader.mailbox('talk', 'INBOX')!.threads, 0)
		for (let wait = 0; (links.get() as { n: number }).n !== 3; wait++) {
			assert.ok(wait < 500, 'a0, a1 and a2 are forgotten, b0, b1 and b2 are not')
			await setTimeout(20)
		}
		await store.write([said('a3', 'a2'), said('b3', 'b2')])
		const [anew, again] = store.reader.messages(key, 5, 6).map(({ thread }) => thread)
		assert.equal(again, b)
		assert.notEqual(anew, a)
	} finally {
		file.close()
	}
})

async function staged(bytes: Buffer): Promise<StagedBody> {
	const stage = store.stage()
	await stage.write(bytes)
	return stage.end()
}

test('a body is stored once, whether its hash has found its place in the index or still waits for it', async () => {
	await one({ do: 'account.create', account: 'twins' })
	const file = openDatabase(join(folder, 'a', 'mail.sqlite'), { readOnly: true })
	const count = (sql: string) => (file.prepare(sql).get() as { n: number }).n
	const bodies = () => count('SELECT count(*) AS n FROM blob')
	const before = bodies()
	const twin = (mailbox: string) => one(add('twins', mailbox, store.stageSmall(letter('one of many'))))
	try {
		await twin('INBOX')
		await twin('Sent')
		assert.equal(bodies(), before + 1, 'while it waits')
		while (count('SELECT count(*) AS n FROM body_new') > 0) await setTimeout(5)
		await twin('INBOX')
		assert.equal(bodies(), before + 1, 'in its place')
		for (const { key } of store.reader.mailboxes('twins'))
			await one({
				do: 'message.expunge',
				account: 'twins',
				mailbox: key,
				uids: store.reader.uids(key),
				any: true,
			})
		assert.equal(bodies(), before)
		assert.equal(count('SELECT count(*) AS n FROM body_by_hash'), before)
	} finally {
		file.close()
	}
})

test('a large body that one request files for several accounts is there for each of them', async () => {
	const [alice, bob] = [newId(), newId()]
	const bytes = Buffer.alloc(500_000, alice)
	const body = await staged(bytes)
	await store.write([alice, bob].map(account => add(account, 'INBOX', body, { create: true })))
	for (const account of [alice, bob]) {
		const [message] = store.reader.messages(store.reader.mailbox(account, 'INBOX')!.key, 1, 9)
		assert.ok(store.reader.body(message!.blob).equals(bytes))
	}
})

test('a large body that was here already, or that no Op took, leaves no file behind', async () => {
	const account = newId()
	const bytes = Buffer.alloc(500_000, account)
	await store.write([add(account, 'INBOX', await staged(bytes), { create: true, once: account })])
	const before = readdirSync(join(folder, 'a/blobs')).length
	await one(add(account, 'Archive', await staged(bytes)))
	await one(add(account, 'INBOX', await staged(Buffer.alloc(600_000, account)), { once: account }))
	await one(add(account, 'no such mailbox', await staged(Buffer.alloc(700_000, account))))
	const broken = { ...(await staged(Buffer.alloc(800_000, account))), hash: null as never }
	await assert.rejects(one(add(account, 'INBOX', broken)))
	assert.equal(readdirSync(join(folder, 'a/blobs')).length, before)
})

test('who stops reading a large body early leaves no file open', async () => {
	const account = newId()
	await store.write([add(account, 'INBOX', await staged(randomBytes(2_000_000)), { create: true })])
	const [{ blob }] = store.reader.messages(store.reader.mailbox(account, 'INBOX')!.key, 1, 9) as [MessageRow]
	const open = () => readdirSync('/proc/self/fd').length
	const before = open()
	for (let i = 0; i < 20; i++) for await (const _ of store.reader.bodyStream(blob, 0, 100)) break
	while (open() > before) await setImmediate() // closing takes a turn or two
})

test('what bears the same hand-over id is filed once in an account', async () => {
	const account = newId()
	const body = store.stageSmall(letter('once'))
	const results = await store.write(
		[1, 2].map(() => add(account, 'INBOX', body, { create: true, once: 'h1' })),
	)
	assert.deepEqual(
		results.map(result => result.ok && Boolean(result.duplicate)),
		[false, true],
	)
	assert.equal(store.reader.mailbox(account, 'INBOX')!.messages, 1)
})

test('an Op that fails for a fault of its own takes nothing else with it', async () => {
	const account = newId()
	await one({ do: 'account.create', account })
	const history = () => store.reader.emails.states(account)!
	const { modseq } = history()
	const broken = { ...store.stageSmall(letter('x')), hash: null as never }
	const [good, bad, alsoGood] = await Promise.allSettled([
		store.write([add(account, 'INBOX', store.stageSmall(letter('1')))]),
		store.write([add(account, 'INBOX', store.stageSmall(letter('2'))), add(account, 'INBOX', broken)]),
		store.write([add(account, 'INBOX', store.stageSmall(letter('3')))]),
	])
	assert.deepEqual([good.status, bad.status, alsoGood.status], ['fulfilled', 'rejected', 'fulfilled'])
	assert.equal(store.reader.mailbox(account, 'INBOX')!.messages, 2)
	assert.deepEqual([history().modseq, history().email], [modseq + 2, modseq + 2])
})

test('UIDVALIDITY is never used twice for a name, and RENAME keeps it', async () => {
	const account = newId()
	await one({ do: 'account.create', account })
	await one({ do: 'mailbox.create', account, name: '项目/甲' })
	const first = store.reader.mailbox(account, '项目/甲')!
	await one({ do: 'mailbox.rename', account, name: '项目', to: '旧/项目' })
	assert.equal(store.reader.mailbox(account, '旧/项目/甲')!.uidValidity, first.uidValidity)
	await one({ do: 'mailbox.delete', account, name: '旧/项目/甲' })
	const again = await one({ do: 'mailbox.create', account, name: '旧/项目/甲' })
	assert.ok(again.ok && again.uidValidity! > first.uidValidity)
})

test('no new name has levels of one or two dots; mailboxes that have them are used and renamed', async () => {
	const account = newId()
	await one({ do: 'account.create', account })
	await one({ do: 'mailbox.create', account, name: 'a/.b..' })
	const invalid = { ok: false, error: 'invalid' }
	for (const name of ['.', '..', '../x', 'x/..', 'x/./y']) {
		assert.deepEqual(await one({ do: 'mailbox.create', account, name }), invalid)
		assert.deepEqual(await one({ do: 'mailbox.rename', account, name: 'a', to: name }), invalid)
		assert.deepEqual(await one({ do: 'mailbox.rename', account, name: 'INBOX', to: name }), invalid)
	}
	const made = ['..', '../..', '../c'].map(name => ({
		do: 'mailbox.create' as const,
		account,
		id: newId(),
		name,
		role: null,
		uidValidity: 1,
	}))
	await store.replay(
		made.map((op, at) => ({ node: 'before', seq: at + 1, account, epoch: 0, stamp: 0, op: op as never })),
		[],
	)
	assert.ok((await one(add(account, '../..', store.stageSmall(letter('x'))))).ok)
	assert.deepEqual(await one({ do: 'mailbox.rename', account, name: '../c', to: '../d' }), invalid)
	assert.ok((await one({ do: 'mailbox.rename', account, name: '..', to: 'up' })).ok)
	assert.ok(store.reader.mailbox(account, 'up/c'))
	assert.equal(store.reader.mailbox(account, 'up/..')!.messages, 1)
	assert.ok((await one({ do: 'mailbox.rename', account, name: 'up/..', to: 'upper' })).ok)
	assert.equal(store.reader.mailbox(account, 'upper')!.messages, 1)
})

test('a queue of the release before is read, and its mail asks for nothing more', async () => {
	const dir = mkdtempSync(join(tmpdir(), 'panpipe-store-'))
	const old = openDatabase(join(dir, 'mail.sqlite'), { migrations: migrations.slice(0, 2) })
	old.exec(`INSERT INTO queue_message VALUES ('1', 'a@test.com', NULL, 'HDRS', 0, 1, 10, 5, 6, 'here');
		INSERT INTO queue_recipient (id, recipient, route, due) VALUES ('1', 'b@example.org', 'mx:example.org', 5)`)
	old.close()
	const opened = await openStore({ dir, node: 'node-a' })
	const [item] = opened.reader.queue.due('mx:example.org', 5, 10)
	assert.deepEqual([item!.recipient, item!.ret, item!.requireTls], ['b@example.org', 'HDRS', false])
	assert.deepEqual(
		[item!.priority, item!.deliverBy, item!.byMode, item!.release, item!.warn],
		[0, null, null, null, null],
	)
	await opened.close()
	rmSync(dir, { recursive: true })
})

test('what changed since is known of mail of the release before too', async () => {
	const dir = mkdtempSync(join(tmpdir(), 'panpipe-store-'))
	const old = openDatabase(join(dir, 'mail.sqlite'), { migrations: migrations.slice(0, 11) })
	old.exec(`INSERT INTO account VALUES ('a', 1);
		INSERT INTO history (account, modseq, email, mailbox, thread, delivery) VALUES ('a', 40, 40, 40, 30, 30);
		INSERT INTO mailbox (id, account, name, uid_validity, uid_next, modseq, messages, counted)
			VALUES ('m', 'a', 'INBOX', 7, 400, 25, 3, 40)`)
	// Came at 10, 20 and 30; the flags of the first changed at 40, the third has \\Deleted.
	const rows = [
		[1, 1, 24, 4, 10, 40],
		[2, 300, 5, 1, 20, 20],
		[3, 399, 25, 8, 30, 30],
	] as const
	for (const [key, uid, modseq, flags, created, changed] of rows)
		old.exec(`INSERT INTO blob VALUES (${key}, '${'0'.repeat(63)}${key}', 9, 1, NULL, '{}', '{}', '');
			INSERT INTO email VALUES (${key}, 1, ${key}, ${key}, ${key}, ${created}, ${changed}, ${flags === 8 ? 0 : 1});
			INSERT INTO message VALUES (1, ${uid}, ${modseq}, ${flags}, NULL, ${key}, ${key}, 9, ${key}, ${key}, ${key}, ${key})`)
	old.close()
	const { reader, write, close } = await openStore({ dir, node: 'node-a' })
	const since = (modseq: number) => reader.messagesSince(1, modseq).map(({ uid }) => uid)
	assert.deepEqual([since(0), since(5), since(24), since(25)], [[1, 300, 399], [1, 399], [399], []])
	const emails = (state: number) => reader.emails.since('a', state).map(one => [Number(one.key), one.changed])
	assert.deepEqual(
		[emails(0), emails(20), emails(40)],
		[
			[
				[2, 20],
				[1, 40],
			],
			[[1, 40]],
			[],
		],
	)
	assert.deepEqual(
		reader.emails.threadsSince('a', 15).map(({ thread, created }) => [thread, created]),
		[[2, 20]],
	)
	assert.deepEqual(
		reader.emails.byTime('a', 1).map(([email]) => email),
		[1, 2],
	)
	const flags = Flag.seen | Flag.deleted
	await write([
		{ do: 'message.flags', account: 'a', mailbox: 1, how: 'remove', uids: [300, 399], flags, keywords: [] },
	])
	assert.deepEqual(
		[since(25), emails(40)],
		[
			[300, 399],
			[
				[2, 41],
				[3, 41],
			],
		],
	)
	assert.deepEqual(reader.emails.byTime('a', 1).length, 3)
	await close()
	rmSync(dir, { recursive: true })
})

test('flags as logs of the release before tell them', async () => {
	const account = newId()
	const { box } = await filled(account, ['one', 'two', 'three'])
	const op = {
		do: 'message.flags',
		account,
		mailbox: box.id,
		modseq: box.modseq + 1,
		rows: [
			[1, Flag.seen, ['甲']],
			[3, Flag.deleted, []],
			[9, 0, []],
		],
	} as const
	await store.replay([{ node: 'older', seq: 1, account, epoch: 0, stamp: 0, op: op as never }], [])
	assert.deepEqual(
		store.reader.messages(box.key, 1, 9).map(({ uid, flags, keywords }) => [uid, flags, keywords]),
		[
			[1, Flag.seen, ['甲']],
			[2, 0, []],
			[3, Flag.deleted, []],
		],
	)
	assert.deepEqual(
		store.reader.messagesSince(box.key, box.modseq).map(({ uid }) => uid),
		[1, 3],
	)
})

test('flags of many at once: each becomes what it alone would, and what changed since is known', async () => {
	const account = newId()
	const { box } = await filled(
		account,
		Array.from({ length: 700 }, (_, i) => `many ${i}`),
	)
	const { key: mailbox } = box
	const flags = (uids: number[], how: 'add' | 'remove' | 'set', bits: number, keywords: string[] = []) =>
		one({ do: 'message.flags', account, mailbox, uids, how, flags: bits, keywords })
	const want = new Map<number, [number, string]>()
	for (let uid = 1; uid <= 700; uid++) want.set(uid, [0, ''])
	const turn = (uids: number[], change: (is: [number, string]) => [number, string]) => {
		for (const uid of uids) if (want.has(uid)) want.set(uid, change(want.get(uid)!))
	}
	const row = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
	const thirds = row(1, 700).filter(uid => uid % 3 === 0)
	await flags(thirds, 'add', Flag.flagged, ['a'])
	turn(thirds, ([bits]) => [bits | Flag.flagged, 'a'])
	await flags([700, 5, 5, 900, 6], 'add', Flag.deleted)
	turn([700, 5, 6], ([bits, words]) => [bits | Flag.deleted, words])
	const state = () => store.reader.mailboxByKey(mailbox)!.modseq
	const before = state()
	const result = await flags(row(250, 520).toReversed(), 'add', Flag.seen | Flag.flagged)
	turn(row(250, 520), ([bits, words]) => [bits | Flag.seen | Flag.flagged, words])
	assert.ok(result.ok)
	assert.deepEqual(result.uids, row(250, 520))
	assert.equal(result.was!.length, result.uids!.length)
	assert.deepEqual(
		store.reader.messagesSince(mailbox, before).map(({ uid }) => uid),
		row(250, 520),
	)
	assert.equal(store.reader.firstUnseen(store.reader.mailboxByKey(mailbox)!), 1)
	await flags(row(1, 600), 'add', Flag.seen)
	turn(row(1, 600), ([bits, words]) => [bits | Flag.seen, words])
	assert.equal(store.reader.firstUnseen(store.reader.mailboxByKey(mailbox)!), 601)
	const last = state()
	await flags([256], 'remove', Flag.seen)
	turn([256], ([bits, words]) => [bits & ~Flag.seen, words])
	assert.deepEqual(
		[
			store.reader.messagesSince(mailbox, last).map(({ uid }) => uid),
			store.reader.firstUnseen(store.reader.mailboxByKey(mailbox)!),
		],
		[[256], 256],
	)
	for (const { uid, flags: bits, keywords } of store.reader.messages(mailbox, 1, 700))
		assert.deepEqual([uid, bits, keywords.join()], [uid, ...want.get(uid)!])
	assert.equal(
		store.reader.mailboxByKey(mailbox)!.unseen,
		[...want.values()].filter(([bits]) => !(bits & 1)).length,
	)
	// Nothing that is so already changes.
	const again = await flags([256, 257], 'remove', Flag.seen)
	assert.deepEqual(again.ok && again.uids, [257])
})

test('what was queued with `once` is not queued again, also when it has left', async () => {
	const add = () =>
		one({
			do: 'queue.add',
			item: {
				id: newId(),
				reversePath: '',
				envelopeId: null,
				ret: null,
				smtputf8: false,
				body: store.stageSmall(letter('report')),
				arrived: 5,
				expires: 6,
				source: 'report',
				recipients: [
					{
						address: 'c@example.org',
						route: 'mx:once.test',
						originalRecipient: null,
						notify: 'NEVER',
						warn: 7,
					},
				],
				once: 'hand-over delivered c',
				release: 9,
			},
		})
	await add()
	const [item] = store.reader.queue.items({ route: 'mx:once.test' })
	assert.equal(item!.due, 9)
	assert.deepEqual(
		[store.reader.queue.toWarn(6, 9).length, store.reader.queue.toWarn(7, 9).map(({ key }) => key)],
		[0, [item!.key]],
	)
	await one({ do: 'queue.result', results: [{ key: item!.key, is: 'warned', warn: null }] })
	assert.deepEqual(store.reader.queue.toWarn(7, 9), [])
	await one({ do: 'queue.result', results: [{ key: item!.key, is: 'done' }] })
	const again = await add()
	assert.ok(again.ok && again.duplicate)
	assert.deepEqual(store.reader.queue.items({ route: 'mx:once.test' }), [])
})

test('a queue row goes with its result, the message with its last row', async () => {
	const recipients = ['bob@test.com', 'carol@test.com'].map(address => ({
		address,
		route: 'node:b',
		originalRecipient: null,
		notify: null,
	}))
	const item = {
		id: newId(),
		reversePath: 'alice@test.com',
		envelopeId: null,
		ret: null,
		smtputf8: false,
		body: store.stageSmall(letter('queued')),
		arrived: 5,
		expires: 10,
		source: 'test',
		recipients,
	}
	await one({ do: 'queue.add', item })
	const [first, second] = store.reader.queue.due('node:b', 5, 10)
	assert.deepEqual([first!.recipient, second!.recipient], ['bob@test.com', 'carol@test.com'])
	await one({
		do: 'queue.result',
		results: [
			{ key: first!.key, is: 'done' },
			{ key: second!.key, is: 'later', due: 99, reply: '451 later' },
		],
	})
	assert.deepEqual(store.reader.queue.due('node:b', 98, 10), [])
	const [left] = store.reader.queue.due('node:b', 99, 10)
	assert.equal(left!.lastReply, '451 later')
	await one({ do: 'queue.result', results: [{ key: left!.key, is: 'done' }] })
	assert.throws(() => store.reader.body(left!.blob))
})

/* A small model of what mailboxes are, and random Ops against both. */

type ModelMessage = { flags: number; keywords: string[]; text: string }
type ModelBox = { uidNext: number; messages: Map<number, ModelMessage> }
const NAMES = ['INBOX', 'Trash', 'A', 'A/B', '项目']
const TEXTS = ['one', 'two', '三']

type Act =
	| { do: 'create'; name: string }
	| { do: 'delete'; name: string }
	| { do: 'rename'; name: string; to: string }
	| { do: 'add'; name: string; text: string; flags: number }
	| {
			do: 'flags'
			name: string
			uids: number[]
			how: 'add' | 'remove' | 'set'
			flags: number
			keywords: string[]
	  }
	| { do: 'copy' | 'move'; name: string; uids: number[]; to: string }
	| { do: 'expunge'; name: string; uids: number[]; all: boolean }

const name = fc.constantFrom(...NAMES)
const uids = fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 })
const flags = fc.integer({ min: 0, max: 31 })
const act: fc.Arbitrary<Act> = fc.oneof(
	fc.record({ do: fc.constant('create' as const), name }),
	fc.record({ do: fc.constant('delete' as const), name }),
	fc.record({
		do: fc.constant('rename' as const),
		name: fc.constantFrom('A', 'A/B', '项目'),
		to: fc.constantFrom('C', 'A', 'D/E'),
	}),
	fc.record({ do: fc.constant('add' as const), name, text: fc.constantFrom(...TEXTS), flags }),
	fc.record({ do: fc.constant('add' as const), name, text: fc.constantFrom(...TEXTS), flags }),
	fc.record({
		do: fc.constant('flags' as const),
		name,
		uids,
		how: fc.constantFrom('add' as const, 'remove' as const, 'set' as const),
		flags,
		keywords: fc.subarray(['$work', '$later']),
	}),
	fc.record({ do: fc.constantFrom('copy' as const, 'move' as const), name, uids, to: name }),
	fc.record({ do: fc.constant('expunge' as const), name, uids, all: fc.boolean() }),
)

function model(acts: Act[]): Map<string, ModelBox> {
	const boxes = new Map<string, ModelBox>()
	const make = (name: string) => boxes.set(name, { uidNext: 1, messages: new Map() })
	for (const standard of ['INBOX', 'Drafts', 'Sent', 'Junk', 'Trash', 'Archive']) make(standard)
	const superiors = (name: string) => name.split('/').map((_, i, levels) => levels.slice(0, i + 1).join('/'))
	const put = (box: ModelBox, message: ModelMessage) => box.messages.set(box.uidNext++, message)
	for (const act of acts) {
		const box = boxes.get(act.name)
		if (act.do === 'create' && !box) for (const level of superiors(act.name)) boxes.has(level) || make(level)
		if (act.do === 'rename') {
			const moving = [...boxes.keys()].filter(one => one === act.name || one.startsWith(`${act.name}/`))
			const target = (one: string) => act.to + one.slice(act.name.length)
			if (
				moving.length === 0 ||
				act.to.startsWith(`${act.name}/`) ||
				moving.some(one => boxes.has(target(one)))
			)
				continue
			for (const level of superiors(act.to).slice(0, -1)) boxes.has(level) || make(level)
			for (const one of moving) {
				boxes.set(target(one), boxes.get(one)!)
				boxes.delete(one)
			}
		}
		if (!box) continue
		if (act.do === 'delete' && act.name !== 'INBOX') boxes.delete(act.name)
		if (act.do === 'add') put(box, { flags: act.flags, keywords: [], text: act.text })
		if (act.do === 'flags') {
			for (const uid of act.uids) {
				const message = box.messages.get(uid)
				if (!message) continue
				const words = new Set(act.how === 'set' ? [] : message.keywords)
				for (const word of act.keywords) act.how === 'remove' ? words.delete(word) : words.add(word)
				const flags =
					act.how === 'set'
						? act.flags
						: act.how === 'add'
							? message.flags | act.flags
							: message.flags & ~act.flags
				box.messages.set(uid, { ...message, flags, keywords: [...words] })
			}
		}
		if (act.do === 'copy' || act.do === 'move') {
			const to = boxes.get(act.to)
			if (!to) continue
			const taken = act.uids.filter(uid => box.messages.has(uid))
			for (const uid of taken) put(to, box.messages.get(uid)!)
			if (act.do === 'move') for (const uid of taken) box.messages.delete(uid)
		}
		if (act.do === 'expunge') {
			for (const uid of act.all ? [...box.messages.keys()] : act.uids) {
				if ((box.messages.get(uid)?.flags ?? 0) & Flag.deleted) box.messages.delete(uid)
			}
		}
	}
	return boxes
}

async function perform(account: string, act: Act): Promise<void> {
	const mailbox = store.reader.mailbox(account, act.name)?.key
	if (act.do === 'create') await one({ do: 'mailbox.create', account, name: act.name })
	else if (act.do === 'delete') await one({ do: 'mailbox.delete', account, name: act.name })
	else if (act.do === 'rename') await one({ do: 'mailbox.rename', account, name: act.name, to: act.to })
	else if (act.do === 'add')
		await one(add(account, act.name, store.stageSmall(letter(act.text)), { flags: act.flags }))
	else if (mailbox === undefined) return
	else if (act.do === 'flags') {
		const { uids, how, flags, keywords } = act
		await one({ do: 'message.flags', account, mailbox, uids, how, flags, keywords })
	} else if (act.do === 'expunge') {
		await one({ do: 'message.expunge', account, mailbox, ...(act.all ? {} : { uids: act.uids }) })
	} else if (act.do === 'copy' || act.do === 'move') {
		await one({ do: `message.${act.do}`, account, mailbox, uids: act.uids, to: act.to })
	}
}

test('entries of METADATA go along with their mailbox and away with it', async () => {
	const account = newId()
	const set = (mailbox: string, ...entries: [string, string | null][]): Op => ({
		do: 'metadata.set',
		account,
		mailbox,
		entries,
	})
	assert.deepEqual(await one(set('', ['/private/comment', 'x'])), { ok: false, error: 'nonexistent' })
	await one({ do: 'account.create', account })
	await one({ do: 'mailbox.create', account, name: 'work' })
	const changed: unknown[] = []
	const stop = store.changes.on(change => {
		if (change.metadata) changed.push(...change.metadata)
	})
	await one(set('', ['/private/comment', 'own']))
	await one(set('work', ['/shared/a', '1'], ['/shared/b', '2']))
	await one(set('work', ['/shared/a', null], ['/shared/b', '3']))
	stop()
	const { id } = store.reader.mailbox(account, 'work')!
	assert.deepEqual(changed, [
		['', '/private/comment'],
		...['a', 'b', 'a', 'b'].map(name => [id, `/shared/${name}`]),
	])
	assert.deepEqual(await one(set('nowhere', ['/shared/a', '1'])), { ok: false, error: 'nonexistent' })
	await one({ do: 'mailbox.rename', account, name: 'work', to: 'job' })
	assert.deepEqual(store.reader.metadata(account, id), [['/shared/b', '3']])
	assert.deepEqual(store.reader.metadata(account, ''), [['/private/comment', 'own']])
	await one({ do: 'mailbox.delete', account, name: 'job' })
	assert.deepEqual(store.reader.metadata(account, id), [])
	assert.deepEqual(store.reader.metadata(account, ''), [['/private/comment', 'own']])
	const other = newId()
	await one({ do: 'account.create', account: other })
	await one({ do: 'metadata.set', account: other, mailbox: 'INBOX', entries: [['/shared/a', '1']] })
	const inbox = store.reader.mailbox(other, 'INBOX')!
	await one({ do: 'account.remove', account: other })
	assert.deepEqual(store.reader.metadata(other, inbox.id), [])
})

test('a message that replaces another comes and the other goes, or neither', async () => {
	const account = newId()
	await one({ do: 'account.create', account })
	const { key } = store.reader.mailbox(account, 'Drafts')!
	await one(add(account, 'Drafts', store.stageSmall(letter('old'))))
	const replaces = { account, mailbox: key, uid: 1 }
	const fresh = add(account, 'Drafts', store.stageSmall(letter('new')), { replaces })
	assert.deepEqual(await one(add(account, 'nowhere', store.stageSmall(letter('new')), { replaces })), {
		ok: false,
		error: 'nonexistent',
	})
	assert.deepEqual(
		store.reader.messages(key, 1, 9).map(({ uid }) => uid),
		[1],
	)
	assert.equal((await one(fresh)).ok, true)
	assert.deepEqual(
		store.reader.messages(key, 1, 9).map(({ uid }) => uid),
		[2],
	)
	assert.deepEqual(await one(fresh), { ok: false, error: 'nonexistent' })
	assert.deepEqual(
		store.reader.messages(key, 1, 9).map(({ uid }) => uid),
		[2],
	)
	assert.equal(store.reader.deletedSize(key), 0)
	await one({
		do: 'message.flags',
		account,
		mailbox: key,
		uids: [2],
		how: 'add',
		flags: Flag.deleted,
		keywords: [],
	})
	assert.equal(store.reader.deletedSize(key), letter('new').length)
})

/** What is remembered of the uids, and what an index says of flags, is what the messages themselves say. */
function sameUids(account: string): void {
	const { reader } = store
	for (const box of reader.mailboxes(account)) {
		const rows = reader.messages(box.key, 1, 2 ** 32)
		const uids = rows.map(({ uid }) => uid)
		assert.deepEqual([...reader.uidRuns(box).between(0, box.messages)], uids)
		assert.deepEqual(reader.uids(box.key), uids)
		const narrow = rows.map(({ uid, modseq, flags, keywords }) => ({ uid, modseq, flags, keywords }))
		assert.deepEqual(reader.flags(box.key, 1, 2 ** 32), narrow)
		const few = narrow.map(row => ({ ...row, modseq: 0 }))
		assert.deepEqual(reader.flags(box.key, 1, 2 ** 32, true), few)
		for (const mask of [Flag.seen, Flag.seen | Flag.flagged, Flag.deleted])
			for (const wanted of [0, mask]) {
				const having = rows.filter(({ flags }) => (flags & mask) === wanted).map(({ uid }) => uid)
				assert.deepEqual(reader.uidsFlagged(box.key, mask, wanted), having)
			}
		assert.equal(reader.firstUnseen(box), rows.find(({ flags }) => !(flags & Flag.seen))?.uid ?? null)
	}
}

test('random Ops do to the store what they do to a small model; counts and modseqs agree', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async acts => {
			const account = newId()
			await one({ do: 'account.create', account })
			for (const act of acts) {
				await perform(account, act)
				sameUids(account)
			}
			const expected = [...model(acts)].map(([name, box]) => ({
				name,
				uidNext: box.uidNext,
				content: [...box.messages].map(([uid, { flags, keywords, text }]) => ({
					uid,
					flags,
					keywords,
					text: letter(text).toString(),
				})),
			}))
			const found = picture(store, account)
			const plain = found.map(({ name, uidNext, content }) => ({
				name,
				uidNext,
				content: content.map(({ uid, flags, keywords, text }) => ({ uid, flags, keywords, text })),
			}))
			const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
			const sorted = (list: typeof plain) =>
				list
					.map(box => ({
						...box,
						content: box.content.map(one => ({ ...one, keywords: [...one.keywords].sort() })),
					}))
					.sort(byName)
			assert.deepEqual(sorted(plain), sorted(expected))
			for (const box of found) {
				assert.equal(box.messages, box.content.length)
				assert.equal(box.unseen, box.content.filter(message => !(message.flags & Flag.seen)).length)
				assert.equal(box.deleted, box.content.filter(message => message.flags & Flag.deleted).length)
				assert.equal(
					box.size,
					box.content.reduce((sum, message) => sum + message.size, 0),
				)
				assert.ok(box.content.every(message => message.modseq <= box.modseq))
				assert.ok(
					box.gone.every(uid => uid < box.uidNext && !box.content.some(message => message.uid === uid)),
				)
			}
		}),
		{ numRuns: 60 },
	)
})

test('replaying the log, any prefix of it twice, gives the same store elsewhere', async () => {
	const copy = await openStore({ dir: join(folder, 'b'), node: 'node-b' })
	try {
		const rows: LogRow[] = store.reader.log(0, 100_000)
		assert.ok(rows.length > 100)
		const staged = TEXTS.map(text => store.stageSmall(letter(text)))
		const have = new Set(staged.map(body => body.hash))
		const others = new Set(
			rows
				.filter(row => row.op.do === 'message.add' && !have.has(row.op.hash as string))
				.map(row => row.account),
		)
		const model = rows.filter(row => !others.has(row.account))
		const accounts = new Set(model.map(row => row.account))
		for (let from = 0; from < model.length; ) {
			const to = Math.min(model.length, from + 1 + Math.floor(Math.random() * 300))
			await copy.replay(model.slice(from, to), staged)
			await copy.replay(model.slice(0, to), staged) // all of it again
			from = to
		}
		assert.ok(accounts.size > 20)
		for (const account of accounts) assert.deepEqual(picture(copy, account), picture(store, account))
	} finally {
		await copy.close()
	}
})
