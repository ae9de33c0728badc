import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Op, openStore, type SearchField, type Store } from '../index.ts'
import { bodyText, envelopeText, fold, headerText, partsText } from './text.ts'

const dirs: string[] = []
process.once('exit', () => {
	for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

function folder(): string {
	const dir = mkdtempSync(join(tmpdir(), 'panpipe-search-'))
	dirs.push(dir)
	return dir
}

const open = (dir: string, indexFrom = 1) => openStore({ dir, node: 'here', indexFrom })

function letter(subject: string, body: string): Buffer {
	const head = `From: 张伟 <zhang@example.com>\r\nTo: bob@test.com\r\nSubject: ${subject}\r\n`
	return Buffer.from(`${head}Content-Type: text/plain; charset=utf-8\r\n\r\n${body}\r\n`)
}

/** The same with a file of that name. */
function withFile(subject: string, body: string, file: string): Buffer {
	const head = `From: 张伟 <zhang@example.com>\r\nTo: bob@test.com\r\nSubject: ${subject}\r\n`
	const part = `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(file)}\r\n\r\nx`
	return Buffer.from(
		`${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${body}\r\n--b\r\nContent-Type: application/pdf\r\n${part}\r\n--b--\r\n`,
	)
}

async function add(store: Store, bodies: Buffer[], mailbox = 'INBOX'): Promise<number> {
	const ops = bodies.map(
		(body): Op => ({
			do: 'message.add',
			account: 'alice',
			mailbox,
			create: true,
			body: store.stageSmall(body),
			flags: 0,
			keywords: [],
			internalDate: 0,
		}),
	)
	const results = await store.write(ops)
	assert.ok(results.every(result => result.ok))
	return store.reader.mailbox('alice', mailbox)!.key
}

async function expunge(store: Store, mailbox: number, uids: number[]): Promise<void> {
	const [result] = await store.write([{ do: 'message.expunge', account: 'alice', mailbox, uids, any: true }])
	assert.ok(result!.ok)
}

/** By looking through all messages. */
function scanned(store: Store, mailbox: number, field: SearchField, text: string): number[] {
	const wanted = fold(text)
	return store.reader
		.messages(mailbox, 1, 2 ** 32)
		.filter(({ blob }) => {
			const { envelope, structure } = store.reader.head(blob)
			const body = store.reader.body(blob)
			const header = headerText(body.subarray(0, structure.body))
			if (field === 'text')
				return [header, partsText(structure), bodyText(body, structure)].some(text => text.includes(wanted))
			if (field === 'body') return bodyText(body, structure).includes(wanted)
			return field === 'header' ? header.includes(wanted) : envelopeText(envelope, field).includes(wanted)
		})
		.map(({ uid }) => uid)
}

/** The same with what the index knows, which must know everything. */
async function assisted(store: Store, mailbox: number, field: SearchField, text: string): Promise<number[]> {
	const found = await store.reader.searchText(mailbox, field, text)
	const all = scanned(store, mailbox, field, text)
	if (!found) return all
	assert.deepEqual(store.reader.messages(mailbox, found.below, 2 ** 32), [])
	return store.reader.uids(mailbox).filter(uid => {
		const has = found.uids.get(uid)
		return has === false ? all.includes(uid) : has
	})
}

const piece = fc.constantFrom(
	...[
		'alpha',
		'beta',
		'Straße',
		'été',
		'a',
		'B',
		'x1',
		'会议',
		'议程',
		'中',
		'文',
		'サーバー',
		'がｶﾞ',
		'안녕',
	],
	...[' ', ' ', '-', ', ', '。', '@', '\r\n', '\t', 'ab'.repeat(40)],
)
const words = (most: number) => fc.array(piece, { minLength: 1, maxLength: most }).map(all => all.join(''))
const field = fc.constantFrom<SearchField>(
	'text',
	'body',
	'header',
	'subject',
	'from',
	'to',
	'cc',
	'messageId',
)

test('a search helped by the index finds what looking through all messages finds, also after expunges', async () => {
	const store = await open(folder())
	let run = 0
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.tuple(words(3), words(20), fc.boolean(), fc.option(words(4))), {
				minLength: 1,
				maxLength: 12,
			}),
			fc.array(fc.tuple(field, words(3)), { minLength: 1, maxLength: 10 }),
			async (letters, asked) => {
				const name = `box ${++run}`
				const bodies = letters.map(([subject, body, , file]) => {
					const line = subject.replace(/[\r\n]/g, ' ')
					return file === null ? letter(line, body) : withFile(line, body, file)
				})
				const mailbox = await add(store, bodies.slice(0, 6), name)
				await store.indexed()
				if (bodies.length > 6) await add(store, bodies.slice(6), name)
				await expunge(
					store,
					mailbox,
					letters.flatMap(([, , goes], at) => (goes ? at + 1 : [])),
				)
				await store.indexed()
				for (const [where, text] of asked) {
					assert.deepEqual(
						await assisted(store, mailbox, where, text),
						scanned(store, mailbox, where, text),
						`${where} ${JSON.stringify(text)}`,
					)
				}
			},
		),
		{ numRuns: 60, interruptAfterTimeLimit: 60_000 },
	)
	await store.close()
})

test('messages that are not indexed yet are told apart, and a store opened again goes on where it was', async () => {
	const dir = folder()
	let store = await open(dir, 3)
	const mailbox = await add(
		store,
		[1, 2, 3].map(i => letter('first', `apple ${i}`)),
	)
	await store.indexed()
	await add(store, [letter('second', 'apple 4')])
	await store.indexed()
	const found = await store.reader.searchText(mailbox, 'body', 'apple')
	assert.deepEqual(found, { below: 4, uids: new Map([1, 2, 3].map(uid => [uid, true])) })
	await store.close()

	store = await open(dir, 1)
	await store.indexed()
	const again = await store.reader.searchText(mailbox, 'body', 'apple')
	assert.deepEqual([again!.below, [...again!.uids.keys()]], [5, [1, 2, 3, 4]])
	await store.close()
})

