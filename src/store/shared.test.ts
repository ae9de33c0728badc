import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { newId } from '../kit/index.ts'
import { ANYONE, Flag, type Op, openStore, type Store } from './index.ts'

let folder: string
let store: Store

before(async () => {
	folder = await mkdtemp(join(tmpdir(), 'panpipe-shared-'))
	store = await openStore({ dir: join(folder, 'a'), node: 'node-a' })
})

after(async () => {
	await store.close()
	await rm(folder, { recursive: true })
})

async function one(op: Op) {
	const [result] = await store.write([op])
	return result!
}

const letter = (text: string) => Buffer.from(`Subject: ${text}\r\n\r\n${text}\r\n`)

function add(account: string, mailbox: string, text: string, more: Partial<Op> = {}): Op {
	const body = store.stageSmall(letter(text))
	const op = { do: 'message.add', account, mailbox, body, flags: 0, keywords: [], internalDate: 1 } as const
	return { ...op, ...more } as Op
}

async function people(): Promise<[alice: string, bob: string]> {
	const both: [string, string] = [newId(), newId()]
	for (const account of both) await one({ do: 'account.create', account })
	return both
}

const flagsIn = (at: Store, key: number, as?: string) =>
	(as ? at.reader.seenBy(as) : at.reader)
		.messages(key, 1, 99)
		.map(({ flags, keywords }) => [flags, ...keywords])

test('what another has seen is kept apart, comes along and goes away', async () => {
	const [alice, bob] = await people()
	await one(add(alice, 'INBOX', 'one', { flags: Flag.seen } as Partial<Op>))
	await one(add(alice, 'INBOX', 'two'))
	const { key } = store.reader.mailbox(alice, 'INBOX')!
	const change = { do: 'message.flags' as const, account: alice, mailbox: key, keywords: [] }
	const seen: Op = { ...change, uids: [2], how: 'add', flags: Flag.seen, by: bob }
	const done = await one(seen)
	assert.deepEqual(done.ok && done.uids, [2])
	assert.deepEqual(flagsIn(store, key), [[Flag.seen], [0]])
	assert.deepEqual(flagsIn(store, key, bob), [[0], [Flag.seen]])
	assert.equal(store.reader.mailbox(alice, 'INBOX')!.unseen, 1)
	assert.equal(store.reader.seenBy(bob).countUnseen(key), 1)
	assert.equal(store.reader.seenBy(bob).firstUnseen(store.reader.mailboxByKey(key)!), 1)
	// A second time it changes nothing.
	const again = await one(seen)
	assert.deepEqual(again.ok && again.uids, [])
	// Only what may be changed is.
	const only = { flags: Flag.deleted, keywords: false }
	await one({ ...change, uids: [1], how: 'set', flags: 31, keywords: ['$Junk'], by: bob, only })
	assert.deepEqual(flagsIn(store, key), [[Flag.seen | Flag.deleted], [0]])
	// A copy within the account: everybody has seen of it what they had seen.
	await one({ do: 'message.copy', account: alice, mailbox: key, uids: [1, 2], to: 'Archive', by: bob, only })
	const archive = store.reader.mailbox(alice, 'Archive')!
	assert.deepEqual(flagsIn(store, archive.key), [[Flag.seen | Flag.deleted], [0]])
	assert.deepEqual(flagsIn(store, archive.key, bob), [[Flag.deleted], [Flag.seen]])
	// To another account.
	const across = { account: alice, mailbox: key, uids: [1, 2], to: 'INBOX', toAccount: bob, by: bob }
	const moved = await one({ do: 'message.move', ...across })
	assert.deepEqual(moved.ok && [moved.uids, moved.newUids], [
		[1, 2],
		[1, 2],
	])
	assert.deepEqual(flagsIn(store, store.reader.mailbox(bob, 'INBOX')!.key), [[Flag.deleted], [Flag.seen]])
	assert.deepEqual(flagsIn(store, key, bob), [])
	assert.equal(store.reader.seenBy(bob).countUnseen(key), 0)
	assert.deepEqual(store.reader.expungedSince(key, 0), [1, 2])
})