test('an index that was deleted, damaged, or belongs to other mail is made anew', async () => {
	const dir = folder()
	const path = join(dir, 'search.sqlite')
	let store = await open(dir)
	const mailbox = await add(
		store,
		Array.from({ length: 200 }, (_, i) => {
			const body = `pear ${i} ${'many words '.repeat(i % 7)}`
			return i % 50 ? letter(`number ${i}`, body) : withFile(`number ${i}`, body, `发票-${i}.pdf`)
		}),
	)
	await store.indexed()
	await store.close()
	const whole = readFileSync(path)
	const spoilt: Record<string, () => void> = {
		deleted: () => rmSync(path),
		empty: () => writeFileSync(path, ''),
		'no database': () => writeFileSync(path, 'this is something else, and longer than a header '.repeat(100)),
		'cut off': () => writeFileSync(path, whole.subarray(0, whole.length >> 1)),
		'its words changed': () =>
			writeFileSync(path, replaced(whole, Buffer.from('\nPEAR\n'), Buffer.from('\nPEER\n'))),
		'its pages overwritten': () =>
			writeFileSync(path, Buffer.from(whole).fill(0x5a, 5000, whole.length - 5000)),
		'ahead of the mail': () => {
			writeFileSync(path, whole)
			const db = new DatabaseSync(path)
			db.exec('UPDATE cursor SET next = next + 1000')
			db.close()
		},
		'of a version that knew nothing of parts': () => {
			writeFileSync(path, whole)
			const db = new DatabaseSync(path)
			db.exec('DELETE FROM field WHERE field = 7; PRAGMA user_version=2')
			db.close()
		},
		'of a newer version': () => {
			writeFileSync(path, whole)
			const db = new DatabaseSync(path)
			db.exec('PRAGMA user_version=99')
			db.close()
		},
	}
	for (const [how, spoil] of Object.entries(spoilt)) {
		spoil()
		store = await open(dir)
		await store.indexed()
		for (const text of ['pear', 'pear 17', 'number', 'words', '发票-100']) {
			const found = await store.reader.searchText(mailbox, 'text', text)
			// Damage is seen when it is read: then nothing is known, until it is made anew.
			if (found)
				assert.deepEqual(
					await assisted(store, mailbox, 'text', text),
					scanned(store, mailbox, 'text', text),
					how,
				)
			await store.indexed()
		}
		const found = await store.reader.searchText(mailbox, 'text', 'pear')
		assert.equal(found?.uids.size, 200, how)
		await store.close()
	}
})

test('what was expunged or deleted leaves the index', async () => {
	const dir = folder()
	const store = await open(dir)
	const mailbox = await add(store, [letter('a', 'secretone'), letter('b', 'secrettwo'), letter('c', 'other')])
	const second = await add(store, [letter('d', 'secretthree')], 'Second')
	await store.indexed()
	assert.ok(wordsIn(dir).includes('SECRETONE') && wordsIn(dir).includes('SECRETTHREE'))
	await expunge(store, mailbox, [1])
	await store.write([{ do: 'mailbox.delete', account: 'alice', name: 'Second' }])
	await store.indexed()
	assert.ok(!wordsIn(dir).includes('SECRETONE') && !wordsIn(dir).includes('SECRETTHREE'))
	assert.ok(wordsIn(dir).includes('SECRETTWO'))
	assert.deepEqual(await store.reader.searchText(second, 'body', 'secretthree'), {
		below: 1,
		uids: new Map(),
	})
	await store.write([{ do: 'account.remove', account: 'alice' }])
	await store.indexed()
	assert.equal(wordsIn(dir), '')
	await store.close()
})

test('a message whose octets cannot be read keeps nobody from being found', async () => {
	const dir = folder()
	let store = await open(dir, 1000)
	const mailbox = await add(store, [letter('a', 'plum'), letter('b', 'plum'), letter('c', 'fig')])
	await store.close()
	const db = new DatabaseSync(join(dir, 'mail.sqlite'))
	db.exec("UPDATE body SET data = x'00' WHERE blob = (SELECT blob FROM message WHERE uid = 2)")
	db.close()
	store = await open(dir)
	await store.indexed()
	const found = await store.reader.searchText(mailbox, 'body', 'plum')
	assert.deepEqual(found, {
		below: 4,
		uids: new Map([
			[1, true],
			[2, false],
		]),
	})
	await store.close()
})

test('searching works before the index is open and after it was lost', async () => {
	const dir = folder()
	const store = await open(dir)
	const mailbox = await add(store, [letter('a', 'cherry')])
	await assisted(store, mailbox, 'body', 'cherry').catch(() => {}) // whatever is known at this moment
	await store.indexed()
	assert.ok(existsSync(join(dir, 'search.sqlite')))
	assert.deepEqual(await assisted(store, mailbox, 'body', 'cherry'), [1])
	await store.close()
})

function wordsIn(dir: string): string {
	const db = new DatabaseSync(join(dir, 'search.sqlite'), { readOnly: true })
	const rows = db.prepare('SELECT words FROM field').all()
	db.close()
	return rows.map(row => Buffer.from(row.words as Uint8Array).toString()).join('')
}

function replaced(all: Buffer, old: Buffer, by: Buffer): Buffer {
	const copy = Buffer.from(all)
	const at = copy.indexOf(old)
	assert.ok(at > 0)
	by.copy(copy, at)
	return copy
}