test('rights go along with their mailbox, into those below it, and away', async () => {
	const [alice, bob] = await people()
	await one({ do: 'mailbox.create', account: alice, name: 'team' })
	const share = { do: 'mailbox.rights', account: alice, name: 'team' } as const
	await one({ ...share, identifier: bob, rights: 'lr' })
	await one({ ...share, identifier: ANYONE, rights: 'l' })
	await one({ do: 'mailbox.create', account: alice, name: 'team/below' })
	await one({ do: 'mailbox.rename', account: alice, name: 'team', to: 'crew' })
	const names = () => store.reader.sharedWith(bob, [bob, ANYONE]).map(({ name }) => name)
	assert.deepEqual(names(), ['crew', 'crew/below'])
	const { id } = store.reader.mailbox(alice, 'crew/below')!
	assert.deepEqual(
		store.reader.rights(id).sort(),
		[
			[ANYONE, 'l'],
			[bob, 'lr'],
		].sort(),
	)
	await one({ do: 'account.remove', account: bob })
	assert.deepEqual(store.reader.rights(id), [[ANYONE, 'l']])
	await one({ do: 'mailbox.rights', account: alice, name: 'crew', identifier: ANYONE, rights: '' })
	assert.deepEqual(names(), ['crew/below'])
	await one({ do: 'mailbox.delete', account: alice, name: 'crew/below' })
	assert.deepEqual(names(), [])
	assert.deepEqual(store.reader.rights(id), [])
})

test('what does not fit into an account is refused by the writer', async () => {
	const [alice, bob] = await people()
	const { length } = letter('one')
	const within = { octets: 2 * length, messages: null }
	const adding = add(alice, 'Drafts', 'one', { within } as Partial<Op>)
	const results = await store.write([adding, adding, adding])
	assert.deepEqual(
		results.map(result => (result.ok ? 'ok' : result.error)),
		['ok', 'ok', 'overquota'],
	)
	const { key } = store.reader.mailbox(alice, 'Drafts')!
	const from = { account: alice, mailbox: key, uids: [1] }
	assert.deepEqual(await one({ do: 'message.copy', ...from, to: 'Sent', within }), {
		ok: false,
		error: 'overquota',
	})
	// What moves takes no more room, and what replaces another only the difference.
	assert.equal((await one({ do: 'message.move', ...from, to: 'Sent', within })).ok, true)
	const replaces = { account: alice, mailbox: key, uid: 2 }
	assert.equal((await one(add(alice, 'Drafts', 'two', { within, replaces } as Partial<Op>))).ok, true)
	const full = { octets: null, messages: 0 }
	const across = {
		account: alice,
		mailbox: key,
		uids: [3],
		to: 'INBOX',
		toAccount: bob,
		within: full,
	}
	assert.deepEqual(await one({ do: 'message.move', ...across }), { ok: false, error: 'overquota' })
})

test('the log tells other nodes whom mailboxes are shared with and who has seen what', async () => {
	const copy = await openStore({ dir: join(folder, 'b'), node: 'node-b' })
	try {
		const staged = ['one', 'two'].map(text => store.stageSmall(letter(text)))
		await copy.replay(store.reader.log(0, 10_000), staged)
		const log = store.reader.log(0, 10_000)
		const accounts = [...new Set(log.map(({ account }) => account))]
		assert.ok(accounts.length > 4)
		for (const account of accounts) {
			const boxes = store.reader.mailboxes(account)
			assert.deepEqual(
				copy.reader
					.mailboxes(account)
					.map(({ id, name, modseq, unseen, messages }) => [id, name, modseq, unseen, messages]),
				boxes.map(({ id, name, modseq, unseen, messages }) => [id, name, modseq, unseen, messages]),
			)
			for (const { id, name } of boxes) {
				assert.deepEqual(copy.reader.rights(id), store.reader.rights(id))
				const [there, here] = [copy.reader.mailbox(account, name)!, store.reader.mailbox(account, name)!]
				for (const other of accounts)
					assert.deepEqual(flagsIn(copy, there.key, other), flagsIn(store, here.key, other))
			}
		}
	} finally {
		await copy.close()
	}
})
